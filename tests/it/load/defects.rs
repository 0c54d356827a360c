//! Bad rows among good ones: each is found, reported and stored, and no good one is.

use std::collections::BTreeSet;

use salesgraph::load::Outcome;

use crate::support::TestApp;
use crate::support::sample::{self, ALL, Planted, Sample};

/// A stored bad row: file, line, byte offset, column or parent, reason, raw text.
type Stored = (String, i64, i64, String, String, Vec<u8>);

fn expected(sample: &Sample, parked: bool) -> BTreeSet<Stored> {
    let kept = |bad: &Planted| {
        let raw = &sample.file(&bad.file)[bad.offset..bad.offset + bad.length];
        let place = |at: usize| i64::try_from(at).expect("small");
        let column = if parked { parent(&bad.file, &bad.column) } else { &bad.column };
        let line = i64::try_from(bad.line).expect("small");
        let key = format!("incoming/{}", bad.file);
        (key, line, place(bad.offset), column.to_owned(), bad.reason.clone(), raw.to_vec())
    };
    let wanted = sample.planted.iter().filter(|bad| (bad.reason == "missing_parent") == parked);
    wanted.map(kept).collect()
}

fn parent(file: &str, column: &str) -> &'static str {
    match (file.rsplit('/').next(), column) {
        (Some("Sales.Customer.csv"), "PersonID") => "person",
        (
            Some("Sales.SpecialOfferProduct.csv" | "Production.ProductInventory.csv"),
            "ProductID",
        ) => "product",
        (Some("Sales.SalesOrderHeader.csv"), "CustomerID") => "customer",
        (Some("Sales.SalesOrderDetail.csv"), "SalesOrderID") => "sales_order",
        (Some("Sales.SalesOrderDetail.csv"), "ProductID") => "special_offer_product",
        other => panic!("{other:?} refers to nothing"),
    }
}

#[tokio::test]
async fn exactly_the_planted_rows_are_found_at_their_positions() {
    let sample = sample::defective();
    let app = TestApp::start().await;
    sample.put(&app, &ALL).await;
    let summary = app.load_small().await;
    assert_eq!(summary.outcome, Outcome::SucceededWithRejects);

    let rejects: Vec<Stored> = sqlx::query_as(
        "SELECT object_key, line, byte_offset, coalesce(column_name, ''), reason, raw \
         FROM load_reject JOIN load_file ON id = file_id",
    )
    .fetch_all(&app.pool)
    .await
    .expect("the rejects");
    assert_same(rejects, &expected(sample, false), "rejected");
    let parked: Vec<Stored> = sqlx::query_as(
        "SELECT object_key, line, byte_offset, parent, 'missing_parent', raw \
         FROM load_parked JOIN load_file ON id = file_id",
    )
    .fetch_all(&app.pool)
    .await
    .expect("the parked rows");
    assert_same(parked, &expected(sample, true), "parked");
    let mute: i64 = app.value("SELECT count(*) FROM load_reject WHERE message = ''").await;
    assert_eq!(mute, 0, "each reject has a message");
}

fn assert_same(found: Vec<Stored>, expected: &BTreeSet<Stored>, what: &str) {
    assert!(!expected.is_empty(), "nothing was planted to be {what}");
    let count = found.len();
    let found: BTreeSet<Stored> = found.into_iter().collect();
    assert_eq!(found.len(), count, "a row is {what} twice");
    let show = |(file, line, offset, column, reason, raw): &Stored| {
        let raw = String::from_utf8_lossy(raw).chars().take(80).collect::<String>();
        format!("{file}:{line} at {offset}, {column}, {reason}: {raw}")
    };
    let missing: Vec<String> = expected.difference(&found).map(show).collect();
    let surplus: Vec<String> = found.difference(expected).map(show).collect();
    assert!(missing.is_empty(), "not {what} as planted: {missing:#?}\ninstead: {surplus:#?}");
    assert!(surplus.is_empty(), "{what} though good: {surplus:#?}");
}

#[tokio::test]
async fn good_rows_are_loaded_as_if_there_were_no_bad_ones() {
    let (clean, defective) = (sample::clean(), sample::defective());
    let (good, both) = (TestApp::start().await, TestApp::start().await);
    clean.put(&good, &ALL).await;
    defective.put(&both, &ALL).await;
    assert_eq!(good.load_small().await.outcome, Outcome::Succeeded);
    let summary = both.load_small().await;
    assert_eq!(both.snapshot().await.content, good.snapshot().await.content);

    for key in ALL {
        let planted = |parked: bool| {
            let own = defective.planted.iter().filter(|bad| bad.file == key);
            let count = own.filter(|bad| (bad.reason == "missing_parent") == parked).count();
            i64::try_from(count).expect("few")
        };
        let file = summary.files.iter().find(|file| file.key.ends_with(key)).expect(key);
        let counts = file.counts;
        let (rejected, parked) = (planted(false), planted(true));
        assert_eq!(counts.inserted, clean.count(key), "{key}: inserted");
        assert_eq!((counts.rejected, counts.parked), (rejected, parked), "{key}");
        assert_eq!((counts.updated, counts.unchanged), (0, 0), "{key}");
        assert_eq!(counts.read, counts.inserted + rejected + parked, "{key}: read");
    }
    both.assert_ledger_holds("after a load with bad rows").await;
    let state: String = both.value("SELECT state FROM load_run").await;
    assert_eq!(state, "succeeded_with_rejects");

    let again = both.load_small().await;
    assert_eq!((again.outcome, again.files_skipped), (Outcome::Succeeded, ALL.len()));
    both.assert_ledger_holds("after a second run").await;
}

#[tokio::test]
async fn an_oversized_record_is_rejected_alone() {
    let clean = sample::clean();
    let mut records = clean.records(sample::PRODUCT);
    // Once with records after it, once as the file's last record.
    for at in [3, records.len() - 1] {
        records[at] = records[at].replacen(';', &format!(";{}", "x".repeat(200_000)), 1);
    }
    let app = TestApp::start().await;
    app.put(sample::PRODUCT, clean.with_records(sample::PRODUCT, &records)).await;
    let load = app.loader(|options| options.limits.record_bytes = 4096).await;
    let summary = load.run().await.expect("the run ends");
    assert_eq!(summary.outcome, Outcome::SucceededWithRejects, "{summary:?}");
    let good = clean.count(sample::PRODUCT) - 2;
    assert_eq!((summary.totals.inserted, summary.totals.rejected), (good, 2));
    let reasons: Vec<(i64, String)> =
        sqlx::query_as("SELECT line, reason FROM load_reject ORDER BY line")
            .fetch_all(&app.pool)
            .await
            .expect("the rejects");
    let last = i64::try_from(records.len()).expect("few") + 1;
    assert_eq!(reasons, [(5, "record_too_long".to_owned()), (last, "record_too_long".to_owned())]);
}
