//! One run at a time.

use salesgraph::error::Code;
use salesgraph::load::{RejectSelection, Replay, RunAs};
use sqlx::Executor as _;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::support::TestApp;
use crate::support::cut_proxy::{CutProxy, Fate};
use crate::support::sample::{self, PERSON};

/// A proxy that halts a load of persons in the middle of the file.
async fn halting(app: &TestApp) -> CutProxy {
    let half = sample::clean().file(PERSON).len() / 2;
    let endpoint = app.s3().endpoint_url.as_deref().expect("an endpoint");
    CutProxy::start(endpoint, move |_| Fate::Gate(half)).await
}

#[tokio::test]
async fn a_second_loader_is_refused_until_the_holder_is_gone() {
    let app = TestApp::start().await;
    sample::clean().put(&app, &[PERSON]).await;
    let proxy = halting(&app).await;
    let mut holder = app.start_load_through(&proxy);
    app.wait_until("SELECT batches > 0 FROM load_checkpoint").await;
    let run: Uuid = app.value("SELECT id FROM load_run").await;

    let second = app.run(&["load"]).await.expect(4);
    let host = nix::unistd::gethostname().expect("a host name");
    let process = format!("process {}", holder.id().expect("it runs"));
    for part in [&run.to_string(), &*host.to_string_lossy(), &process] {
        assert!(second.err.contains(part), "'{part}' is not in: {}", second.err);
    }
    assert_eq!(second.out, "", "nothing was done");
    let error = app.loader(|_| {}).await.run().await.expect_err("the lock is held");
    assert_eq!(error.code(), Code::Locked);
    app.run(&["rejects", "replay"]).await.expect(4);
    let state: String = app.value("SELECT state FROM load_run").await;
    assert_eq!(state, "running", "the holder is not disturbed, and no other run is noted");
    // A check writes nothing and needs no lock.
    app.run(&["load", "--check"]).await.expect(0);

    holder.kill().await.expect("the holder is killed");
    app.wait_until_no_loader().await;
    app.run(&["load"]).await.expect(0);
    let runs: Vec<(Uuid, String, Option<String>)> =
        sqlx::query_as("SELECT id, state, error_code FROM load_run ORDER BY started_at")
            .fetch_all(&app.pool)
            .await
            .expect("the runs");
    assert_eq!(runs.len(), 2, "{runs:?}");
    assert_eq!(runs[0], (run, "failed".to_owned(), Some("ABANDONED".to_owned())));
    assert_eq!(runs[1].1, "succeeded");
    app.assert_ledger_holds("taken over").await;
    let persons: i64 = app.value("SELECT count(*) FROM person").await;
    assert_eq!(persons, sample::clean().count(PERSON));
}

#[tokio::test]
async fn a_loader_whose_run_was_taken_over_changes_nothing_more() {
    let app = TestApp::start().await;
    sample::clean().put(&app, &[PERSON]).await;
    let proxy = halting(&app).await;
    let holder = app.start_load_through(&proxy);
    app.wait_until("SELECT batches > 0 FROM load_checkpoint").await;

    // Only the connection that holds the lock is lost.
    sqlx::query(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    )
    .execute(&app.pool)
    .await
    .expect("the connection is ended");
    app.wait_until(
        "SELECT count(*) = 0 FROM pg_locks WHERE locktype = 'advisory' \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    )
    .await;
    app.run(&["load"]).await.expect(0);
    let state = app.snapshot().await;
    proxy.open_gate();
    let ended = holder.wait_with_output().await.expect("the first loader ends");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(!ended.status.success(), "it does not say success: {said}");
    assert!(said.contains("took"), "it does not say why: {said}");
    assert_eq!(app.snapshot().await, state);
    app.assert_ledger_holds("taken over from a living loader").await;
}

#[tokio::test]
async fn a_dropped_replay_ends_its_run_and_frees_the_lock() {
    let app = TestApp::start().await;
    let mut holder = app.pool.begin().await.expect("a transaction");
    holder.execute("LOCK TABLE load_reject IN ACCESS EXCLUSIVE MODE").await.expect("the lock");
    let replay = Replay {
        database: app.database(),
        limits: app.loader(|_| {}).await.options.limits,
        selection: RejectSelection::default(),
        corrected: None,
        stop: CancellationToken::new(),
    };
    tokio::select! {
        ended = replay.run(RunAs::default()) => panic!("the rejects are locked: {ended:?}"),
        () = app.wait_until(
            "EXISTS (SELECT FROM pg_stat_activity \
             WHERE datname = current_database() AND wait_event_type = 'Lock')",
        ) => {}
    }
    holder.rollback().await.expect("the rejects are unlocked");
    app.wait_until("SELECT state = 'failed' AND error_code = 'CONFLICT' FROM load_run").await;
    app.wait_until_no_loader().await;
    app.run(&["rejects", "replay"]).await.expect(0).says(&["no reject matches"]);
}
