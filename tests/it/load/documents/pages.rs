//! Pages: small documents share entries of the ledger.

use salesgraph::load::{Counts, Outcome};

use crate::support::TestApp;
use crate::support::dialects::{Compression, compress};
use crate::support::documents::{Document, documents, key};
use crate::support::sample::{self, CUSTOMER, OFFER, PERSON, PRODUCT};

/// So many orders with one line each, with ids of their own.
pub(super) fn many(count: i32) -> Vec<Document> {
    let one = &documents(sample::clean())[1];
    let order = |number: i32| {
        let mut own = Document { id: 2 * number, ..one.clone() };
        own.set("salesOrderId", &own.id.to_string());
        own.lines.truncate(1);
        own.set_in_line(0, "salesOrderId", &own.id.to_string());
        own
    };
    (1..=count).map(order).collect()
}

pub(super) async fn parents(app: &TestApp) {
    sample::clean().put(app, &[PERSON, PRODUCT, CUSTOMER, OFFER]).await;
    assert_eq!(app.load().await.outcome, Outcome::Succeeded);
}

/// The number of objects of each page, by their entries.
pub(super) async fn pages(app: &TestApp) -> Vec<i32> {
    sqlx::query_scalar("SELECT cardinality(keys) FROM load_document_page ORDER BY file_id")
        .fetch_all(&app.pool)
        .await
        .expect("the pages")
}

#[tokio::test]
async fn a_new_document_among_many_makes_one_more_page() {
    let app = TestApp::start().await;
    parents(&app).await;
    let all = many(1_500);
    app.put_documents(&all).await;
    let summary = app.load().await;
    assert_eq!(summary.outcome, Outcome::Succeeded, "{summary:?}");
    assert_eq!(summary.totals, Counts { read: 3_000, inserted: 3_000, ..Counts::default() });
    let entries: i64 =
        app.value("SELECT count(*) FROM load_file WHERE dataset = 'sales_order_document'").await;
    let before = pages(&app).await;
    assert_eq!(
        (before.iter().sum::<i32>(), entries),
        (1_500, i64::try_from(before.len()).expect("few"))
    );
    assert!(before.len() <= 5, "{before:?}");
    app.assert_ledger_holds("after 1,500 documents").await;

    let between = Document { id: 1_001, ..all[0].clone() };
    let mut between = between;
    between.set("salesOrderId", "1001").set_in_line(0, "salesOrderId", "1001");
    let mut changed = all[700].clone();
    changed.set("comment", "\"changed\"").set("modifiedDate", "\"2030-01-01\"");
    app.put_documents(&[between, changed]).await;
    let summary = app.load().await;
    assert_eq!(summary.outcome, Outcome::Succeeded, "{summary:?}");
    let counts = Counts { read: 4, inserted: 2, updated: 1, unchanged: 1, ..Counts::default() };
    assert_eq!(summary.totals, counts);
    assert_eq!(summary.files_skipped, 1_499 + 4);
    assert_eq!(pages(&app).await, [before, vec![2]].concat());
    let again = app.load().await;
    assert_eq!((again.totals.read, again.files_skipped), (0, 1_501 + 4));
}

#[tokio::test]
async fn a_row_tells_the_object_that_it_is_from() {
    let app = TestApp::start().await;
    parents(&app).await;
    let all = many(5);
    app.put_documents(&all[..2]).await;
    app.put("orders/00000005.json", "[]").await;
    app.put("orders/00000007.json", format!("[{},{}]", all[2].json(), all[3].json())).await;
    app.put_documents(&all[4..]).await;
    let summary = app.load().await;
    assert_eq!(summary.outcome, Outcome::Succeeded, "{summary:?}");
    assert_eq!(pages(&app).await, [5]);
    let rows: Vec<(i32, i64, String)> = sqlx::query_as(
        "SELECT sales_order_id, source_line, load_source_key(source_file_id, source_line) \
         FROM sales_order ORDER BY 1",
    )
    .fetch_all(&app.pool)
    .await
    .expect("the orders");
    let object = |name: &str| format!("incoming/orders/{name}.json");
    let expected = [
        (2, 1, "00000002"),
        (4, 2, "00000004"),
        (6, 3, "00000007"),
        (8, 4, "00000007"),
        (10, 5, "00000010"),
    ];
    assert_eq!(rows, expected.map(|(id, line, name)| (id, line, object(name))));
}

