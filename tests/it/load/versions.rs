//! Versions of files and rows: which files are skipped, and which row wins.

use std::collections::BTreeMap;

use salesgraph::load::{Counts, Outcome};

use crate::support::TestApp;
use crate::support::dialects::{Compression, USUAL, Written};
use crate::support::sample::{self, CUSTOMER, HEADER};

/// A store, which needs no parent.
fn store(id: u32, territory: u32, day: u32) -> String {
    let guid = "5B9A9BE4-61D8-4E3B-96C2-9A9F1F6B0A5E";
    format!("{id};NULL;7;{territory};AW{id:08};{guid};2014-01-{day:02} 00:00:00.000")
}

fn file(records: &[String]) -> Vec<u8> {
    sample::clean().with_records(CUSTOMER, records)
}

/// Territory of each store.
async fn territories(app: &TestApp) -> BTreeMap<i32, i32> {
    let rows: Vec<(i32, i32)> = sqlx::query_as("SELECT customer_id, territory_id FROM customer")
        .fetch_all(&app.pool)
        .await
        .expect("the stores");
    rows.into_iter().collect()
}

fn changes(counts: Counts) -> [i64; 3] {
    [counts.inserted, counts.updated, counts.unchanged]
}

#[tokio::test]
async fn an_overwritten_object_is_loaded_and_newer_rows_win() {
    let app = TestApp::start().await;
    let first: Vec<String> = (1..=5).map(|id| store(id, 1, 10)).collect();
    app.put(CUSTOMER, file(&first)).await;
    assert_eq!(changes(app.load().await.totals), [5, 0, 0]);
    let loaded = app.snapshot().await;

    let skipped = app.load().await;
    assert_eq!((skipped.files_found, skipped.files_skipped), (1, 1));
    assert_eq!((skipped.files.len(), skipped.totals), (0, Counts::default()));
    assert_eq!(app.snapshot().await, loaded, "an unchanged object changes nothing");

    // An older row, one of the same age, a newer one, the same one, a new one.
    let second =
        [store(1, 2, 9), store(2, 2, 10), store(3, 2, 11), store(4, 1, 10), store(6, 2, 10)];
    app.put(CUSTOMER, file(&second)).await;
    let summary = app.load().await;
    assert_eq!(summary.outcome, Outcome::Succeeded);
    assert_eq!(changes(summary.totals), [1, 2, 2], "inserted, updated, unchanged");
    let expected = BTreeMap::from([(1, 1), (2, 2), (3, 2), (4, 1), (5, 1), (6, 2)]);
    assert_eq!(territories(&app).await, expected);
    let versions: i64 = app.value("SELECT count(DISTINCT etag) FROM load_file").await;
    assert_eq!(versions, 2, "each version has its own entry");
    let origins: Vec<(i32, i64, bool)> = sqlx::query_as(
        "SELECT customer_id, source_line, source_file_id = (SELECT max(id) FROM load_file) \
         FROM customer ORDER BY 1",
    )
    .fetch_all(&app.pool)
    .await
    .expect("the origins");
    let expected =
        [(1, 2, false), (2, 3, true), (3, 4, true), (4, 5, false), (5, 6, false), (6, 6, true)];
    assert_eq!(origins, expected, "a row that is not replaced keeps its origin");

    let loaded = app.snapshot().await;
    app.put("again/Sales.Customer.csv", file(&second)).await;
    let summary = app.load().await;
    assert_eq!(changes(summary.totals), [0, 0, 5], "the same file under another key");
    assert_eq!(app.snapshot().await.tables, loaded.tables);

    // The first content again, which has the same ETag.
    app.put(CUSTOMER, file(&first)).await;
    assert_eq!(app.load().await.files_skipped, 2, "this version was loaded before");
    assert_eq!(app.snapshot().await.tables, loaded.tables);
}

