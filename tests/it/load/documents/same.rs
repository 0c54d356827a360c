//! The same orders as documents and as CSV files make the same tables.

use salesgraph::load::Outcome;

use super::OTHERS;
use crate::support::TestApp;
use crate::support::dialects::{Compression, compress};
use crate::support::documents::{Document, documents, key};
use crate::support::sample::{self, ALL, DETAIL, HEADER};
use crate::support::snapshot::Snapshot;

/// Keys and bytes.
type Files = Vec<(String, Vec<u8>)>;

async fn of_rows() -> Snapshot {
    let app = TestApp::start().await;
    sample::clean().put(&app, &ALL).await;
    assert_eq!(app.load().await.outcome, Outcome::Succeeded);
    app.snapshot().await
}

fn array(documents: &[Document]) -> String {
    let all: Vec<String> = documents.iter().map(Document::json).collect();
    format!("\u{feff}[\n{}\n]\n", all.join(" ,\n\n"))
}

fn lines(documents: &[Document], end: &str) -> String {
    documents.iter().map(|document| document.json().replace('\n', " ") + end).collect()
}

#[tokio::test]
async fn documents_make_the_tables_of_the_files_of_rows_however_they_are_packed() {
    let expected = of_rows().await;
    let all = documents(sample::clean());
    let rows = expected.rows("sales_order") + expected.rows("sales_order_line");
    let third = all.len() / 3;
    let small = || all.iter().map(|one| (key(one), one.json().into_bytes()));
    let packings: [(&str, Files); 5] = [
        ("one by one", small().collect()),
        (
            "one by one, compressed",
            small().map(|(key, json)| (key + ".gz", compress(&json, Compression::Gzip))).collect(),
        ),
        ("an array", vec![("orders/all.json".to_owned(), array(&all).into_bytes())]),
        (
            "lines",
            vec![(
                "in/Orders/all.NDJSON.zst".to_owned(),
                compress(lines(&all, "\r\n").as_bytes(), Compression::Zstd),
            )],
        ),
        (
            "a mixture",
            vec![
                ("orders/a.json".to_owned(), array(&all[..third]).into_bytes()),
                ("orders/b.jsonl".to_owned(), lines(&all[third..][..9], "\n\n").into_bytes()),
                ("orders/c.json".to_owned(), array(&all[third + 9..][..5]).into_bytes()),
                ("orders/d.ndjson".to_owned(), lines(&all[third + 14..], "\n").into_bytes()),
                ("orders/e.json".to_owned(), b"[]".to_vec()),
            ],
        ),
    ];
    for (packing, files) in packings {
        let app = TestApp::start().await;
        sample::clean().put(&app, &OTHERS).await;
        for (key, bytes) in &files {
            app.put(key, bytes.clone()).await;
        }
        let summary = app.load().await;
        assert_eq!(summary.outcome, Outcome::Succeeded, "{packing}: {summary:?}");
        assert_eq!(summary.files_found, OTHERS.len() + files.len(), "{packing}");
        let documents = summary.files.iter().filter(|it| it.dataset == "sales_order_document");
        let read: i64 = documents.map(|file| file.counts.inserted).sum();
        assert_eq!(read, rows, "{packing}");
        app.assert_ledger_holds(packing).await;
        assert_eq!(app.snapshot().await.content, expected.content, "{packing}");
        let again = app.load().await;
        assert_eq!(again.files_skipped, again.files_found, "{packing}: {again:?}");
        assert_eq!((again.outcome, again.totals.read), (Outcome::Succeeded, 0), "{packing}");
    }
}

#[tokio::test]
async fn documents_of_orders_that_files_of_rows_have_change_nothing() {
    let app = TestApp::start().await;
    sample::clean().put(&app, &ALL).await;
    let all = documents(sample::clean());
    app.put_documents(&all[..50]).await;
    let summary = app.load().await;
    assert_eq!(summary.outcome, Outcome::Succeeded, "{summary:?}");
    let page = summary.files.iter().find(|it| it.dataset == "sales_order_document").expect("it");
    assert_eq!((page.counts.unchanged, page.counts.read), (page.counts.read, page.counts.read));
    assert!(page.key.ends_with("(50 documents)"), "{}", page.key);
    let keys =
        [HEADER, DETAIL].map(|key| summary.files.iter().position(|it| it.key.ends_with(key)));
    let page = summary.files.iter().position(|it| it.dataset == "sales_order_document");
    assert!(keys.iter().all(|at| *at < page), "documents come last");
}

#[tokio::test]
async fn newer_documents_win_and_older_ones_do_not() {
    let app = TestApp::start().await;
    sample::clean().put(&app, &OTHERS).await;
    let mut one = documents(sample::clean()).swap_remove(3);
    for (day, comment, stored) in [
        ("2030-01-02", "second", "second"),
        ("2030-01-01", "first", "second"),
        ("2030-01-02", "third", "third"),
    ] {
        one.set("modifiedDate", &format!("\"{day}\"")).set("comment", &format!("\"{comment}\""));
        app.put(&key(&one), one.json()).await;
        assert_eq!(app.load().await.outcome, Outcome::Succeeded);
        let found: String = app.value("SELECT comment FROM sales_order").await;
        assert_eq!(found, stored, "after {comment}");
    }
    let pages: i64 = app.value("SELECT count(*) FROM load_document_page").await;
    assert_eq!(pages, 3, "each version is loaded once");
}

#[tokio::test]
async fn amounts_keep_every_digit() {
    let app = TestApp::start().await;
    sample::clean().put(&app, &OTHERS).await;
    let mut one = documents(sample::clean()).swap_remove(0);
    one.set("subTotal", "900719925474099.3123").set("taxAmt", "\"0.0001\"").set("freight", "1e-4");
    one.set("totalDue", "900719925474099.3125");
    app.put(&key(&one), one.json()).await;
    let summary = app.load().await;
    assert_eq!(summary.outcome, Outcome::Succeeded, "{summary:?}");
    let total: String =
        app.value("SELECT concat(sub_total, ' ', total_due) FROM sales_order").await;
    assert_eq!(total, "900719925474099.3123 900719925474099.3125");
}
