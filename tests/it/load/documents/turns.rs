//! Pages are merged side by side and committed in the order of their keys.

use salesgraph::load::{Counts, Outcome};
use sqlx::Executor as _;

use super::pages::{many, pages, parents};
use crate::support::TestApp;
use crate::support::documents::Document;

/// One page waits for a lock, and the other, which is merged, for its turn.
const MERGED_AND_BLOCKED: &str = "SELECT count(*) FILTER (WHERE wait_event_type = 'Lock') = 1 \
       AND count(*) FILTER (WHERE state = 'idle in transaction' \
         AND query LIKE 'INSERT INTO load_document_page%') = 1 \
     FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";

/// The second of two pages has all its rows and waits, because the first one does.
#[tokio::test]
async fn a_merged_page_waits_for_the_one_before() {
    let app = TestApp::start().await;
    parents(&app).await;
    let mut all = many(1_200);
    app.put_documents(&all[..1]).await;
    assert_eq!(app.load().await.totals.inserted, 2);

    all[0].set("comment", "\"changed\"").set("modifiedDate", "\"2030-01-01\"");
    app.put_documents(&all).await;
    let mut holder = app.pool.begin().await.expect("a transaction");
    let first = format!("SELECT FROM sales_order WHERE sales_order_id = {} FOR UPDATE", all[0].id);
    holder.execute(sqlx::AssertSqlSafe(first)).await.expect("the order is locked");
    let loader = app.loader(|_| {}).await;
    let load = tokio::spawn(loader.run());
    app.wait_until(MERGED_AND_BLOCKED).await;
    assert_eq!(pages(&app).await, [1], "neither is committed");

    holder.rollback().await.expect("the order is unlocked");
    let summary = load.await.expect("no panic").expect("the run ends");
    assert_eq!(summary.outcome, Outcome::Succeeded, "{summary:?}");
    let counts =
        Counts { read: 2_400, inserted: 2_398, updated: 1, unchanged: 1, ..Counts::default() };
    assert_eq!(summary.totals, counts);
    let pages = pages(&app).await;
    assert_eq!((pages.len(), pages.iter().sum::<i32>()), (3, 1_201), "{pages:?}");
}

/// Another writer holds what the first page needs and then needs what the second one has merged.
#[tokio::test]
async fn another_writer_between_two_pages_does_not_stop_them() {
    let app = TestApp::start().await;
    parents(&app).await;
    let mut all = many(1_200);
    app.put_documents(&[all[0].clone(), all[1_199].clone()]).await;
    assert_eq!(app.load().await.totals.inserted, 4);

    for at in [0, 1_199] {
        all[at].set("comment", "\"changed\"").set("modifiedDate", "\"2030-01-01\"");
    }
    app.put_documents(&all).await;
    let lock = |at: usize| {
        let id = all[at].id;
        sqlx::AssertSqlSafe(format!(
            "SELECT FROM sales_order WHERE sales_order_id = {id} FOR UPDATE"
        ))
    };
    let mut writer = app.pool.begin().await.expect("a transaction");
    writer.execute(lock(0)).await.expect("the first order is locked");
    let load = tokio::spawn(app.loader(|_| {}).await.run());
    app.wait_until(MERGED_AND_BLOCKED).await;
    // Returns when the second page has let go of it.
    writer.execute(lock(1_199)).await.expect("the last order is locked");
    writer.rollback().await.expect("both are unlocked");
    let summary = load.await.expect("no panic").expect("the run ends");
    assert_eq!(summary.outcome, Outcome::Succeeded, "{summary:?}");
    let changed: i64 =
        app.value("SELECT count(*) FROM sales_order WHERE comment = 'changed'").await;
    assert_eq!(changed, 2);
}

/// Objects that have the same orders the other way round. Merged side by side, each page would
/// wait for rows of the other.
#[tokio::test]
async fn of_equally_new_documents_the_later_object_wins() {
    let app = TestApp::start().await;
    parents(&app).await;
    let first = many(1_000);
    app.put_documents(&first).await;
    for (at, one) in first.iter().rev().enumerate() {
        let mut again: Document = one.clone();
        again.set("comment", "\"again\"");
        app.put(&format!("orders/again/{at:04}.json"), again.json()).await;
    }
    let summary = app.load().await;
    assert_eq!(summary.outcome, Outcome::Succeeded, "{summary:?}");
    assert_eq!(pages(&app).await.iter().sum::<i32>(), 2_000);
    let again: i64 = app.value("SELECT count(*) FROM sales_order WHERE comment = 'again'").await;
    assert_eq!(again, 1_000);
}
