//! A crash between the copy and the commit.

use std::process::Stdio;

use sqlx::Connection as _;

use crate::support::TestApp;
use crate::support::documents;
use crate::support::mirrored::person;
use crate::support::sample::{self, ALL, CUSTOMER, DETAIL, PERSON};

/// Kills a load that has copied and cannot commit; gives the keys that are kept then.
async fn killed_before_its_commit(app: &TestApp) -> Vec<String> {
    let mut blocker = sqlx::PgConnection::connect_with(&app.database()).await.unwrap();
    let mut held = blocker.begin().await.unwrap();
    sqlx::query("LOCK TABLE load_raw IN SHARE MODE").execute(&mut *held).await.unwrap();
    let mut loader = app
        .lake_command()
        .arg("load")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    app.wait_until(
        "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'load_raw'::regclass \
         AND NOT granted)",
    )
    .await;
    loader.kill().await.expect("the loader is killed");
    held.rollback().await.unwrap();
    app.wait_until_no_loader().await;
    let loaded: i64 = app.value("SELECT count(*) FROM load_file WHERE state = 'loaded'").await;
    assert_eq!(loaded, 0, "nothing is said to be loaded");
    let (kept, manifests) = app.kept().await;
    assert!(!kept.is_empty() && !manifests.is_empty());
    kept
}

/// The attempt was a day earlier, and its copies are gone.
async fn was_yesterday(app: &TestApp) {
    sqlx::query("UPDATE load_raw_claim SET kept_on = kept_on - 1")
        .execute(&app.pool)
        .await
        .unwrap();
    let lake = app.lake().await;
    for key in lake.keys("raw/").await.unwrap() {
        lake.delete(&key).await.unwrap();
    }
}

#[tokio::test]
async fn the_next_attempt_has_the_same_copy() {
    let app = TestApp::start().await;
    sample::clean().put(&app, &[PERSON]).await;
    let kept = killed_before_its_commit(&app).await;
    let claims: i64 = app.value("SELECT count(*) FROM load_raw_claim").await;
    assert_eq!(claims, 1);
    let written =
        app.lake().await.bucket().version(&in_bucket(&app, &kept[0]).await).await.unwrap();
    app.run_with_lake(&["load"]).await.expect(0);
    assert_eq!(app.kept().await.0, kept);
    let now = app.lake().await.bucket().version(&in_bucket(&app, &kept[0]).await).await.unwrap();
    assert_eq!(written, now);
    let rows: i64 = app
        .value(
            "SELECT count(*) FROM load_raw JOIN load_file ON id = file_id \
                               WHERE state = 'loaded'",
        )
        .await;
    assert_eq!(rows, 1);
}

async fn in_bucket(app: &TestApp, key: &str) -> String {
    app.lake().await.in_bucket(key)
}

#[tokio::test]
async fn copies_made_on_another_day_have_the_day_of_the_first_attempt() {
    let app = TestApp::start().await;
    for number in 1..=9 {
        let records = [person(number, "Ana", 1)];
        let key = format!("person/Person.Person-{number}.csv");
        app.put(&key, sample::clean().with_records(PERSON, &records)).await;
    }
    assert_eq!(killed_before_its_commit(&app).await.len(), 9);
    was_yesterday(&app).await;
    app.run_with_lake(&["load"]).await.expect(0);
    let days: Vec<bool> = sqlx::query_scalar(
        "SELECT kept_on < (now() AT TIME ZONE 'UTC')::date \
           AND uri LIKE '%/' || to_char(kept_on, 'YYYY/MM/DD') || '/%' FROM load_raw",
    )
    .fetch_all(&app.pool)
    .await
    .unwrap();
    assert_eq!(days, [true; 9]);
    assert_eq!(app.kept().await.0.len(), 9);
}

