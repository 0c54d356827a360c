//! Faults of S3 and of Postgres while files are kept, and files that are refused.

use std::process::Stdio;

use salesgraph::lake::Lake;
use salesgraph::load::{Outcome, RawOptions};
use salesgraph::storage::S3Settings;
use sqlx::Connection as _;

use crate::support::TestApp;
use crate::support::documents;
use crate::support::fault_proxy::{Fault, FaultProxy};
use crate::support::kept::sha256;
use crate::support::mirrored::person;
use crate::support::sample::{self, ALL, DETAIL, HEADER, PERSON, PRODUCT};

/// Whatever is said to be loaded has a copy with its bytes, and no other file has a manifest.
/// Tells how many files are loaded.
async fn assert_loaded_is_kept(app: &TestApp) -> usize {
    let lake = app.lake().await;
    let loaded: i64 = app.value("SELECT count(*) FROM load_file WHERE state = 'loaded'").await;
    let rows: Vec<(String, String)> = sqlx::query_as(
        "SELECT uri, sha256 FROM load_raw JOIN load_file ON id = file_id WHERE state = 'loaded'",
    )
    .fetch_all(&app.pool)
    .await
    .unwrap();
    assert_eq!(i64::try_from(rows.len()).unwrap(), loaded);
    for (uri, digest) in &rows {
        let bytes = lake.get(lake.key_of(uri).unwrap(), 1 << 30).await.unwrap().expect(uri);
        assert_eq!(sha256(&bytes), *digest, "{uri}");
    }
    rows.len()
}

/// Loads small files and a large one while connections to the lake have this fault.
async fn load_through(app: &TestApp, fault: fn(usize) -> Fault, all: bool) -> Outcome {
    let endpoint = app.s3().endpoint_url.clone().expect("an endpoint");
    let proxy = FaultProxy::start(&endpoint, fault).await;
    let broken = S3Settings { endpoint_url: Some(proxy.endpoint()), ..app.s3().clone() };
    let lake = Lake::connect(&app.lake_uri(), &broken).await.unwrap();
    // The server of the source copies, or it is read and written.
    let s3 = if all { &broken } else { app.s3() };
    let raw = RawOptions { lake, keep: None };
    let load = app.loader_of(&app.source_uri(), s3, |options| options.raw = Some(raw)).await;
    let summary = load.run().await.expect("the run ends");
    assert!(proxy.connections() > 0);
    summary.outcome
}

async fn put_files(app: &TestApp) {
    for number in 1..=5 {
        let key = format!("person/Person.Person-{number}.csv");
        let records = [person(number, "Ana", 1)];
        app.put(&key, sample::clean().with_records(PERSON, &records)).await;
    }
    let mut large = sample::clean().file(PRODUCT).to_vec();
    large.extend(std::iter::repeat_n(b'\n', 9 << 20));
    app.put(PRODUCT, large).await;
}

#[tokio::test]
async fn what_s3_refuses_to_keep_is_not_loaded() {
    let app = TestApp::start().await;
    put_files(&app).await;
    assert_eq!(load_through(&app, |_| Fault::Refuse, false).await, Outcome::Failed);
    assert_eq!(assert_loaded_is_kept(&app).await, 0);
    assert_eq!(app.kept().await, (vec![], vec![]));
    app.load_and_keep().await;
    assert_eq!(app.assert_kept_whole().await.len(), 6);
}

#[tokio::test]
async fn a_copy_that_is_cut_is_made_whole_before_its_file_is_loaded() {
    let app = TestApp::start().await;
    put_files(&app).await;
    let cut = |number: usize| match number % 3 {
        0 => Fault::CutAfter(700),
        1 => Fault::CutAfter(200 * 1024),
        _ => Fault::Refuse,
    };
    load_through(&app, cut, false).await;
    assert!(assert_loaded_is_kept(&app).await < 6, "the large file cannot pass");
    let at_first = |number: usize| match number {
        0..=5 => Fault::CutAfter(600 + 300 * number),
        _ => Fault::Pass,
    };
    load_through(&app, at_first, true).await;
    assert_loaded_is_kept(&app).await;
    app.load_and_keep().await;
    assert_eq!(app.assert_kept_whole().await.len(), 6);
    assert_eq!(app.bucket.open_uploads("lake/", None).await.unwrap().0, []);
}

