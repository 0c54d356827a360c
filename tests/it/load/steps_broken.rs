//! An interrupted step leaves nothing half done, and is repeated.

use std::process::Stdio;

use salesgraph::load::{Load, Outcome, RunSummary};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tokio::task::JoinHandle;

use crate::support::forecast::assert_as_worked_out;
use crate::support::ledger::small_batches;
use crate::support::sample::{self, ALL};
use crate::support::{TestApp, write};

/// The steps that are due after sales have changed.
const BOTH: [&str; 2] = ["sales_rollup", "demand_forecast"];

/// The backend of a step that waits to write.
const AT_WORK_PID: &str = "SELECT pid FROM pg_locks WHERE NOT granted \
     AND relation = 'demand_forecast_span'::regclass \
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// Files to load, and a connection that blocks writing the forecast.
async fn blocked() -> (TestApp, PgConnection) {
    let app = TestApp::start().await;
    sample::clean().put(&app, &ALL).await;
    let mut holder = PgConnection::connect_with(&app.database()).await.expect("a connection");
    holder.execute("BEGIN; LOCK TABLE demand_forecast_span IN SHARE MODE").await.expect("blocked");
    (app, holder)
}

fn names(summary: &RunSummary) -> Vec<&'static str> {
    summary.steps.iter().map(|step| step.step).collect()
}

fn start(load: Load) -> JoinHandle<RunSummary> {
    tokio::spawn(async move { load.run().await.expect("the run ends") })
}

async fn backend_at_work(app: &TestApp) -> i32 {
    app.wait_until(&format!("EXISTS ({AT_WORK_PID})")).await;
    app.value(AT_WORK_PID).await
}

async fn end_backend(app: &TestApp, how: &str, pid: i32) {
    let sql = AssertSqlSafe(format!("SELECT {how}({pid})"));
    assert!(sqlx::query_scalar::<_, bool>(sql).fetch_one(&app.pool).await.expect(how));
}

/// The forecast has no rows and is still due.
async fn assert_still_due(app: &TestApp) {
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

/// A run without new files does the steps that are left.
async fn assert_next_run_does(app: &TestApp, steps: &[&str]) {
    let next = app.load_small().await;
    assert_eq!((next.outcome, next.files.len()), (Outcome::Succeeded, 0), "{next:?}");
    assert_eq!(names(&next), steps);
    assert!(assert_as_worked_out(&app.pool, "after the next run").await > 1_000);
    assert_eq!(app.load_small().await.steps.len(), 0, "once is enough");
}

#[tokio::test]
async fn a_failed_step_fails_the_run_and_keeps_the_loaded_rows() {
    let (app, holder) = blocked().await;
    let running = start(app.loader(small_batches).await);
    let pid = backend_at_work(&app).await;
    let state: String = app.value("SELECT state FROM load_run").await;
    assert_eq!(state, "running", "success is recorded only after the step");
    end_backend(&app, "pg_cancel_backend", pid).await;

    let summary = running.await.expect("the run ends");
    assert_eq!(summary.outcome, Outcome::Failed);
    assert!(summary.files.iter().all(|file| file.error.is_none()), "{summary:?}");
    let error = summary.error.expect("the run's own");
    assert_eq!(error.code, "TIMEOUT");
    for part in ["demand_forecast could not be brought up to date", "the next run continues"] {
        assert!(error.message.contains(part), "{}", error.message);
    }
    let recorded: (String, String) = sqlx::query_as("SELECT state, error_message FROM load_run")
        .fetch_one(&app.pool)
        .await
        .expect("the run");
    assert_eq!(recorded, ("failed".to_owned(), error.message));
    assert_still_due(&app).await;
    holder.close().await.expect("released");
    assert_next_run_does(&app, &["demand_forecast"]).await;
}

#[tokio::test]
async fn a_lost_connection_does_not_fail_the_step() {
    let (app, holder) = blocked().await;
    let running = start(app.loader(small_batches).await);
    let first = backend_at_work(&app).await;
    end_backend(&app, "pg_terminate_backend", first).await;
    app.wait_until(&format!("EXISTS ({AT_WORK_PID} AND pid <> {first})")).await;
    assert_still_due(&app).await;
    holder.close().await.expect("released");

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
    let (app, holder) = blocked().await;
    let mut loader = app
        .command()
        .arg("load")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let pid = backend_at_work(&app).await;
    loader.kill().await.expect("the loader is killed");
    // A backend that waits for a lock does not notice that its client is gone.
    end_backend(&app, "pg_terminate_backend", pid).await;
    app.wait_until_no_loader().await;
    assert_still_due(&app).await;
    holder.close().await.expect("released");
    assert_next_run_does(&app, &["demand_forecast"]).await;
}

#[tokio::test]
async fn a_change_during_a_step_is_left_to_the_next_run() {
    let (app, holder) = blocked().await;
    let running = start(app.loader(small_batches).await);
    backend_at_work(&app).await;
    write(&app.pool, "DELETE FROM sales_order_line WHERE product_id % 3 = 0").await;
    holder.close().await.expect("released");
    let summary = running.await.expect("the run ends");
    assert_eq!(
        (summary.outcome, names(&summary)),
        (Outcome::Succeeded, BOTH.to_vec()),
        "{summary:?}"
    );
    assert_next_run_does(&app, &BOTH).await;
}

/// Records the step as an earlier attempt of the run would whose commit succeeded
/// unnoticed.
const ENTERED: &str = "INSERT INTO load_step \
       (run_id, step, data_version, since, started_at, finished_at, rows_written) \
     SELECT id, 'demand_forecast', 1, '2011-01-01', now(), now(), 1000000 FROM load_run";

/// The ledger's entry of the forecast.
async fn recorded(app: &TestApp) -> (i64, f64) {
    sqlx::query_as(
        "SELECT rows_written, date_part('epoch', finished_at - started_at) FROM load_step \
         WHERE step = 'demand_forecast'",
    )
    .fetch_one(&app.pool)
    .await
    .expect("one entry")
}

fn assert_reported(summary: &RunSummary, (rows_written, seconds): (i64, f64)) {
    assert_eq!((summary.outcome, names(summary)), (Outcome::Succeeded, BOTH.to_vec()));
    let step = &summary.steps[1];
    assert_eq!(step.rows_written, rows_written);
    assert!((step.seconds - seconds).abs() < 1e-9, "{step:?}, {seconds}");
}

#[tokio::test]
async fn a_step_committed_unnoticed_and_due_again_adds_to_its_entry() {
    let (app, holder) = blocked().await;
    let running = start(app.loader(small_batches).await);
    backend_at_work(&app).await;
    app.pool.execute(ENTERED).await.expect("an entry");
    holder.close().await.expect("released");
    let summary = running.await.expect("the run ends");
    let (rows, seconds) = recorded(&app).await;
    assert!(rows > 1_001_000, "{rows}");
    assert!(seconds > 0.0, "the later times");
    assert_reported(&summary, (rows, seconds));
    assert_as_worked_out(&app.pool, "after it was done twice").await;
}

#[tokio::test]
async fn a_step_committed_unnoticed_is_in_the_summary() {
    let (app, holder) = blocked().await;
    let running = start(app.loader(small_batches).await);
    let pid = backend_at_work(&app).await;
    // Does what the lost attempt did: takes the due changes and records the step.
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
    let mut other = taking.await.expect("the step has released it");
    for sql in ["DELETE FROM derivation_due", ENTERED, "COMMIT"] {
        other.execute(sql).await.expect(sql);
    }
    let summary = running.await.expect("the run ends");
    holder.close().await.expect("released");
    assert_reported(&summary, recorded(&app).await);
}
