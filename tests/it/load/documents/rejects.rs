//! What of documents cannot be loaded, and is replayed.

use salesgraph::config::LoadMode;
use salesgraph::load::{Counts, Outcome};

use crate::support::TestApp;
use crate::support::documents::{Document, documents, key};
use crate::support::sample::{self, CUSTOMER, OFFER, PERSON, PRODUCT};

/// Key of the object, line, part, pointer, reason and raw text.
type Found = (String, i64, i32, Option<String>, String, String);

async fn rejects(app: &TestApp) -> Vec<Found> {
    sqlx::query_as(
        "SELECT load_source_key(file_id, line), line, part, column_name, reason, \
           convert_from(raw, 'UTF8') FROM load_reject ORDER BY file_id, line, part",
    )
    .fetch_all(&app.pool)
    .await
    .expect("the rejects")
}

async fn parents(app: &TestApp) {
    sample::clean().put(app, &[PERSON, PRODUCT, CUSTOMER, OFFER]).await;
    assert_eq!(app.load().await.outcome, Outcome::Succeeded);
}

fn with_lines() -> Vec<Document> {
    documents(sample::clean()).into_iter().filter(|one| one.lines.len() > 2).take(6).collect()
}

/// Good ones, one with two bad lines, one with a bad total, and one that is no JSON.
fn defective() -> (Vec<(String, String)>, Vec<Document>) {
    let mut all = with_lines();
    all[1].set_in_line(1, "unitPrice", "\"much\"").set_in_line(2, "orderQuantity", "0");
    all[2].set("totalDue", "1.00").set("unknown", "[]");
    let mut files: Vec<_> = all.iter().map(|one| (key(one), one.json())).collect();
    let broken = &mut files[4].1;
    broken.truncate(broken.len() - 9);
    (files, all)
}

#[tokio::test]
async fn rejects_point_at_what_is_wrong_in_the_document_as_it_was() {
    let app = TestApp::start().await;
    parents(&app).await;
    let (files, all) = defective();
    for (key, json) in &files {
        app.put(key, json.as_str()).await;
    }
    let check = app.loader(|_| {}).await.check().await.expect("a check");
    let summary = app.load().await;
    assert_eq!(summary.outcome, Outcome::SucceededWithRejects, "{summary:?}");
    let good: usize =
        all.iter().enumerate().filter(|(at, _)| *at != 4).map(|(_, one)| 1 + one.lines.len()).sum();
    let counts = summary.totals;
    assert_eq!(counts.read, i64::try_from(good).expect("few") + 1);
    assert_eq!((counts.rejected, counts.parked), (4, i64::try_from(all[2].lines.len()).unwrap()));
    app.assert_ledger_holds("with rejects").await;
    let of = |at: usize, part, pointer: Option<&str>, reason: &str| {
        let (key, json) = &files[at];
        let line = i64::try_from(at).expect("few") + 1;
        let pointer = pointer.map(str::to_owned);
        (format!("incoming/{key}"), line, part, pointer, reason.to_owned(), json.clone())
    };
    let expected = [
        of(1, 3, Some("/lines/1/unitPrice"), "invalid_decimal"),
        of(1, 4, Some("/lines/2/orderQuantity"), "out_of_range"),
        of(2, 1, Some("/totalDue"), "check_failed"),
        of(4, 0, None, "invalid_json"),
    ];
    assert_eq!(rejects(&app).await, expected);
    let ignored: Vec<String> = app
        .value(
            "SELECT ARRAY(SELECT jsonb_array_elements_text(dialect -> 'ignored')) FROM load_file \
             WHERE dataset = 'sales_order_document'",
        )
        .await;
    assert_eq!(ignored, ["/unknown"]);

    // A check says the same, of the objects, and has written nothing.
    let page = check.files.iter().find(|it| it.dataset == "sales_order_document").expect("a page");
    let found: Vec<_> = page
        .samples
        .iter()
        .map(|it| (it.key.clone().expect("an object"), it.column.clone(), it.reason.to_owned()))
        .collect();
    let mut expected: Vec<_> = expected
        .into_iter()
        .map(|(key, _, _, pointer, reason, _)| (key, pointer, reason))
        .collect();
    expected.rotate_left(2);
    assert_eq!(found, expected, "orders, then lines");
    let both = (page.counts.rejected, page.counts.parked);
    assert_eq!(both, (counts.rejected, counts.parked));
}

#[tokio::test]
async fn a_newer_version_of_the_object_brings_what_was_rejected() {
    let app = TestApp::start().await;
    parents(&app).await;
    let (files, _) = defective();
    for (key, json) in &files {
        app.put(key, json.as_str()).await;
    }
    app.load().await;
    let good = with_lines();
    app.put_documents(&good).await;
    let summary = app.load().await;
    assert_eq!((summary.totals.rejected, summary.files_skipped), (0, 4 + 3), "{summary:?}");
    let rows: i64 = good.iter().map(|one| 1 + i64::try_from(one.lines.len()).unwrap()).sum();
    let stored: i64 = app
        .value(
            "SELECT (SELECT count(*) FROM sales_order) + (SELECT count(*) FROM sales_order_line)",
        )
        .await;
    assert_eq!(stored, rows);
}

