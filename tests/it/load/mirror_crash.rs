//! A loader that is killed in mirror mode, again and again, removes neither too much nor too
//! little.

use std::process::Stdio;
use std::time::Duration;

use salesgraph::embedded::postgres::Crash;
use salesgraph::load::Outcome;
use sqlx::AssertSqlSafe;

use super::outage::{own_postgres, start};
use crate::support::TestApp;
use crate::support::draw::Draw;
use crate::support::mirrored::{customer, person};
use crate::support::sample::{CUSTOMER, PERSON};

const KILLS: usize = 12;
/// Kills that must hit a run for the test to be meaningful.
const MEANT: i64 = 6;

/// Twelve hundred persons, each with a customer; then files that lack some of both.
async fn filled() -> TestApp {
    let app = TestApp::start().await;
    fill(&app).await;
    app
}

async fn fill(app: &TestApp) {
    let put = async |persons: &dyn Fn(i32) -> bool, customers: &dyn Fn(i32) -> bool, day| {
        let ids = || 1..=1_200;
        let persons: Vec<_> =
            ids().filter(|id| persons(*id)).map(|id| person(id, "A", day)).collect();
        let customers: Vec<_> =
            ids().filter(|id| customers(*id)).map(|id| customer(id, Some(id), day)).collect();
        app.put_records(PERSON, &persons).await;
        app.put_records(CUSTOMER, &customers).await;
    };
    put(&|id| id <= 1_000, &|id| id <= 1_000, 1).await;
    app.load_small().await;
    // A person whose customer stays is needed.
    put(&|id| id % 15 != 0, &|id| id % 30 != 0, 2).await;
}

#[tokio::test]
async fn kills_at_any_moment_leave_no_trace_in_a_mirror() {
    let undisturbed = filled().await;
    let summary = undisturbed.mirror("10%").await;
    let (removed, kept) = (summary.totals.removed, summary.totals.kept);
    assert_eq!((removed, kept), (33 + 33, 33), "{summary:?}");

    let app = filled().await;
    let mut draw = Draw::new(5);
    for kill in 0..KILLS {
        let mut loader = app
            .command()
            .args(["load", "--mode", "mirror"])
            .env("LOAD_BATCH_ROWS", "60")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        if kill % 3 == 0 {
            // A random moment to kill at, not a condition to wait for.
            let moment = u64::try_from(draw.below(200)).expect("few");
            tokio::time::sleep(Duration::from_millis(moment)).await;
        } else {
            let reached: i64 = app.value(BATCHES).await;
            let more = draw.between(1, 6);
            app.wait_until(&format!(
                "({BATCHES}) >= {reached} + {more} OR NOT EXISTS (SELECT FROM load_file \
                 WHERE state <> 'loaded') AND (SELECT count(*) FROM load_file) = 4"
            ))
            .await;
        }
        loader.kill().await.expect("the loader is killed");
        app.wait_until_no_loader().await;
    }
    let last = app.run(&["load", "--mode", "mirror"]).await;
    assert!(matches!(last.code, Some(0 | 3)), "{last:?}");
    let abandoned: i64 =
        app.value("SELECT count(*) FROM load_run WHERE error_code = 'ABANDONED'").await;
    assert!(abandoned >= MEANT, "only {abandoned} of {KILLS} kills hit a run under way");
    assert_eq!(app.snapshot().await, undisturbed.snapshot().await);
    let ledger = "SELECT sum(rows_removed)::bigint FROM load_file";
    assert_eq!(app.value::<i64>(ledger).await, removed);
    assert_eq!(app.value::<i64>("SELECT count(*) FROM load_file_key").await, 0);
}

/// Postgres crashes as soon as the rows of a table are seen to be removed, before it would flush
/// its WAL by itself.
#[tokio::test]
async fn a_removal_reported_as_done_stays_done_through_a_crash() {
    let (mut postgres, app) = own_postgres().await;
    fill(&app).await;
    let running = start(app.mirroring("10%").await);
    for dataset in ["customer", "person"] {
        let removed = format!(
            "SELECT state = 'loaded' AND rows_removed > 0 FROM load_file \
             WHERE dataset = '{dataset}' ORDER BY id DESC LIMIT 1"
        );
        app.wait_until(&removed).await;
        postgres.crash(Crash::Immediate).await.expect("Postgres ends");
        postgres.start_again().await.expect("Postgres comes back");
        let stays: bool = sqlx::query_scalar(AssertSqlSafe(removed))
            .fetch_one(&app.pool)
            .await
            .expect("the ledger");
        assert!(stays, "{dataset} is mirrored");
    }
    let summary = running.await.expect("the run ends");
    // Seven customers wait for persons.
    assert_eq!(summary.outcome, Outcome::SucceededWithRejects, "{summary:?}");
    assert_eq!((summary.totals.removed, summary.totals.kept), (33 + 33, 33));
    let ledger = "SELECT sum(rows_removed)::bigint FROM load_file";
    assert_eq!(app.value::<i64>(ledger).await, 33 + 33);
    postgres.stop().await.expect("Postgres stops");
}

const BATCHES: &str = "SELECT coalesce(sum(batches), 0)::bigint FROM load_checkpoint";
