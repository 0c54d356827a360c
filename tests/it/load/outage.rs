//! Outages of Postgres and S3 in the middle of a load, for a while or for good.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use salesgraph::embedded::postgres::{Crash, Postgres};
use salesgraph::load::{Load, Outcome, RunSummary};
use salesgraph::storage::S3Settings;

use crate::support::TestApp;
use crate::support::cut_proxy::{CutProxy, Fate};
use crate::support::ledger::small_batches;
use crate::support::sample::{self, ALL, PERSON};
use crate::support::servers::{Servers, start_postgres, state_dir};
use crate::support::snapshot::Snapshot;

const BATCHES: &str = "SELECT coalesce(sum(batches), 0) FROM load_checkpoint";

const LOADED: &str = "SELECT count(*) FROM load_file WHERE state = 'loaded'";

/// A Postgres for this test alone, which it may break.
pub(crate) async fn own_postgres() -> (Postgres, TestApp) {
    let postgres = start_postgres(&state_dir("outage")).await;
    let app = TestApp::start_on(Servers::on(&postgres).await).await;
    (postgres, app)
}

async fn undisturbed(sample: &sample::Sample, keys: &[&str]) -> Snapshot {
    let app = TestApp::start().await;
    sample.put(&app, keys).await;
    app.load_small().await;
    app.snapshot().await
}

/// Starts a load.
pub(super) fn start(load: Load) -> tokio::task::JoinHandle<RunSummary> {
    tokio::spawn(async move { load.run().await.expect("the run ends") })
}

/// A loader that reaches S3 through a proxy.
async fn through(app: &TestApp, proxy: &CutProxy) -> Load {
    let settings = S3Settings { endpoint_url: Some(proxy.endpoint()), ..app.s3().clone() };
    app.loader_of(&app.source_uri(), &settings, |options| options.limits.rows = 50).await
}

async fn proxy(app: &TestApp, fate: impl Fn(usize) -> Fate + Send + 'static) -> CutProxy {
    CutProxy::start(app.s3().endpoint_url.as_deref().expect("an endpoint"), fate).await
}

#[tokio::test]
async fn a_load_survives_restarts_of_postgres() {
    let (mut postgres, app) = own_postgres().await;
    sample::defective().put(&app, &ALL).await;
    let load = app.loader(|options| options.limits.rows = 20).await;
    let running = start(load);
    for batches in [5, 60, 150] {
        app.wait_until(&format!("({BATCHES}) >= {batches}")).await;
        assert!(!running.is_finished(), "there is nothing left to disturb at {batches} batches");
        postgres.crash(Crash::Immediate).await.expect("Postgres ends");
        postgres.start_again().await.expect("Postgres comes back");
    }
    let summary = running.await.expect("the run ends");
    assert_eq!(summary.outcome, Outcome::SucceededWithRejects, "{summary:?}");
    app.assert_ledger_holds("after three crashes of Postgres").await;
    assert_eq!(app.snapshot().await, undisturbed(sample::defective(), &ALL).await);
    let runs: Vec<String> = sqlx::query_scalar("SELECT state FROM load_run")
        .fetch_all(&app.pool)
        .await
        .expect("the runs");
    assert_eq!(runs, ["succeeded_with_rejects"], "it was one run all the time");
    postgres.stop().await.expect("Postgres stops");
}

