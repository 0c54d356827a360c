//! Kept files loaded again.

use chrono::{Days, Utc};

use crate::support::dialects::{Compression, compress};
use crate::support::documents;
use crate::support::mirrored::{customer, person};
use crate::support::process::Ended;
use crate::support::sample::{self, ALL, CUSTOMER, DETAIL, HEADER, PERSON};
use crate::support::{TestApp, write};

/// Reprocesses the last days.
async fn reprocess(app: &TestApp, lake_of: &TestApp, more: &[&str]) -> Ended {
    let today = Utc::now().date_naive();
    let (from, to) = (today - Days::new(2), today + Days::new(1));
    let (from, to) = (from.to_string(), to.to_string());
    let mut command = app.command();
    command.env("LAKE_URI", lake_of.lake_uri());
    command.args(["reprocess", "--from", &from, "--to", &to]).args(more);
    let output = command.output().await.expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// A database that lived through several loads: with rejects, rows that waited for their
/// parents, overwritten and compressed files, documents, and removals.
async fn lived() -> TestApp {
    let app = TestApp::start().await;
    let (bad, clean) = (sample::defective(), sample::clean());
    let others: Vec<&str> =
        ALL.into_iter().filter(|key| ![HEADER, DETAIL, PERSON].contains(key)).collect();
    bad.put(&app, &others).await;
    app.put(DETAIL, bad.file(DETAIL).to_vec()).await;
    app.load_and_keep().await;
    app.put(&format!("{PERSON}.gz"), compress(bad.file(PERSON), Compression::Gzip)).await;
    app.put(HEADER, bad.file(HEADER).to_vec()).await;
    app.load_and_keep().await;
    app.put_documents(&documents::documents(clean)[..30]).await;
    for (number, name) in [(1, "Ana"), (2, "Bea"), (3, "Eva")] {
        let key = format!("person/Person.Person-{number}.csv");
        app.put(&key, clean.with_records(PERSON, &[person(900_001, name, 7)])).await;
    }
    app.load_and_keep().await;
    // Of two that are equally new the later file's holds, also if it was loaded again.
    let records = [person(900_001, "Ana", 7), person(900_002, "Ada", 7)];
    app.put("person/Person.Person-1.csv", clean.with_records(PERSON, &records)).await;
    app.load_and_keep().await;
    app
}

#[tokio::test]
async fn an_empty_database_becomes_equal() {
    let lived = lived().await;
    let empty = TestApp::start().await;
    let done = reprocess(&empty, &lived, &[]).await.expect(3);
    done.says(&["loaded on ", "again:"]);
    let (before, now) = (lived.snapshot().await, empty.snapshot().await);
    assert_eq!(now.tables, before.tables);
    assert_eq!(now.files, before.files);
    assert_eq!(now.rejects, before.rejects);
    assert_eq!(now.parked, before.parked);
    let runs: i64 = empty.value("SELECT count(*) FROM load_run").await;
    assert_eq!(runs, 4, "the versions of one run are a run again");
    // What was kept is not kept again, and the rows say where it is.
    let raw = "SELECT string_agg(uri || ' ' || manifest_uri, ' ' ORDER BY uri, manifest_uri) \
               FROM load_raw";
    assert_eq!(empty.value::<String>(raw).await, lived.value::<String>(raw).await);
    // The source has nothing new for it.
    let mut load = empty.loader_of(&lived.source_uri(), lived.s3(), |_| {}).await;
    load.options.raw = None;
    let summary = load.run().await.unwrap();
    assert_eq!(summary.files.len(), 0, "{:?}", summary.files);
}

#[tokio::test]
async fn a_present_database_stays_equal() {
    let lived = lived().await;
    let before = lived.snapshot().await;
    for table in [
        "UPDATE person SET first_name = 'lost' WHERE business_entity_id % 7 = 1",
        "UPDATE sales_order_line SET carrier_tracking_number = 'lost'",
    ] {
        write(&lived.pool, table).await;
    }
    assert_ne!(lived.snapshot().await.content, before.content);
    reprocess(&lived, &lived, &[]).await.expect(3);
    assert_eq!(lived.snapshot().await.content, before.content);
    let kept: bool = lived
        .value("SELECT count(*) > count(DISTINCT uri) FROM load_raw WHERE objects IS NULL")
        .await;
    assert!(kept, "a reading again has the copy of the one before");
}

#[tokio::test]
async fn removals_are_made_again() {
    let app = TestApp::start().await;
    let persons: Vec<String> = (1..=20).map(|id| person(id, "Ana", 1)).collect();
    app.put_records(PERSON, &persons).await;
    app.put_records(CUSTOMER, &[customer(1, Some(20), 1)]).await;
    app.load_and_keep().await;
    app.put_records(PERSON, &persons[..17]).await;
    let raw = salesgraph::load::RawOptions { lake: app.lake().await, keep: None };
    let mut load = app.mirroring("100%").await;
    load.options.raw = Some(raw);
    load.run().await.unwrap();
    let before = app.persons().await;
    assert_eq!(before.len(), 18);
    let empty = TestApp::start().await;
    reprocess(&empty, &app, &[]).await;
    assert_eq!(empty.persons().await, before);
    assert_eq!(empty.snapshot().await.tables, app.snapshot().await.tables);
}

#[tokio::test]
async fn one_dataset_of_some_days() {
    let lived = lived().await;
    let empty = TestApp::start().await;
    reprocess(&empty, &lived, &["--dataset", "product"]).await.expect(3);
    let snapshot = empty.snapshot().await;
    assert_eq!(snapshot.tables["product"], lived.snapshot().await.tables["product"]);
    assert_eq!(snapshot.rows("person"), 0);
    let nothing = empty
        .command()
        .env("LAKE_URI", lived.lake_uri())
        .args(["reprocess", "--from", "2020-01-01", "--to", "2020-01-02"])
        .output()
        .await
        .unwrap();
    assert_eq!(nothing.status.code(), Some(1));
    let wrong = reprocess(&empty, &lived, &["--dataset", "prodcut"]).await.expect(2);
    assert!(wrong.err.contains("sales_order_document"), "{}", wrong.err);
}
