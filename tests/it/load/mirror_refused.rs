//! Mirror mode removes nothing on the word of a file that may not be complete, and says why.

use salesgraph::config::{LoadMode, MaxRejects};
use salesgraph::load::{Outcome, RunSummary};

use crate::support::TestApp;
use crate::support::mirrored::{customer, person};
use crate::support::sample::{CUSTOMER, PERSON};

/// Why the only file that failed did so.
fn why(summary: &RunSummary) -> &str {
    assert_eq!(summary.outcome, Outcome::Failed, "{summary:?}");
    let failed: Vec<_> = summary.files.iter().filter_map(|file| file.error.as_ref()).collect();
    let [error] = failed.as_slice() else { panic!("one file fails: {summary:?}") };
    assert_eq!(error.code, "CONFLICT");
    &error.message
}

#[track_caller]
fn assert_says(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "'{part}' is not in: {message}");
    }
}

fn stores(ids: impl IntoIterator<Item = i32>) -> Vec<String> {
    ids.into_iter().map(|id| customer(id, None, 1)).collect()
}

/// A hundred customers, loaded.
async fn hundred() -> TestApp {
    let app = TestApp::start().await;
    app.put_records(CUSTOMER, &stores(1..=100)).await;
    app.load_small().await;
    app
}

#[tokio::test]
async fn more_than_the_share_is_not_removed_until_it_is_raised() {
    let app = hundred().await;
    // Many new rows do not hide how many of the old ones would go.
    app.put_records(CUSTOMER, &stores(12..=500)).await;
    let summary = app.mirror("10%").await;
    let parts =
        ["lacks 11 of the 100 rows", "11.0%", "--mirror-max-removed 10%", "raise the share"];
    assert_says(why(&summary), &parts);
    assert_eq!((summary.totals.inserted, summary.totals.removed), (400, 0));
    assert_eq!(app.customers().await, (1..=500).collect::<Vec<_>>(), "what it holds is loaded");
    let state: String =
        app.value("SELECT state || error_code FROM load_file ORDER BY id DESC LIMIT 1").await;
    assert_eq!(state, "failedCONFLICT");

    // Not in another mode, which would take the removal for done.
    let merged = app.load_small().await;
    assert_says(why(&merged), &["begun to mirror this file", "--mode mirror"]);

    let raised = app.mirror("11%").await;
    assert_eq!((raised.outcome, raised.totals.read), (Outcome::Succeeded, 0), "{raised:?}");
    assert_eq!(raised.totals.removed, 11);
    assert_eq!(app.customers().await, (12..=500).collect::<Vec<_>>());
    app.assert_runs_add_up("removed").await;
}

#[tokio::test]
async fn a_file_without_rows_removes_all_only_when_told() {
    let app = hundred().await;
    app.put_records(CUSTOMER, &stores(1..1)).await;
    assert_says(why(&app.mirror("99.9%").await), &["lacks 100 of the 100 rows", "100.0%"]);
    assert_eq!(app.customers().await.len(), 100);
    assert_eq!(app.mirror("100%").await.totals.removed, 100);
    assert!(app.customers().await.is_empty());
}

#[tokio::test]
async fn nothing_is_removed_while_a_row_is_rejected() {
    let app = hundred().await;
    let mut records = stores(2..=100);
    let good = records[50].clone();
    records[50] = good.replace(";1;AW", ";North;AW");
    app.put_records(CUSTOMER, &records).await;
    let summary = app.mirror("10%").await;
    assert_says(why(&summary), &["1 rows of the file are rejected", "`salesgraph rejects replay`"]);
    assert_eq!(app.customers().await.len(), 100);

    let reject: String = app.value("SELECT concat(file_id, ':', line) FROM load_reject").await;
    app.run(&["rejects", "replay", &reject, "--raw", &good]).await.expect(0);
    assert_eq!(app.customers().await.len(), 100, "a replay alone removes nothing");
    let again = app.mirror("10%").await;
    assert_eq!((again.outcome, again.totals.removed), (Outcome::Succeeded, 1), "{again:?}");
    assert_eq!(app.customers().await, (2..=100).collect::<Vec<_>>());
}

