//! Killing the loader's process again and again while it writes the lake, also between the
//! commit of the catalogue and that of Postgres.

use std::process::Stdio;
use std::time::Duration;

use sqlx::Executor as _;

use super::totals::{Totals, change_lines};
use crate::support::draw::Draw;
use crate::support::sample::{self, ALL};
use crate::support::seaweed::RestLake;
use crate::support::write;

/// How long a commit to the catalogue may be waited for.
const LIMIT: Duration = Duration::from_secs(120);
const KILLS: usize = 36;
/// One of so many kills is between the two commits.
const BETWEEN: usize = 3;
/// Kills that must hit an attempt under way for the test to be meaningful.
const MEANT: i64 = 15;

#[tokio::test]
async fn kills_at_any_moment_lose_and_double_nothing() {
    let for_what = "a writer of a REST catalogue that is killed";
    let Some(lake) = RestLake::start(for_what).await else { return };
    let app = &lake.app;
    let source = tempfile::tempdir().expect("a folder");
    for key in ALL {
        let path = source.path().join(key);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, sample::clean().file(key)).expect("a file");
    }
    let load = || {
        let mut command = lake.command(source.path());
        command.arg("load");
        command
    };
    let first = load().output().await.expect("it runs");
    assert_eq!(first.status.code(), Some(0), "{}", String::from_utf8_lossy(&first.stderr));
    let mut reader = lake.reader();
    let mut totals = Totals::new();
    totals.note(app).await;
    totals.watch(lake.reader());
    let mut draw = Draw::new(11);
    let mut hit = 0;
    for kill in 0..KILLS {
        let share = 2 + draw.below(9);
        write(&app.pool, &change_lines(share)).await;
        totals.note(app).await;
        let now: String = app.value("SELECT clock_timestamp()::text").await;
        let attempt = format!("EXISTS (SELECT FROM lake_attempt WHERE begun_at > '{now}')");
        let before = reader.ask("current", &["sales".into()]).await;
        let is_between = kill % BETWEEN == 0;
        let mut other = app.pool.begin().await.expect("a transaction");
        let mut loader =
            load().stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        let moved = format!("SELECT {attempt} OR NOT EXISTS (SELECT FROM lake_due)");
        app.wait_until(&moved).await;
        if is_between {
            // Now: it has recorded by then what the one before it has left. The catalogue is told
            // before it waits for this.
            other.execute("LOCK TABLE lake_table IN EXCLUSIVE MODE").await.expect("a lock");
            let told = async {
                while reader.ask("current", &["sales".into()]).await == before {
                    assert!(loader.try_wait().expect("a process").is_none(), "it has ended");
                }
            };
            tokio::time::timeout(LIMIT, told).await.expect("the catalogue is told");
        } else {
            // A random moment to kill at, not a condition to wait for.
            let pause = u64::try_from(draw.below(1_200)).expect("small");
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        loader.kill().await.expect("the loader is killed");
        other.rollback().await.expect("the lock is gone");
        app.wait_until_no_loader().await;
        hit += app.value::<i64>(OPEN).await;
    }
    assert!(hit >= MEANT, "only {hit} of {KILLS} kills hit an attempt under way");
    let last = load().output().await.expect("it runs");
    assert_eq!(last.status.code(), Some(0), "{}", String::from_utf8_lossy(&last.stderr));
    lake.assert_whole(&mut reader).await;
    let (reads, versions) = totals.end().await;
    assert!(reads >= 4 && versions >= 2, "{reads} reads have seen {versions} data versions");
    let summaries = reader.ask("summaries", &[]).await;
    for (table, summary) in summaries.as_object().expect("tables") {
        let versions: Vec<i64> =
            serde_json::from_value(summary["snapshots"].clone()).expect("versions");
        assert!(versions.is_sorted_by(|one, next| one < next), "{table}: {versions:?}");
        let known: Vec<i64> = sqlx::query_scalar(
            "SELECT data_version FROM lake_snapshot WHERE table_id = ( \
                 SELECT id FROM lake_table WHERE name = $1) ORDER BY data_version",
        )
        .bind(table)
        .fetch_all(&app.pool)
        .await
        .expect("versions");
        assert_eq!(known, versions, "{table}: Postgres tells other snapshots");
    }
    let left: i64 = app.value("SELECT count(*) FROM lake_due").await;
    assert_eq!(left, 0);
    let last = load().output().await.expect("it runs");
    assert_eq!(last.status.code(), Some(0), "nothing is left to do");
    assert_eq!(reader.ask("summaries", &[]).await, summaries);
}

const OPEN: &str = "SELECT count(*) FROM lake_attempt WHERE dead_at IS NULL";
