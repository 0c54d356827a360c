//! Large files of documents: batches, checkpoints, and crashes between them.

use std::process::Stdio;

use salesgraph::load::{Counts, Outcome};

use crate::support::TestApp;
use crate::support::dialects::{Compression, compress};
use crate::support::documents::{Document, documents};
use crate::support::sample::{self, CUSTOMER, OFFER, PERSON, PRODUCT};

const BATCHES: &str = "SELECT coalesce(sum(batches), 0)::bigint FROM load_checkpoint \
     JOIN load_file ON id = file_id WHERE dataset = 'sales_order_document'";

/// Good and bad documents as lines or as an array, more than fits in a page.
fn large(is_array: bool) -> Vec<u8> {
    let mut all = documents(sample::clean());
    for one in all.iter_mut().step_by(17) {
        one.set("status", "\"LOST\"");
    }
    let mut texts: Vec<String> = all.iter().map(Document::json).collect();
    texts[5].truncate(100);
    match is_array {
        // One that is cut off would take the others along.
        true => format!("[{}]", [&texts[..5], &texts[6..]].concat().join(",\n")).into_bytes(),
        false => texts.join("\n").into_bytes(),
    }
}

async fn filled(name: &str, bytes: Vec<u8>) -> TestApp {
    let app = TestApp::start().await;
    sample::clean().put(&app, &[PERSON, PRODUCT, CUSTOMER, OFFER]).await;
    assert_eq!(app.load().await.outcome, Outcome::Succeeded);
    app.put(name, bytes).await;
    app
}

async fn killed_and_resumed(name: &str, bytes: Vec<u8>) {
    assert!(bytes.len() > 128 << 10, "{} bytes are a small file", bytes.len());
    let undisturbed = filled(name, bytes.clone()).await;
    undisturbed.load_small().await;
    let app = filled(name, bytes).await;
    for kill in 0..6 {
        let mut loader = app
            .command()
            .arg("load")
            .env("LOAD_BATCH_ROWS", "60")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let reached: i64 = app.value(BATCHES).await;
        app.wait_until(&format!(
            "({BATCHES}) > {reached} OR EXISTS (SELECT FROM load_file \
             WHERE dataset = 'sales_order_document' AND state = 'loaded')"
        ))
        .await;
        loader.kill().await.expect("the loader is killed");
        app.wait_until_no_loader().await;
        app.assert_ledger_holds(&format!("after kill {kill}")).await;
    }
    let reached: i64 = app.value(BATCHES).await;
    assert!(reached >= 6, "{reached} batches");
    let last = app.run(&["load"]).await;
    assert!(matches!(last.code, Some(0 | 3)), "{last:?}");
    app.assert_ledger_holds("in the end").await;
    assert_eq!(app.snapshot().await, undisturbed.snapshot().await);
}

#[tokio::test]
async fn lines_are_resumed_after_the_last_batch() {
    Box::pin(killed_and_resumed("orders/all.ndjson", large(false))).await;
}

#[tokio::test]
async fn an_array_is_resumed_after_the_last_batch() {
    Box::pin(killed_and_resumed("orders/all.json", large(true))).await;
}

#[tokio::test]
async fn compressed_lines_are_resumed_after_the_last_batch() {
    let mut bytes = compress(&large(false), Compression::Gzip);
    // Padding, so that it is no small file.
    bytes.resize(bytes.len().max(128 << 10) + 1, 0);
    Box::pin(killed_and_resumed("orders/all.ndjson.gz", bytes)).await;
}

#[tokio::test]
async fn an_atomic_load_keeps_all_of_a_file_or_nothing() {
    let app = filled("orders/all.ndjson", large(false)).await;
    let load = |most: &'static str| {
        app.loader(move |options| {
            options.atomic = true;
            options.limits.rows = 100;
            options.max_rejects = Some(most.parse().expect("a bound"));
        })
    };
    let summary = load("3").await.run().await.expect("the run ends");
    assert_eq!(summary.outcome, Outcome::Failed, "{summary:?}");
    let orders: i64 = app.value("SELECT count(*) FROM sales_order").await;
    assert_eq!(orders, 0);
    let summary = load("1000").await.run().await.expect("the run ends");
    assert_eq!(summary.outcome, Outcome::SucceededWithRejects, "{summary:?}");
    app.assert_ledger_holds("in the end").await;
}

#[tokio::test]
async fn lines_of_the_file_and_bytes_are_told() {
    let app = filled("orders/all.ndjson", large(false)).await;
    app.load_small().await;
    let (line, offset, raw): (i64, i64, Vec<u8>) = sqlx::query_as(
        "SELECT line, byte_offset, raw FROM load_reject WHERE reason = 'invalid_json'",
    )
    .fetch_one(&app.pool)
    .await
    .expect("one");
    let bytes = large(false);
    let offset = usize::try_from(offset).expect("small");
    assert_eq!((line, &bytes[offset..offset + raw.len()]), (6, raw.as_slice()));
    let before = bytes[..offset].iter().filter(|byte| **byte == b'\n').count();
    assert_eq!(before, 5);
}

#[tokio::test]
async fn documents_on_one_line_have_places_of_their_own() {
    let mut all = documents(sample::clean());
    let with_lines: Vec<usize> =
        (0..all.len()).filter(|at| !all[*at].lines.is_empty()).take(3).collect();
    let [orphan, one, other] = with_lines[..] else { panic!("{with_lines:?}") };
    all[orphan].set_in_line(0, "productId", "999999");
    for at in [one, other] {
        all[at].set_in_line(0, "unitPrice", "\"much\"");
    }
    let texts: Vec<String> = all.iter().map(Document::json).collect();
    let bytes = format!("[{}]", texts.join(",")).into_bytes();
    assert!(bytes.len() > 128 << 10, "{} bytes are a small file", bytes.len());
    let app = filled("orders/all.json", bytes).await;
    let summary = app.load().await;
    assert_eq!(summary.outcome, Outcome::SucceededWithRejects, "{summary:?}");
    let read: usize = all.iter().map(|one| 1 + one.lines.len()).sum();
    let read = i64::try_from(read).expect("few");
    let counts = Counts { read, inserted: read - 3, rejected: 2, parked: 1, ..Counts::default() };
    assert_eq!(summary.totals, counts);
    app.assert_ledger_holds("in the end").await;
    let places: Vec<(i64, i32)> = sqlx::query_as(
        "SELECT line, part FROM load_parked UNION ALL \
         (SELECT line, part FROM load_reject ORDER BY line, part)",
    )
    .fetch_all(&app.pool)
    .await
    .expect("the places");
    let number = |at: usize| i64::try_from(at).expect("few") + 1;
    assert_eq!(places, [orphan, one, other].map(|at| (number(at), 2)));
}