/// The result of a file whose rows are merged one by one: the rows, and how many
/// were inserted, updated, unchanged.
fn one_by_one(rows: &[(u32, u32, u32)]) -> (BTreeMap<i32, i32>, [i64; 3]) {
    let mut stored = BTreeMap::new();
    let mut counts = [0; 3];
    for &(id, territory, day) in rows {
        let did = match stored.get(&id) {
            None => 0,
            Some(&(age, old)) if age < day || (age == day && old != territory) => 1,
            Some(_) => 2,
        };
        counts[did] += 1;
        if did < 2 {
            stored.insert(id, (day, territory));
        }
    }
    let number = |value: u32| i32::try_from(value).expect("small");
    let rows = stored.into_iter().map(|(id, (_, territory))| (number(id), number(territory)));
    (rows.collect(), counts)
}

#[tokio::test]
async fn a_repeated_key_gives_the_same_result_whatever_the_batches() {
    // A fixed sequence (Lehmer's): keys close together and far apart, newer and older
    // rows, repeated rows, one key many times in a row.
    let mut state = 42_u64;
    let mut draw = |below: u64| {
        state = state * 48_271 % 2_147_483_647;
        u32::try_from(state % below).expect("small")
    };
    let mut rows: Vec<(u32, u32, u32)> =
        (0..300).map(|at| (1 + draw(40) + at / 30 * 4, 1 + draw(3), 1 + draw(4))).collect();
    rows.extend((0..30).map(|at| (500, 1 + at % 3, 1 + at / 10)));
    rows.extend((600..700).map(|id| (id, 1, 1)));
    rows.extend((600..700).map(|id| (id, 2, 1 + id % 2)));
    let (expected, counts) = one_by_one(&rows);
    let bytes = file(&rows.iter().map(|&(id, of, day)| store(id, of, day)).collect::<Vec<_>>());

    for batch_rows in [3, 10, 64, 5_000] {
        for atomic in [false, true] {
            let app = TestApp::start().await;
            app.put(CUSTOMER, bytes.clone()).await;
            let load = app.loader(|options| {
                options.limits.rows = batch_rows;
                options.atomic = atomic;
            });
            let summary = load.await.run().await.expect("the run ends");
            let case = format!("batches of {batch_rows}, atomic: {atomic}");
            assert_eq!(summary.outcome, Outcome::Succeeded, "{case}");
            assert_eq!(territories(&app).await, expected, "{case}");
            assert_eq!(changes(summary.totals), counts, "{case}: inserted, updated, unchanged");
        }
    }
}

#[tokio::test]
async fn files_with_a_suffix_belong_to_the_same_dataset() {
    let clean = sample::clean();
    let whole = TestApp::start().await;
    clean.put(&whole, &sample::ALL).await;
    whole.load_small().await;

    let parts = TestApp::start().await;
    let others = sample::ALL.iter().copied().filter(|key| *key != HEADER).collect::<Vec<_>>();
    clean.put(&parts, &others).await;
    let records = clean.records(HEADER);
    let gzip = Written { compression: Compression::Gzip, ..USUAL };
    let (early, late) = records.split_at(records.len() / 3);
    let (middle, late) = late.split_at(late.len() / 2);
    for (key, part, written) in [
        ("sales/Sales.SalesOrderHeader-2014-06-30.csv", late, USUAL),
        ("archive/2013/sales.salesorderheader_part2.CSV", middle, USUAL),
        ("Sales.SalesOrderHeader.2012.csv.gz", early, gzip),
    ] {
        parts.put(key, written.rewrite(&clean.with_records(HEADER, part))).await;
    }
    // No dataset's file, though its name begins like one's.
    parts.put("sales/Sales.SalesOrderHeaderSalesReason.csv", "a;b\r\n1;2\r\n").await;
    let summary = parts.load_small().await;
    assert_eq!(
        (summary.outcome, summary.files_found),
        (Outcome::Succeeded, others.len() + 3),
        "{summary:?}"
    );
    assert_eq!(parts.snapshot().await.content, whole.snapshot().await.content);
}