#[tokio::test]
async fn several_files_of_a_table_are_not_mirrored_and_others_are() {
    let app = hundred().await;
    app.put_records(PERSON, &(1..=20).map(|id| person(id, "A", 1)).collect::<Vec<_>>()).await;
    app.load_small().await;
    app.put("more/Sales.Customer-2.csv", {
        crate::support::sample::clean().with_records(CUSTOMER, &stores(1..=95))
    })
    .await;
    app.put_records(PERSON, &(1..=19).map(|id| person(id, "A", 1)).collect::<Vec<_>>()).await;
    let summary = app.mirror("10%").await;
    assert_says(why(&summary), &["2 files of Sales.Customer", "leave only that one"]);
    assert_eq!(app.customers().await.len(), 100);
    assert_eq!(app.persons().await, (1..=19).collect::<Vec<_>>());
    let checked = app.run(&["load", "--check", "--mode", "mirror"]).await.expect(1);
    checked.says(&["2 files of Sales.Customer"]);
}

#[tokio::test]
async fn a_file_begun_in_merge_mode_is_not_mirrored() {
    let app = hundred().await;
    let mut records = stores(2..=100);
    for record in &mut records[20..30] {
        *record = record.replace(";1;AW", ";North;AW");
    }
    app.put_records(CUSTOMER, &records).await;
    let load = app.loader(|options| {
        options.limits.rows = 10;
        options.max_rejects = Some(MaxRejects::Count(3));
    });
    let summary = load.await.run().await.expect("the run ends");
    assert_eq!(summary.outcome, Outcome::Failed, "it stops halfway");
    let mirrored = app.mirror("10%").await;
    assert_says(why(&mirrored), &["loaded in merge mode", "--mode merge", "put it anew"]);
    let finished = app.load_small().await;
    assert_ne!(finished.outcome, Outcome::Failed, "{finished:?}");
    assert_eq!(app.customers().await.len(), 100);
}

#[tokio::test]
async fn a_newer_file_overrules_one_that_was_not_mirrored_to_its_end() {
    let app = hundred().await;
    app.put_records(CUSTOMER, &stores(51..=100)).await;
    why(&app.mirror("10%").await);
    assert_eq!(app.value::<i64>("SELECT count(*) FROM load_file_key").await, 50);
    app.put_records(CUSTOMER, &stores(2..=100)).await;
    let summary = app.mirror("10%").await;
    assert_eq!((summary.outcome, summary.totals.removed), (Outcome::Succeeded, 1), "{summary:?}");
    assert_eq!(app.value::<i64>("SELECT count(*) FROM load_file_key").await, 0);
    // The older one comes back: its keys are forgotten, and so it may not remove by them.
    app.put_records(CUSTOMER, &stores(51..=100)).await;
    let again = app.mirror("100%").await;
    assert_says(why(&again), &["--mode merge", "put it anew"]);
    assert_eq!(app.customers().await, (2..=100).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_atomic_file_is_mirrored_in_a_later_run() {
    let app = hundred().await;
    app.put_records(CUSTOMER, &stores(51..=100)).await;
    let load = async |share: &str| {
        let share = share.parse().expect("a percentage");
        let load = app.loader(|options| {
            options.atomic = true;
            options.mode = LoadMode::Mirror;
            options.max_removed = share;
        });
        load.await.run().await.expect("the run ends")
    };
    why(&load("10%").await);
    let summary = load("50%").await;
    assert_eq!((summary.outcome, summary.totals.removed), (Outcome::Succeeded, 50), "{summary:?}");
    assert_eq!(app.customers().await, (51..=100).collect::<Vec<_>>());
}