/// Postgres crashes as soon as a step is seen to be done, before it would flush its WAL by
/// itself: what the summary says is there in the end.
#[tokio::test]
async fn a_step_reported_as_done_stays_done_through_a_crash() {
    let (mut postgres, app) = own_postgres().await;
    sample::clean().put(&app, &ALL).await;
    let running = start(app.loader(small_batches).await);
    for step in ["sales_rollup", "demand_forecast"] {
        app.wait_until(&format!("SELECT EXISTS (SELECT FROM load_step WHERE step = '{step}')"))
            .await;
        postgres.crash(Crash::Immediate).await.expect("Postgres ends");
        postgres.start_again().await.expect("Postgres comes back");
        let stays = "SELECT count(*) FROM load_step WHERE step = $1";
        let stays: i64 =
            sqlx::query_scalar(stays).bind(step).fetch_one(&app.pool).await.expect("the ledger");
        assert_eq!(stays, 1, "{step} is done");
    }
    let summary = running.await.expect("the run ends");
    assert_eq!(summary.outcome, Outcome::Succeeded, "{summary:?}");
    let steps: Vec<(String, i64)> =
        sqlx::query_as("SELECT step, rows_written FROM load_step ORDER BY id")
            .fetch_all(&app.pool)
            .await
            .expect("the ledger");
    let reported: Vec<(String, i64)> =
        summary.steps.iter().map(|step| (step.step.to_owned(), step.rows_written)).collect();
    assert_eq!(reported, steps);
    let rows: i64 = app
        .value(
            "SELECT (SELECT count(*) FROM sales_by_day) \
               + (SELECT count(*) FROM sales_by_product_day)",
        )
        .await;
    assert_eq!(rows, steps[0].1, "each row of the rollup is there");
    postgres.stop().await.expect("Postgres stops");
}

/// The objects that the ledger calls loaded.
async fn loaded(app: &TestApp) -> BTreeSet<String> {
    sqlx::query_scalar("SELECT object_key FROM load_file WHERE state = 'loaded'")
        .fetch_all(&app.pool)
        .await
        .expect("the ledger")
        .into_iter()
        .collect()
}

#[tokio::test]
async fn a_file_reported_as_loaded_stays_loaded_through_a_crash() {
    let (mut postgres, app) = own_postgres().await;
    sample::clean().put(&app, &ALL).await;
    let running = start(app.loader(small_batches).await);
    // A step is tried again five times, so five crashes are never one too many, however
    // little it gets done between two of them.
    for files in [1, 3, 5, 7, 9] {
        // The crash comes before Postgres would flush its WAL by itself.
        app.wait_until(&format!("({LOADED}) >= {files}")).await;
        let reported = loaded(&app).await;
        postgres.crash(Crash::Immediate).await.expect("Postgres ends");
        postgres.start_again().await.expect("Postgres comes back");
        let kept = loaded(&app).await;
        assert!(reported.is_subset(&kept), "of {reported:?} as loaded remain {kept:?}");
    }
    let summary = running.await.expect("the run ends");
    assert_eq!(summary.outcome, Outcome::Succeeded, "{summary:?}");
    let unfinished: Vec<String> =
        sqlx::query_scalar("SELECT object_key FROM load_file WHERE state <> 'loaded'")
            .fetch_all(&app.pool)
            .await
            .expect("the files");
    assert!(unfinished.is_empty(), "reported as loaded, and lost: {unfinished:?}");
    assert_eq!(app.snapshot().await, undisturbed(sample::clean(), &ALL).await);
    assert_eq!(summary.totals.inserted, summary.totals.read);
    postgres.stop().await.expect("Postgres stops");
}

#[tokio::test]
async fn a_run_is_in_the_ledger_before_it_starts_working() {
    let (mut postgres, app) = own_postgres().await;
    sample::clean().put(&app, &[PERSON]).await;
    let running = start(app.loader(small_batches).await);
    app.wait_until("EXISTS (SELECT FROM load_run)").await;
    postgres.crash(Crash::Immediate).await.expect("Postgres ends");
    postgres.start_again().await.expect("Postgres comes back");
    // If the crash comes before the first file, the run may end as failed; it must
    // not be lost.
    let ended = running.await;
    let runs: i64 = app.value("SELECT count(*) FROM load_run").await;
    assert_eq!(runs, 1, "the run that was begun is in the ledger, {ended:?}");
    postgres.stop().await.expect("Postgres stops");
}

#[tokio::test]
async fn a_load_survives_cut_connections_to_s3() {
    let app = TestApp::start().await;
    sample::defective().put(&app, &ALL).await;
    let proxy = proxy(&app, |_| Fate::Cut(50_000)).await;
    let summary = through(&app, &proxy).await.run().await.expect("the run ends");
    assert_eq!(summary.outcome, Outcome::SucceededWithRejects, "{summary:?}");
    assert!(proxy.connections() > 10, "{} connections", proxy.connections());
    assert_eq!(app.snapshot().await, undisturbed(sample::defective(), &ALL).await);
}

