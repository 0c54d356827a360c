//! Killing the loader's process again and again while it writes the lake.

use std::process::Stdio;
use std::time::Duration;

use crate::lake::catalog::{Totals, change_lines};
use crate::support::draw::Draw;
use crate::support::sample::{self, ALL};
use crate::support::{TestApp, write};

const KILLS: usize = 30;
/// Kills that must hit an attempt under way for the test to be meaningful.
const MEANT: i64 = 15;

#[tokio::test]
async fn kills_at_any_moment_leave_no_half_snapshot() {
    let app = TestApp::start().await;
    let Some(mut reader) = app.lake_reader("a lake whose writer is killed").await else { return };
    sample::clean().put(&app, &ALL).await;
    assert_eq!(app.run(&["load"]).await.code, Some(0));
    let mut draw = Draw::new(5);
    let mut hit = 0;
    let mut totals = Totals::new();
    totals.note(&app).await;
    let watcher = app.lake_reader("a reader meanwhile").await.expect("it is installed");
    totals.watch(watcher);
    for kill in 0..KILLS {
        let share = 2 + draw.below(9);
        write(&app.pool, &change_lines(share)).await;
        totals.note(&app).await;
        let begun: i64 = app.value(ATTEMPTS).await;
        let mut loader = app
            .lake_command()
            .arg("load")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        app.wait_until(&format!("({ATTEMPTS}) > {begun} OR NOT EXISTS (SELECT FROM lake_due)"))
            .await;
        // A random moment to kill at, not a condition to wait for.
        tokio::time::sleep(Duration::from_millis(u64::try_from(draw.below(1_500)).expect("small")))
            .await;
        loader.kill().await.expect("the loader is killed");
        app.wait_until_no_loader().await;
        let open: i64 = app.value("SELECT count(*) FROM lake_attempt WHERE dead_at IS NULL").await;
        hit += open;
        reader.ask("consistent", &[]).await;
        if kill % 10 == 9 {
            // On a busy machine every kill may come before the end.
            let done = app.lake_command().arg("load").output().await.expect("it runs");
            assert_eq!(done.status.code(), Some(0));
        }
    }
    assert!(hit >= MEANT, "only {hit} of {KILLS} kills hit an attempt under way");
    assert_eq!(
        app.lake_command().arg("load").output().await.expect("it runs").status.code(),
        Some(0)
    );
    reader.compare().await;
    let (reads, versions) = totals.end().await;
    assert!(reads >= 4 && versions >= 2, "{reads} reads have seen {versions} data versions");
    assert_eq!(app.lake_objects().await, reader.reachable().await, "objects of dead attempts");
    let summaries = reader.ask("summaries", &[]).await;
    for (table, summary) in summaries.as_object().expect("tables") {
        let versions: Vec<i64> =
            serde_json::from_value(summary["snapshots"].clone()).expect("versions");
        assert!(versions.is_sorted_by(|one, other| one < other), "{table}: {versions:?}");
    }
    let notes: i64 = app.value("SELECT count(*) FROM lake_due").await;
    assert_eq!(notes, 0);
    let last = app.lake_command().arg("load").output().await.expect("it runs");
    assert_eq!(last.status.code(), Some(0), "nothing is left to do");
    assert_eq!(reader.ask("summaries", &[]).await, summaries);
}

const ATTEMPTS: &str = "SELECT count(*) FROM lake_attempt";
