//! Old files are removed from the lake.

use std::time::Duration;

use salesgraph::load::RawOptions;

use crate::support::TestApp;
use crate::support::documents;
use crate::support::mirrored::person;
use crate::support::sample::{self, ALL, DETAIL, HEADER, PERSON};

const DAY: Duration = Duration::from_secs(86_400);

async fn load(app: &TestApp, days: u32) {
    let raw = RawOptions { lake: app.lake().await, keep: Some(DAY * days) };
    app.keeping(|options| options.raw = Some(raw)).await.run().await.expect("the run ends");
}

#[tokio::test]
async fn what_is_older_than_the_rule_goes_with_its_manifest() {
    let app = TestApp::start().await;
    let clean = sample::clean();
    let others: Vec<&str> = ALL.into_iter().filter(|key| ![HEADER, DETAIL].contains(key)).collect();
    clean.put(&app, &others).await;
    app.put_documents(&documents::documents(clean)[..12]).await;
    load(&app, 90).await;
    let (kept, manifests) = app.kept().await;
    assert_eq!((kept.len(), manifests.len()), (others.len() + 12, others.len() + 1));
    // All but one table's files become old.
    let old = "UPDATE load_raw SET kept_on = kept_on - 91 WHERE uri NOT LIKE '%/person/%'";
    sqlx::query(old).execute(&app.pool).await.unwrap();
    load(&app, 90).await;
    assert_eq!(app.kept().await.0.len(), others.len() + 12, "it began long ago, and has ended now");
    let old = "UPDATE load_raw SET kept_at = kept_at - interval '91 days' \
               WHERE uri NOT LIKE '%/person/%'";
    sqlx::query(old).execute(&app.pool).await.unwrap();
    app.put(PERSON, clean.with_records(PERSON, &[person(900_001, "Ana", 1)])).await;
    load(&app, 92).await;
    assert_eq!(app.kept().await.0.len(), others.len() + 13, "not yet");
    load(&app, 90).await;
    let (kept, manifests) = app.kept().await;
    assert_eq!((kept.len(), manifests.len()), (2, 2), "{kept:?}");
    let removed: i64 =
        app.value("SELECT count(*) FROM load_raw WHERE removed_at IS NOT NULL").await;
    assert_eq!(removed, i64::try_from(others.len()).unwrap());
    let named: i64 =
        app.value("SELECT count(load_raw_object(source_file_id, source_line)) FROM product").await;
    assert_eq!(named, 0, "what is removed has no address");
    load(&app, 90).await;
    assert_eq!(app.kept().await.0, kept);
}

/// A copy that a younger reading shares stays, and one that was never loaded goes.
#[tokio::test]
async fn what_is_needed_stays() {
    let app = TestApp::start().await;
    sample::clean().put(&app, &[PERSON]).await;
    load(&app, 90).await;
    let lake = app.lake().await;
    let old = "UPDATE load_raw SET kept_on = kept_on - 91, kept_at = kept_at - interval '91 days'";
    sqlx::query(old).execute(&app.pool).await.unwrap();
    sqlx::query(
        "INSERT INTO load_raw (file_id, kept_on, uri, manifest_uri) \
         SELECT -1, (now() AT TIME ZONE 'UTC')::date, uri, uri || '.other' FROM load_raw",
    )
    .execute(&app.pool)
    .await
    .unwrap();
    let claimed = "raw/person/2020/02/03/a-9b2cf535f277.csv";
    lake.put(claimed, b"x".to_vec()).await.unwrap();
    lake.put(&format!("{claimed}.manifest.json"), b"{}".to_vec()).await.unwrap();
    lake.put(&format!("{claimed}.0123456789ab.manifest.json"), b"{}".to_vec()).await.unwrap();
    sqlx::query(
        "INSERT INTO load_raw_claim VALUES ('b', 'in/a.csv', '9b2cf535f27731c974343645a3985328', \
           '', 'person', '2020-02-03')",
    )
    .execute(&app.pool)
    .await
    .unwrap();
    load(&app, 90).await;
    let (kept, manifests) = app.kept().await;
    assert_eq!((kept.len(), manifests.len()), (1, 0), "{kept:?}");
    assert!(!kept[0].contains("2020"), "{kept:?}");
    let left: i64 = app.value("SELECT count(*) FROM load_raw_claim").await;
    assert_eq!(left, 0);
}

/// A page that stays needs its objects, whichever other reading has one of them; and what is in
/// another lake is left alone.
#[tokio::test]
async fn what_a_page_needs_and_what_is_elsewhere_stay() {
    let app = TestApp::start().await;
    let clean = sample::clean();
    let others: Vec<&str> = ALL.into_iter().filter(|key| ![HEADER, DETAIL].contains(key)).collect();
    clean.put(&app, &others).await;
    app.put_documents(&documents::documents(clean)[..5]).await;
    load(&app, 90).await;
    let before = app.kept().await;
    sqlx::query(
        "INSERT INTO load_raw (file_id, kept_on, uri, manifest_uri, objects, kept_at) \
         SELECT -1, date '2020-01-01', objects[1], objects[1] || '.manifest.json', NULL::text[], \
             timestamptz '2020-01-01' \
           FROM load_raw WHERE objects IS NOT NULL \
         UNION ALL SELECT -2, '2020-01-01', uri, manifest_uri, objects, '2020-01-01' \
           FROM load_raw WHERE objects IS NOT NULL \
         UNION ALL SELECT -3, '2020-01-01', 's3://elsewhere/a', 's3://elsewhere/a.manifest.json', \
           NULL, '2020-01-01'",
    )
    .execute(&app.pool)
    .await
    .unwrap();
    load(&app, 90).await;
    assert_eq!(app.kept().await, before);
    let removed: Vec<i32> =
        sqlx::query_scalar("SELECT file_id FROM load_raw WHERE removed_at IS NOT NULL ORDER BY 1")
            .fetch_all(&app.pool)
            .await
            .unwrap();
    assert_eq!(removed, [-2, -1], "what is elsewhere is not said to be removed");
}