#[tokio::test]
async fn an_object_that_cannot_be_read_fails_alone() {
    let app = TestApp::start().await;
    parents(&app).await;
    let all = many(3);
    app.put_documents(&all[..2]).await;
    app.put("orders/00000003.json.gz", b"\x1f\x8bnot gzip at all".as_slice()).await;
    let summary = app.load().await;
    assert_eq!((summary.outcome, summary.totals.inserted), (Outcome::Failed, 4), "{summary:?}");
    let failed: Vec<&str> = summary
        .files
        .iter()
        .filter(|file| file.error.is_some())
        .map(|file| file.key.as_str())
        .collect();
    assert_eq!(failed, ["incoming/orders/00000003.json.gz"]);
    assert_eq!(pages(&app).await, [2]);

    app.put("orders/00000003.json.gz", all[2].json()).await;
    let summary = app.load().await;
    assert_eq!((summary.outcome, summary.totals.inserted), (Outcome::Succeeded, 2), "{summary:?}");
    assert_eq!(pages(&app).await, [2, 1]);
}

#[tokio::test]
async fn a_page_with_too_many_rejects_is_not_loaded() {
    let app = TestApp::start().await;
    parents(&app).await;
    let mut all = many(4);
    all[1].set("totalDue", "1");
    all[2].set("totalDue", "1");
    app.put_documents(&all).await;
    let bounded = app.loader(|options| options.max_rejects = Some("1".parse().expect("a bound")));
    let summary = bounded.await.run().await.expect("the run ends");
    assert_eq!((summary.outcome, summary.totals.read), (Outcome::Failed, 0), "{summary:?}");
    let rows: i64 = app.value("SELECT count(*) FROM sales_order").await;
    assert_eq!((rows, pages(&app).await), (0, Vec::new()), "nothing of it is kept");
    let summary = app.load().await;
    assert_eq!(summary.outcome, Outcome::SucceededWithRejects);
    let counts = Counts { read: 8, inserted: 4, rejected: 2, parked: 2, ..Counts::default() };
    assert_eq!(summary.totals, counts);
    app.assert_ledger_holds("in the end").await;
}

#[tokio::test]
async fn names_that_nearly_fit_are_told() {
    let app = TestApp::start().await;
    parents(&app).await;
    app.put(&key(&many(1)[0]), many(1)[0].json()).await;
    for near in ["orders/x.json.bz2", "order/1.json"] {
        app.put(near, "{}").await;
    }
    app.put("orders/readme.txt", "{}").await;
    let summary = app.load().await;
    assert_eq!(summary.outcome, Outcome::Succeeded, "{summary:?}");
    let left: Vec<&str> = summary.left_out.iter().map(|file| file.key.as_str()).collect();
    assert_eq!(left, ["incoming/order/1.json", "incoming/orders/x.json.bz2"]);
}

#[tokio::test]
async fn large_files_come_in_their_turn() {
    let app = TestApp::start().await;
    parents(&app).await;
    let all = many(5);
    let padding = " ".repeat(128 << 10);
    let mut keys = Vec::new();
    for (at, one) in all.iter().enumerate() {
        // The second one is large; the fourth only when it is decompressed.
        let bytes = match at {
            1 => format!("{}{padding}", one.json()).into_bytes(),
            3 => {
                let text = format!("{}{}", one.json(), padding.repeat(9));
                compress(text.as_bytes(), Compression::Gzip)
            }
            _ => one.json().into_bytes(),
        };
        app.put(&key(one), bytes).await;
        keys.push(format!("incoming/{}", key(one)));
    }
    let summary = app.load().await;
    assert_eq!((summary.outcome, summary.totals.inserted), (Outcome::Succeeded, 10), "{summary:?}");
    let loaded: Vec<&str> = summary
        .files
        .iter()
        .filter(|file| file.dataset == "sales_order_document")
        .map(|file| file.key.as_str())
        .collect();
    assert_eq!(loaded, keys);
}
