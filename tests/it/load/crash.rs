//! Killing the loader's process again and again leaves no trace in the result.

use std::process::Stdio;
use std::time::Duration;

use crate::support::TestApp;
use crate::support::cut_proxy::{CutProxy, Fate};
use crate::support::dialects::{Compression, USUAL, Written};
use crate::support::sample::{self, ALL, PERSON};

const KILLS: u64 = 12;
/// Kills that must hit a load with work left for the test to be meaningful.
const MEANT: i64 = 8;

#[tokio::test]
async fn kills_at_any_moment_leave_no_trace_in_plain_files() {
    killed_and_resumed(Compression::None, 1).await;
}

#[tokio::test]
async fn kills_at_any_moment_leave_no_trace_in_compressed_files() {
    killed_and_resumed(Compression::Gzip, 2).await;
}

/// Lehmer's generator: a fixed sequence for each seed.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0 * 48_271 % 2_147_483_647;
        self.0 % bound
    }
}

async fn filled(written: Written) -> TestApp {
    let app = TestApp::start().await;
    for key in ALL {
        let plain = sample::defective().file(key);
        // Only compressed: bad rows must stay as they are.
        app.put(key, crate::support::dialects::compress(plain, written.compression)).await;
    }
    app
}

async fn killed_and_resumed(compression: Compression, seed: u64) {
    let written = Written { compression, ..USUAL };
    let undisturbed = filled(written).await;
    undisturbed.load_small().await;
    let app = filled(written).await;
    let mut draw = Draw(seed);
    for kill in 0..KILLS {
        let atomic = (kill % 5 == 4).then_some("--atomic");
        let mut loader = app
            .command()
            .arg("load")
            .args(atomic)
            .env("LOAD_BATCH_ROWS", "60")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        if kill % 3 == 0 {
            // A random moment to kill at, not a condition to wait for.
            tokio::time::sleep(Duration::from_millis(draw.below(250))).await;
        } else {
            let reached: i64 = app.value(BATCHES).await;
            let more = if atomic.is_some() { 1 } else { 1 + draw.below(8) };
            app.wait_until(&format!(
                "({BATCHES}) >= {reached} + {more} OR EXISTS (SELECT FROM load_run \
                 WHERE state IN ('succeeded', 'succeeded_with_rejects'))"
            ))
            .await;
        }
        loader.kill().await.expect("the loader is killed");
        app.wait_until_no_loader().await;
        app.assert_ledger_holds(&format!("after kill {kill}")).await;
    }

    let last = app.run(&["load"]).await;
    assert!(matches!(last.code, Some(0 | 3)), "{last:?}");
    let abandoned: i64 =
        app.value("SELECT count(*) FROM load_run WHERE error_code = 'ABANDONED'").await;
    assert!(abandoned >= MEANT, "only {abandoned} of {KILLS} kills hit a run under way");
    app.assert_ledger_holds("in the end").await;
    assert_eq!(app.snapshot().await, undisturbed.snapshot().await);
    assert_eq!(app.run(&["load"]).await.code, Some(0), "nothing is left to do");
}

/// The run that finishes a file says that rows of it are rejected, also if an earlier one did
/// that and was killed.
#[tokio::test]
async fn rejects_of_a_killed_run_count_in_the_one_that_finishes_the_file() {
    let app = TestApp::start().await;
    let clean = sample::clean();
    let mut records = clean.records(PERSON);
    records[0] = records[0].replacen(';', ";;", 1);
    app.put(PERSON, clean.with_records(PERSON, &records)).await;
    let endpoint = app.s3().endpoint_url.as_deref().expect("an endpoint");
    let half = clean.file(PERSON).len() / 2;
    let proxy = CutProxy::start(endpoint, move |_| Fate::Gate(half)).await;
    let mut loader = app.start_load_through(&proxy);
    app.wait_until("SELECT batches > 0 FROM load_checkpoint").await;
    loader.kill().await.expect("the loader is killed");
    app.wait_until_no_loader().await;

    let last = app.run(&["load"]).await.expect(3);
    last.says(&["earlier runs rejected or parked 1 rows", "succeeded_with_rejects"]);
    let state: String =
        app.value("SELECT state FROM load_run ORDER BY started_at DESC LIMIT 1").await;
    assert_eq!(state, "succeeded_with_rejects");
}

const BATCHES: &str = "SELECT coalesce(sum(batches), 0)::bigint FROM load_checkpoint";