/// Loads, and ends the connection that claims versions while it waits.
async fn load_with_a_lost_claim(app: &TestApp) {
    const WAITS: &str = "FROM pg_locks WHERE relation = 'load_raw_claim'::regclass AND NOT granted";
    let mut blocker = sqlx::PgConnection::connect_with(&app.database()).await.unwrap();
    let mut held = blocker.begin().await.unwrap();
    sqlx::query("LOCK TABLE load_raw_claim").execute(&mut *held).await.unwrap();
    let mut loader = app
        .lake_command()
        .arg("load")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    app.wait_until(&format!("SELECT EXISTS (SELECT {WAITS})")).await;
    let ended: Vec<bool> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
        "SELECT pg_terminate_backend(pid) {WAITS}"
    )))
    .fetch_all(&app.pool)
    .await
    .unwrap();
    assert!(!ended.is_empty());
    held.rollback().await.unwrap();
    assert_eq!(loader.wait().await.unwrap().code(), Some(0));
}

#[tokio::test]
async fn a_lost_connection_while_versions_are_claimed_is_survived() {
    let app = TestApp::start().await;
    let clean = sample::clean();
    clean.put(&app, &[PERSON]).await;
    load_with_a_lost_claim(&app).await;
    let others: Vec<&str> = ALL.into_iter().filter(|key| ![HEADER, DETAIL].contains(key)).collect();
    clean.put(&app, &others).await;
    app.load_and_keep().await;
    app.put_documents(&documents::documents(clean)[..5]).await;
    load_with_a_lost_claim(&app).await;
    app.assert_kept_whole().await;
}

#[tokio::test]
async fn a_file_with_too_many_rejects_has_no_manifest() {
    for atomic in [false, true] {
        let app = TestApp::start().await;
        let records = [person(1, "Ana", 1), "no person".to_owned()];
        app.put_records(PERSON, &records).await;
        let mut load =
            app.keeping(|options| options.max_rejects = Some("0".parse().unwrap())).await;
        load.options.atomic = atomic;
        assert_eq!(load.run().await.unwrap().outcome, Outcome::Failed);
        let (copies, manifests) = app.kept().await;
        assert_eq!((copies.len(), manifests.len()), (1, 0));
        let rows: i64 = app.value("SELECT count(*) FROM load_raw").await;
        let claims: i64 = app.value("SELECT count(*) FROM load_raw_claim").await;
        assert_eq!((rows, claims), (0, 1));
        app.load_and_keep().await;
        assert_eq!(app.assert_kept_whole().await.len(), 1);
    }
}

#[tokio::test]
async fn a_mirrored_file_has_a_manifest_once_it_has_taken_its_place() {
    let app = TestApp::start().await;
    let persons: Vec<String> = (1..=20).map(|id| person(id, "Ana", 1)).collect();
    app.put_records(PERSON, &persons).await;
    app.load_and_keep().await;
    app.put_records(PERSON, &persons[..2]).await;
    for (share, outcome, manifests) in
        [("10%", Outcome::Failed, 1), ("100%", Outcome::Succeeded, 2)]
    {
        let mut load = app.mirroring(share).await;
        load.options.raw = Some(RawOptions { lake: app.lake().await, keep: None });
        let summary = load.run().await.unwrap();
        assert_eq!(summary.outcome, outcome, "{:?}", summary.first_error());
        assert_eq!(app.kept().await.1.len(), manifests, "{share}");
    }
    let of_mirror: Vec<String> =
        app.assert_kept_whole().await.into_iter().map(|manifest| manifest.mode).collect();
    assert!(of_mirror.contains(&"mirror".to_owned()), "{of_mirror:?}");
}