/// A load of a file whose second half waits at the proxy's gate.
struct Halfway {
    app: TestApp,
    proxy: CutProxy,
    gone: Arc<AtomicBool>,
    running: tokio::task::JoinHandle<RunSummary>,
}

async fn halfway() -> Halfway {
    let app = TestApp::start().await;
    let clean = sample::clean();
    clean.put(&app, &[PERSON]).await;
    let half = clean.file(PERSON).len() / 2;
    let gone = Arc::new(AtomicBool::new(false));
    let is_gone = Arc::clone(&gone);
    let fate =
        move |_| if is_gone.load(Ordering::SeqCst) { Fate::Cut(0) } else { Fate::Gate(half) };
    let proxy = proxy(&app, fate).await;
    let running = start(through(&app, &proxy).await);
    app.wait_until(&format!("({BATCHES}) >= 1")).await;
    Halfway { app, proxy, gone, running }
}

#[tokio::test]
async fn a_file_fails_when_s3_stays_away_and_the_next_run_continues() {
    let Halfway { app, proxy, gone, running } = halfway().await;
    gone.store(true, Ordering::SeqCst);
    proxy.open_gate();
    let summary = running.await.expect("the run ends");
    assert_eq!(summary.outcome, Outcome::Failed);
    let error = summary.files[0].error.as_ref().expect("the file failed");
    assert_eq!(error.code, "UNAVAILABLE", "{}", error.message);
    assert!(error.message.contains(PERSON), "{} does not name the file", error.message);
    let read = summary.files[0].counts.read;
    assert!(read > 0, "what had arrived is kept");
    let (state, code): (String, String) = sqlx::query_as("SELECT state, error_code FROM load_file")
        .fetch_one(&app.pool)
        .await
        .expect("the file");
    assert_eq!((state.as_str(), code.as_str()), ("failed", "UNAVAILABLE"));
    app.assert_ledger_holds("without S3").await;

    let summary = app.load_small().await;
    assert_eq!(summary.outcome, Outcome::Succeeded, "{summary:?}");
    let all = sample::clean().count(PERSON);
    assert_eq!(summary.totals.read, all - read, "it continued at the checkpoint");
    app.assert_ledger_holds("with S3 again").await;
    assert_eq!(app.snapshot().await, undisturbed(sample::clean(), &[PERSON]).await);
}

#[tokio::test]
async fn an_object_overwritten_during_reading_fails_and_its_new_version_is_loaded() {
    let Halfway { app, proxy, gone: _, running } = halfway().await;
    let clean = sample::clean();
    let mut records = clean.records(PERSON);
    records.reverse();
    for record in &mut records {
        *record = record.replacen(";IN;", ";GC;", 1);
    }
    let new = clean.with_records(PERSON, &records);
    app.put(PERSON, new.clone()).await;
    proxy.open_gate();
    let summary = running.await.expect("the run ends");
    assert_eq!(summary.outcome, Outcome::Failed);
    let error = summary.files[0].error.as_ref().expect("the file failed");
    assert_eq!(error.code, "CONFLICT", "{}", error.message);
    assert!(error.message.contains("overwritten"), "{}", error.message);

    let summary = app.load_small().await;
    assert_eq!(summary.outcome, Outcome::Succeeded, "{summary:?}");
    assert!(summary.totals.updated > 0 && summary.totals.inserted > 0, "{:?}", summary.totals);
    let fresh = TestApp::start().await;
    fresh.put(PERSON, new).await;
    fresh.load_small().await;
    assert_eq!(app.snapshot().await.content, fresh.snapshot().await.content);
    let states: Vec<(String, Option<String>)> =
        sqlx::query_as("SELECT state, error_code FROM load_file ORDER BY id")
            .fetch_all(&app.pool)
            .await
            .expect("both versions");
    let expected = [("failed", Some("CONFLICT")), ("loaded", None)];
    let expected = expected.map(|(state, code)| (state.to_owned(), code.map(str::to_owned)));
    assert_eq!(states, expected);
}
