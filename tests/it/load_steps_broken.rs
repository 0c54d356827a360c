//! A step that is broken off leaves nothing half, and is taken up again.

use std::process::Stdio;

use salesgraph::load::{Load, Outcome, RunSummary};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tokio::task::JoinHandle;

use crate::support::TestApp;
use crate::support::forecast::assert_as_worked_out;
use crate::support::ledger::small_batches;
use crate::support::sample::{self, ALL};

/// A step in the middle of its work, waiting to write.
const AT_WORK: &str = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() \
     AND application_name = 'salesgraph load' AND wait_event_type = 'Lock'";

/// Files to load, and a connection that keeps the forecast from being written.
async fn held() -> (TestApp, PgConnection) {
    let app = TestApp::start().await;
    sample::clean().put(&app, &ALL).await;
    let mut holder = PgConnection::connect_with(&app.database()).await.expect("a connection");
    holder.execute("BEGIN; LOCK TABLE demand_forecast_span IN SHARE MODE").await.expect("held");
    (app, holder)
}

fn start(load: Load) -> JoinHandle<RunSummary> {
    tokio::spawn(async move { load.run().await.expect("the run ends") })
}

async fn at_work(app: &TestApp) -> i32 {
    app.wait_until(&format!("EXISTS ({AT_WORK})")).await;
    app.value(AT_WORK).await
}

async fn end_backend(app: &TestApp, how: &str, pid: i32) {
    let sql = AssertSqlSafe(format!("SELECT {how}({pid})"));
    assert!(sqlx::query_scalar::<_, bool>(sql).fetch_one(&app.pool).await.expect(how));
}

/// Nothing of it is there, and it is still to be done.
async fn assert_not_begun(app: &TestApp) {
    for (table, rows) in
        [("demand_forecast_span", false), ("demand_forecast_date", false), ("load_step", false)]
            .into_iter()
            .chain([("derivation_due", true), ("sales_order_line", true)])
    {
        let sql = AssertSqlSafe(format!("SELECT EXISTS (SELECT FROM {table})"));
        let there: bool = sqlx::query_scalar(sql).fetch_one(&app.pool).await.expect(table);
        assert_eq!(there, rows, "{table}");
    }
}

/// A run that finds nothing new does what is left.
async fn assert_taken_up(app: &TestApp) {
    let next = app.load_small().await;
    assert_eq!((next.outcome, next.files.len()), (Outcome::Succeeded, 0), "{next:?}");
    assert_eq!(next.steps.len(), 1, "{next:?}");
    assert!(assert_as_worked_out(&app.pool, "after the next run").await > 1_000);
    assert_eq!(app.load_small().await.steps.len(), 0, "once is enough");
}

#[tokio::test]
async fn a_step_that_fails_fails_the_run_and_keeps_what_was_loaded() {
    let (app, holder) = held().await;
    let running = start(app.loader(small_batches).await);
    let pid = at_work(&app).await;
    let state: String = app.value("SELECT state FROM load_run").await;
    assert_eq!(state, "running", "success is told after the step only");
    end_backend(&app, "pg_cancel_backend", pid).await;

    let summary = running.await.expect("the run ends");
    assert_eq!(summary.outcome, Outcome::Failed);
    assert!(summary.files.iter().all(|file| file.error.is_none()), "{summary:?}");
    let error = summary.error.expect("the run's own");
    assert_eq!(error.code, "TIMEOUT");
    for part in ["demand_forecast could not be brought up to date", "the next run goes on"] {
        assert!(error.message.contains(part), "{}", error.message);
    }
    let told: (String, String) = sqlx::query_as("SELECT state, error_message FROM load_run")
        .fetch_one(&app.pool)
        .await
        .expect("the run");
    assert_eq!(told, ("failed".to_owned(), error.message));
    assert_not_begun(&app).await;
    holder.close().await.expect("let go");
    assert_taken_up(&app).await;
}

#[tokio::test]
async fn a_lost_connection_is_no_failure() {
    let (app, holder) = held().await;
    let running = start(app.loader(small_batches).await);
    let first = at_work(&app).await;
    end_backend(&app, "pg_terminate_backend", first).await;
    app.wait_until(&format!("EXISTS ({AT_WORK} AND pid <> {first})")).await;
    assert_not_begun(&app).await;
    holder.close().await.expect("let go");

    let summary = running.await.expect("the run ends");
    assert_eq!((summary.outcome, summary.steps.len()), (Outcome::Succeeded, 1), "{summary:?}");
    let steps: i64 = app.value("SELECT count(*) FROM load_step").await;
    assert_eq!(steps, 1);
    assert!(assert_as_worked_out(&app.pool, "after a lost connection").await > 1_000);
}

#[tokio::test]
async fn a_killed_loader_leaves_the_step_to_the_next_run() {
    let (app, holder) = held().await;
    let mut loader = app
        .command()
        .arg("load")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let pid = at_work(&app).await;
    loader.kill().await.expect("the loader is killed");
    // A backend that waits for a lock does not look whether its client is there.
    end_backend(&app, "pg_terminate_backend", pid).await;
    app.wait_until_no_loader().await;
    assert_not_begun(&app).await;
    holder.close().await.expect("let go");
    assert_taken_up(&app).await;
}

#[tokio::test]
async fn a_change_that_comes_while_a_step_is_at_work_is_left_for_the_next_run() {
    let (app, holder) = held().await;
    let running = start(app.loader(small_batches).await);
    at_work(&app).await;
    app.pool
        .execute("DELETE FROM sales_order_line WHERE product_id % 3 = 0")
        .await
        .expect("writers do not wait for a step");
    holder.close().await.expect("let go");
    let summary = running.await.expect("the run ends");
    assert_eq!((summary.outcome, summary.steps.len()), (Outcome::Succeeded, 1), "{summary:?}");
    assert_taken_up(&app).await;
}
