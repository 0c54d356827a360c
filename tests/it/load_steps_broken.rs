//! A step that is broken off leaves nothing half, and is taken up again.

use std::process::Stdio;

use salesgraph::load::{Load, Outcome, RunSummary};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tokio::task::JoinHandle;

use crate::support::TestApp;
use crate::support::forecast::assert_as_worked_out;
use crate::support::ledger::small_batches;
use crate::support::sample::{self, ALL};

/// What is brought up to date when sales have changed.
const BOTH: [&str; 2] = ["sales_rollup", "demand_forecast"];

/// A step in the middle of its work, waiting to write.
const AT_WORK: &str = "SELECT pid FROM pg_locks WHERE NOT granted \
     AND relation = 'demand_forecast_span'::regclass \
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// Files to load, and a connection that keeps the forecast from being written.
async fn held() -> (TestApp, PgConnection) {
    let app = TestApp::start().await;
    sample::clean().put(&app, &ALL).await;
    let mut holder = PgConnection::connect_with(&app.database()).await.expect("a connection");
    holder.execute("BEGIN; LOCK TABLE demand_forecast_span IN SHARE MODE").await.expect("held");
    (app, holder)
}

fn names(summary: &RunSummary) -> Vec<&'static str> {
    summary.steps.iter().map(|step| step.step).collect()
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
    for (table, rows) in [
        ("demand_forecast_span", false),
        ("demand_forecast_date", false),
        ("demand_forecast_stock", false),
        ("load_step WHERE step = 'demand_forecast'", false),
        ("derivation_due WHERE step = 'demand_forecast'", true),
        ("sales_order_line", true),
    ] {
        let sql = AssertSqlSafe(format!("SELECT EXISTS (SELECT FROM {table})"));
        let there: bool = sqlx::query_scalar(sql).fetch_one(&app.pool).await.expect(table);
        assert_eq!(there, rows, "{table}");
    }
}

/// A run that finds nothing new does what is left.
async fn assert_taken_up(app: &TestApp, steps: &[&str]) {
    let next = app.load_small().await;
    assert_eq!((next.outcome, next.files.len()), (Outcome::Succeeded, 0), "{next:?}");
    assert_eq!(names(&next), steps);
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
    for part in ["demand_forecast could not be brought up to date", "the next run continues"] {
        assert!(error.message.contains(part), "{}", error.message);
    }
    let told: (String, String) = sqlx::query_as("SELECT state, error_message FROM load_run")
        .fetch_one(&app.pool)
        .await
        .expect("the run");
    assert_eq!(told, ("failed".to_owned(), error.message));
    assert_not_begun(&app).await;
    holder.close().await.expect("let go");
    assert_taken_up(&app, &["demand_forecast"]).await;
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
    assert_eq!(
        (summary.outcome, names(&summary)),
        (Outcome::Succeeded, BOTH.to_vec()),
        "{summary:?}"
    );
    let steps: i64 = app.value("SELECT count(*) FROM load_step").await;
    assert_eq!(steps, 2);
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
    assert_taken_up(&app, &["demand_forecast"]).await;
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
    assert_eq!(
        (summary.outcome, names(&summary)),
        (Outcome::Succeeded, BOTH.to_vec()),
        "{summary:?}"
    );
    assert_taken_up(&app, &BOTH).await;
}

/// Enters the step as an attempt of the run would have that was committed, but did not
/// hear of it.
const ENTERED: &str = "INSERT INTO load_step \
       (run_id, step, data_version, since, started_at, finished_at, rows_written) \
     SELECT id, 'demand_forecast', 1, '2011-01-01', now(), now(), 1000000 FROM load_run";

/// What the ledger has of the forecast.
async fn told(app: &TestApp) -> (i64, f64) {
    sqlx::query_as(
        "SELECT rows_written, date_part('epoch', finished_at - started_at) FROM load_step \
         WHERE step = 'demand_forecast'",
    )
    .fetch_one(&app.pool)
    .await
    .expect("one entry")
}

fn assert_told(summary: &RunSummary, (rows_written, seconds): (i64, f64)) {
    assert_eq!((summary.outcome, names(summary)), (Outcome::Succeeded, BOTH.to_vec()));
    let step = &summary.steps[1];
    assert_eq!(step.rows_written, rows_written);
    assert!((step.seconds - seconds).abs() < 1e-9, "{step:?}, {seconds}");
}

#[tokio::test]
async fn a_step_that_was_committed_unheard_and_is_due_again_adds_to_its_entry() {
    let (app, holder) = held().await;
    let running = start(app.loader(small_batches).await);
    at_work(&app).await;
    app.pool.execute(ENTERED).await.expect("an entry");
    holder.close().await.expect("let go");
    let summary = running.await.expect("the run ends");
    let (rows, seconds) = told(&app).await;
    assert!(rows > 1_001_000, "{rows}");
    assert!(seconds > 0.0, "the later times");
    assert_told(&summary, (rows, seconds));
    assert_as_worked_out(&app.pool, "after it was done twice").await;
}

#[tokio::test]
async fn a_step_that_was_committed_unheard_is_in_the_summary() {
    let (app, holder) = held().await;
    let running = start(app.loader(small_batches).await);
    let pid = at_work(&app).await;
    // In the place of what was lost: the notes are taken, the entry is made.
    let mut other = PgConnection::connect_with(&app.database()).await.expect("a connection");
    let taking = tokio::spawn(async move {
        other.execute("BEGIN; LOCK TABLE derivation_due").await.expect("locked");
        other
    });
    let waiting = "EXISTS (SELECT FROM pg_locks WHERE NOT granted \
                   AND relation = 'derivation_due'::regclass \
                   AND database = (SELECT oid FROM pg_database \
                                   WHERE datname = current_database()))";
    app.wait_until(waiting).await;
    end_backend(&app, "pg_terminate_backend", pid).await;
    let mut other = taking.await.expect("the step has let go");
    for sql in ["DELETE FROM derivation_due", ENTERED, "COMMIT"] {
        other.execute(sql).await.expect(sql);
    }
    let summary = running.await.expect("the run ends");
    holder.close().await.expect("let go");
    assert_told(&summary, told(&app).await);
}