#[tokio::test]
async fn rejects_are_replayed_as_they_are_or_corrected() {
    let app = TestApp::start().await;
    parents(&app).await;
    let (files, _) = defective();
    for (key, json) in &files {
        app.put(key, json.as_str()).await;
    }
    app.load().await;
    app.run(&["rejects", "replay"]).await.expect(3);
    assert_eq!(rejects(&app).await.len(), 4, "nothing has changed");
    app.assert_ledger_holds("after a replay in vain").await;

    let good = with_lines();
    let entry: i32 = app.value("SELECT DISTINCT file_id FROM load_reject").await;
    // One line, both lines by their document, the order, and the whole document.
    for (id, at, left) in [
        (format!("{entry}:2:4"), 1, 3),
        (format!("{entry}:2"), 1, 2),
        (format!("{entry}:3"), 2, 1),
        (format!("{entry}:5"), 4, 0),
    ] {
        app.run(&["rejects", "show", &id]).await.expect(0).says(&[&files[at].0]);
        let ended = app.run(&["rejects", "replay", &id, "--raw", &good[at].json()]).await;
        assert!(matches!(ended.code, Some(0 | 3)), "{id}: {ended:?}");
        assert_eq!(rejects(&app).await.len(), left, "after {id}");
        app.assert_ledger_holds(&format!("after {id}")).await;
    }
    let rows: i64 = good.iter().map(|one| 1 + i64::try_from(one.lines.len()).unwrap()).sum();
    let stored: i64 = app
        .value(
            "SELECT (SELECT count(*) FROM sales_order) + (SELECT count(*) FROM sales_order_line)",
        )
        .await;
    assert_eq!(stored, rows, "the lines of the order that was replayed are there, too");
}

#[tokio::test]
async fn rows_without_parents_wait_for_them() {
    let app = TestApp::start().await;
    sample::clean().put(&app, &[PERSON, PRODUCT]).await;
    let all = with_lines();
    app.put_documents(&all).await;
    let rows: i64 = all.iter().map(|one| 1 + i64::try_from(one.lines.len()).unwrap()).sum();
    let summary = app.load().await;
    assert_eq!(summary.outcome, Outcome::SucceededWithRejects, "{summary:?}");
    assert_eq!(summary.totals.parked, rows, "no customer, no offer");
    app.assert_ledger_holds("while all wait").await;
    let raw: Vec<u8> = app
        .value("SELECT raw FROM load_parked WHERE dataset = 'sales_order' ORDER BY line LIMIT 1")
        .await;
    assert_eq!(String::from_utf8(raw).expect("text"), all[0].json());

    sample::clean().put(&app, &[CUSTOMER]).await;
    app.load().await;
    let orders: i64 = app.value("SELECT count(*) FROM sales_order").await;
    assert_eq!(orders, i64::try_from(all.len()).unwrap());
    sample::clean().put(&app, &[OFFER]).await;
    app.load().await;
    let left: i64 = app.value("SELECT count(*) FROM load_parked").await;
    let lines: i64 = app.value("SELECT count(*) FROM sales_order_line").await;
    assert_eq!((left, lines), (0, rows - orders));
    app.assert_ledger_holds("in the end").await;
}

#[tokio::test]
async fn documents_are_never_mirrored() {
    let app = TestApp::start().await;
    sample::clean().put(&app, &[PERSON, PRODUCT, CUSTOMER, OFFER]).await;
    let all = with_lines();
    app.put_documents(&all[..3]).await;
    app.load().await;
    for one in &all[..3] {
        app.put(&key(one), "[]").await;
    }
    app.put_documents(&all[3..]).await;
    let mirror = app.loader(|options| options.mode = LoadMode::Mirror).await;
    let summary = mirror.run().await.expect("the run ends");
    assert_eq!((summary.outcome, summary.totals.removed), (Outcome::Succeeded, 0), "{summary:?}");
    let orders: i64 = app.value("SELECT count(*) FROM sales_order").await;
    assert_eq!(orders, 6);
}

#[tokio::test]
async fn nothing_but_documents_is_a_source() {
    let app = TestApp::start().await;
    app.put("orders/1.json", "").await;
    let summary = app.load().await;
    assert_eq!(summary.outcome, Outcome::SucceededWithRejects, "{summary:?}");
    assert_eq!(summary.totals, Counts { read: 1, rejected: 1, ..Counts::default() });
    assert_eq!(rejects(&app).await[0].4, "invalid_json");
}

#[tokio::test]
async fn a_message_may_quote_what_cannot_be_stored() {
    let app = TestApp::start().await;
    parents(&app).await;
    let mut all = with_lines();
    all[0].set_in_line(0, "unitPrice", r#""1\u0000""#);
    app.put_documents(&all[..1]).await;
    let summary = app.load().await;
    assert_eq!(summary.outcome, Outcome::SucceededWithRejects, "{summary:?}");
    let message: String = app.value("SELECT message FROM load_reject").await;
    assert!(message.ends_with("found 1\u{fffd}"), "{message}");
}