/// A file that was begun without being kept is read from its copy for its digest.
#[tokio::test]
async fn a_resumed_file_is_kept_whole() {
    let app = TestApp::start().await;
    sample::clean().put(&app, &[PERSON, CUSTOMER, DETAIL]).await;
    let mut load = app.keeping(|options| options.limits.rows = 50).await;
    load.observer = std::sync::Arc::new(StopAfterBatches {
        stop: load.stop.clone(),
        left: std::sync::atomic::AtomicUsize::new(3),
    });
    load.run().await.unwrap();
    let begun: i64 = app.value("SELECT count(*) FROM load_checkpoint WHERE NOT at_end").await;
    assert!(begun > 0, "the test must stop within a file");
    app.load_and_keep().await;
    let (_, manifests) = app.kept().await;
    assert_eq!(manifests.len(), 3);
    for key in manifests {
        assert_eq!(app.manifest(&key).await.objects[0].sha256.len(), 64);
    }
}

struct StopAfterBatches {
    stop: tokio_util::sync::CancellationToken,
    left: std::sync::atomic::AtomicUsize,
}

impl salesgraph::load::Observer for StopAfterBatches {
    fn batch(&self, _: &salesgraph::storage::ObjectVersion, _: salesgraph::load::Counts) {
        if self.left.fetch_sub(1, std::sync::atomic::Ordering::Relaxed) == 1 {
            self.stop.cancel();
        }
    }
}

/// With files that are loaded alone, together and as documents.
#[tokio::test]
async fn kills_at_drawn_moments_leave_each_file_kept_once() {
    let app = TestApp::start().await;
    let undisturbed = TestApp::start().await;
    for app in [&app, &undisturbed] {
        let others: Vec<&str> = ALL.into_iter().filter(|key| *key != CUSTOMER).collect();
        sample::defective().put(app, &others).await;
        let customers = sample::clean().records(CUSTOMER);
        for (number, records) in customers.chunks(20).enumerate() {
            let key = format!("sales/Sales.Customer-{number:03}.csv");
            app.put(&key, sample::clean().with_records(CUSTOMER, records)).await;
        }
        app.put_documents(&documents::documents(sample::clean())[..30]).await;
    }
    undisturbed.load_and_keep().await;
    let mut state = 11_u64;
    let mut hit = 0;
    for _ in 0..KILLS {
        let before: i64 = app.value(PROGRESS).await;
        let mut loader = app
            .lake_command()
            .arg("load")
            .env("LOAD_BATCH_ROWS", "60")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        state = state * 48_271 % 2_147_483_647;
        let more = 1 + state % 4;
        app.wait_until(&format!(
            "({PROGRESS}) >= {before} + {more} OR EXISTS (SELECT FROM load_run \
             WHERE state IN ('succeeded', 'succeeded_with_rejects'))"
        ))
        .await;
        loader.kill().await.expect("the loader is killed");
        app.wait_until_no_loader().await;
        let unkept: i64 = app
            .value(
                "SELECT count(*) FROM load_file WHERE state = 'loaded' \
                 AND NOT EXISTS (SELECT FROM load_raw WHERE file_id = id)",
            )
            .await;
        assert_eq!(unkept, 0, "what is loaded is kept");
        hit += i64::from(app.value::<bool>(UNFINISHED).await);
    }
    assert!(hit > KILLS / 2, "only {hit} kills hit a load with work left");
    app.run_with_lake(&["load"]).await.expect(3);
    app.assert_kept_whole().await;
    assert_eq!(app.snapshot().await, undisturbed.snapshot().await);
    let kept = |keys: Vec<String>| -> Vec<String> {
        keys.iter().map(|key| key.rsplit('/').next().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(kept(app.kept().await.0), kept(undisturbed.kept().await.0));
}

const KILLS: i64 = 12;
const PROGRESS: &str = "SELECT (SELECT count(*) FROM load_raw_claim) \
    + (SELECT count(*) FROM load_raw) + (SELECT coalesce(sum(batches), 0) FROM load_checkpoint)::bigint";
const UNFINISHED: &str = "SELECT NOT EXISTS (SELECT FROM load_run \
    WHERE state IN ('succeeded', 'succeeded_with_rejects'))";
