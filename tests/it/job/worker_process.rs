//! Workers as processes, killed in the middle of a load.

use nix::sys::signal::Signal;
use salesgraph::config::LoadMode;
use salesgraph::job::loads::{NewLoad, start_load};
use sqlx::{Executor as _, Postgres, Transaction};
use uuid::Uuid;

use crate::support::TestApp;
use crate::support::process::send;
use crate::support::sample::{self, ALL};

/// A database with a load that is queued, and a lock that keeps it before its last table.
async fn queued() -> (TestApp, Transaction<'static, Postgres>, Uuid) {
    let app = TestApp::start().await;
    sample::defective().put(&app, &ALL).await;
    let mut lock = app.pool.begin().await.unwrap();
    lock.execute("LOCK TABLE sales_order_line IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let source = app.source_uri();
    let new = NewLoad { source: &source, mode: LoadMode::Merge, check: false, key: None };
    let run = start_load(&mut app.pool.acquire().await.unwrap(), new).await.unwrap().unwrap();
    (app, lock, run)
}

async fn undisturbed() -> TestApp {
    let app = TestApp::start().await;
    sample::defective().put(&app, &ALL).await;
    app.load_small().await;
    app
}

/// Some batches are committed, and the load waits for the lock.
const HALTED: &str = "SELECT coalesce(sum(batches), 0) > 0 AND EXISTS (\
    SELECT FROM pg_locks WHERE relation = 'sales_order_line'::regclass AND NOT granted) \
    FROM load_checkpoint";

async fn wait_for_the_end(app: &TestApp, run: Uuid) {
    let state = "SELECT state = 'succeeded_with_rejects' FROM load_run WHERE id =";
    app.wait_until(&format!("{state} '{run}'")).await;
}

#[tokio::test]
async fn the_load_of_a_killed_worker_is_taken_over_and_goes_on() {
    let (app, lock, run) = queued().await;
    let mut first = app.start_worker();
    app.wait_until(HALTED).await;
    first.kill().await.expect("it is killed");
    let running: String = app.value("SELECT state::text FROM load_run").await;
    assert_eq!(running, "running");
    lock.rollback().await.unwrap();

    let second = app.start_worker();
    wait_for_the_end(&app, run).await;
    app.wait_until("SELECT state = 'succeeded' AND attempts = 2 FROM job").await;
    assert_eq!(app.value::<i64>("SELECT count(*) FROM load_run").await, 1, "it is the same run");
    assert_eq!(app.snapshot().await, undisturbed().await.snapshot().await);
    app.assert_ledger_holds("after a worker was killed").await;
    drop(second);
}

#[tokio::test]
async fn a_job_that_kills_its_worker_each_time_ends_failed() {
    let (app, lock, run) = queued().await;
    for attempt in 1..=5 {
        let mut worker = app.start_worker();
        app.wait_until(&format!(
            "SELECT job.state = 'running' AND attempts = {attempt} AND load_run.state = 'running' \
             FROM job JOIN load_run ON job.id = job_id"
        ))
        .await;
        worker.kill().await.expect("it is killed");
        app.wait_until(
            "SELECT count(*) = 0 FROM pg_locks WHERE locktype = 'advisory' \
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        )
        .await;
    }
    let worker = app.start_worker();
    app.wait_until("SELECT state = 'failed' FROM job").await;
    let (state, error): (String, String) = sqlx::query_as(
        "SELECT state::text, concat_ws(': ', error_code, error_message) FROM load_run \
         WHERE id = $1",
    )
    .bind(run)
    .fetch_one(&app.pool)
    .await
    .unwrap();
    assert_eq!(state, "failed");
    assert_eq!(error, "INTERNAL: its worker ended 5 times without finishing it");
    drop(worker);

    // The next load goes on where it stopped.
    lock.rollback().await.unwrap();
    app.wait_until_no_loader().await;
    assert_eq!(app.run(&["load"]).await.code, Some(3));
    assert_eq!(app.snapshot().await, undisturbed().await.snapshot().await);
}

#[tokio::test]
async fn a_worker_that_is_stopped_hands_its_load_back() {
    let (app, lock, run) = queued().await;
    let mut first = app.start_worker();
    app.wait_until(HALTED).await;
    send(&first, Signal::SIGTERM);
    assert!(first.wait().await.expect("it ends").success(), "it ends without a failure");
    let back: (String, i32) =
        sqlx::query_as("SELECT state::text, attempts FROM job").fetch_one(&app.pool).await.unwrap();
    assert_eq!(back, ("queued".to_owned(), 0));
    lock.rollback().await.unwrap();
    let second = app.start_worker();
    wait_for_the_end(&app, run).await;
    assert_eq!(app.snapshot().await, undisturbed().await.snapshot().await);
    drop(second);
}
