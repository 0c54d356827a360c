//! Many small files of one dataset share transactions, with the result of files that were loaded
//! one by one.

use salesgraph::config::MaxRejects;
use salesgraph::load::{Counts, FileSummary, Outcome, RunSummary};
use sqlx::Executor as _;

use crate::support::TestApp;
use crate::support::dialects::{Compression, compress};
use crate::support::mirrored::{customer, person};
use crate::support::sample::{self, CUSTOMER, PERSON};
use crate::support::snapshot::Snapshot;

/// The n-th file of a dataset whose usual file has this key.
fn key(of: &str, number: usize) -> String {
    format!("{}-{number:04}.csv", of.trim_end_matches(".csv"))
}

pub(super) async fn put(app: &TestApp, of: &str, number: usize, records: &[String]) {
    app.put(&key(of, number), sample::clean().with_records(of, records)).await;
}

fn file<'a>(summary: &'a RunSummary, of: &str, number: usize) -> &'a FileSummary {
    let key = key(of, number);
    let file = summary.files.iter().find(|file| file.key.ends_with(&key));
    file.unwrap_or_else(|| panic!("{key} is not in the summary"))
}

/// The id of the person in the n-th file.
fn id(number: usize) -> i32 {
    i32::try_from(number + 1).expect("few")
}

/// In how many transactions the files' entries were last written.
pub(super) async fn transactions(app: &TestApp) -> i64 {
    app.value("SELECT count(DISTINCT xmin::text) FROM load_file").await
}

pub(super) fn inserted(rows: i64) -> Counts {
    Counts { read: rows, inserted: rows, ..Counts::default() }
}

#[tokio::test]
async fn six_hundred_files_of_one_row_are_loaded_in_a_few_transactions() {
    let app = TestApp::start().await;
    for number in 0..600 {
        let mut records = vec![person(id(number), "Ana", 1)];
        if number % 100 == 7 {
            records.push("no person at all".to_owned());
        }
        put(&app, PERSON, number, &records).await;
    }
    let summary = app.load().await;
    assert_eq!(summary.outcome, Outcome::SucceededWithRejects, "{:?}", summary.error);
    assert_eq!((summary.files_found, summary.files.len()), (600, 600));
    let all = Counts { rejected: 6, read: 606, ..inserted(600) };
    assert_eq!(summary.totals, all);
    let keys: Vec<&String> = summary.files.iter().map(|file| &file.key).collect();
    assert!(keys.is_sorted(), "in the order of their keys");
    let bad = file(&summary, PERSON, 107);
    assert_eq!(bad.counts, Counts { rejected: 1, read: 2, ..inserted(1) });

    app.assert_ledger_holds("after 600 files").await;
    let loaded: (i64, i64, bool) = sqlx::query_as(
        "SELECT count(*), count(*) FILTER (WHERE at_end AND batches = 1), \
           array_agg(id ORDER BY id) = array_agg(id ORDER BY object_key) \
         FROM load_file JOIN load_checkpoint ON file_id = id \
         WHERE state = 'loaded' AND mode = 'merge' AND dialect ->> 'delimiter' = ';'",
    )
    .fetch_one(&app.pool)
    .await
    .expect("the ledger");
    assert_eq!(loaded, (600, 600, true), "ids ascend with the keys");
    let rejects: Vec<(String, i64, String)> = sqlx::query_as(
        "SELECT right(object_key, 8), line, convert_from(raw, 'UTF8') \
         FROM load_reject JOIN load_file ON id = file_id ORDER BY object_key",
    )
    .fetch_all(&app.pool)
    .await
    .expect("the rejects");
    let expected: Vec<_> = (0..6)
        .map(|n| (format!("{:04}.csv", n * 100 + 7), 3, "no person at all".to_owned()))
        .collect();
    assert_eq!(rejects, expected);
    assert!(transactions(&app).await <= 3, "{} transactions", transactions(&app).await);

    let again = app.load().await;
    assert_eq!((again.outcome, again.files_skipped), (Outcome::Succeeded, 600));
}

/// Persons and customers in many files, of which some say something of the same key, some are
/// rejected, and some wait for their parents.
fn mixture() -> Vec<(&'static str, usize, Vec<String>)> {
    let mut files = Vec::new();
    for number in 0..60 {
        let (id, day) = (id(number % 20), [3, 1, 3][number / 20]);
        let mut records = vec![person(id, &format!("Ana {number}"), day)];
        if number % 7 == 0 {
            // Twice in the file, and again in later ones.
            records.push(person(id, &format!("Eva {number}"), day));
        }
        if number % 11 == 0 {
            records.insert(0, format!("{id};too;few"));
        }
        files.push((PERSON, number, records));
    }
    for number in 0..30 {
        let (one, other) = (id(number), id(100 + number % 10));
        let records = vec![customer(one, Some(one), 1), customer(other, Some(40 - one), 1)];
        files.push((CUSTOMER, number, records));
    }
    files
}

/// A file of these records that is too large to share a transaction: padding follows them.
async fn put_large(app: &TestApp, of: &str, number: usize, records: &[String]) {
    let plain = sample::clean().with_records(of, records);
    let mut bytes = compress(&plain, Compression::Gzip);
    bytes.resize(bytes.len() + (128 << 10), 0);
    app.put(&key(of, number), bytes).await;
}

#[tokio::test]
async fn the_result_is_that_of_files_loaded_one_by_one() {
    let (together, alone) = (TestApp::start().await, TestApp::start().await);
    for (of, number, records) in mixture() {
        put(&together, of, number, &records).await;
        put_large(&alone, of, number, &records).await;
    }
    let summary = together.load().await;
    assert_eq!(summary.outcome, Outcome::SucceededWithRejects, "{summary:?}");
    let one_by_one = alone.load().await;
    assert_eq!(summary.totals, one_by_one.totals);
    together.assert_runs_add_up("together").await;
    let first = assert_same(&together, &alone).await;
    assert!(!first.rejects.is_empty() && !first.parked.is_empty());
    let newest: String =
        together.value("SELECT first_name FROM person WHERE business_entity_id = 3").await;
    assert_eq!(newest, "Eva 42", "of equal times the later file and line, of older ones none");
    let (few, many) = (transactions(&together).await, transactions(&alone).await);
    assert!(few <= 4 && many >= 90, "{few} transactions, {many} one by one");

    // The parents that are parked for arrive in small files, too.
    for number in 60..80 {
        let records = [person(id(number - 40), "Lia", 1)];
        put(&together, PERSON, number, &records).await;
        put_large(&alone, PERSON, number, &records).await;
    }
    together.load().await;
    alone.load().await;
    assert_same(&together, &alone).await;
}

/// Both have the same rows, counts, rejects and parked rows.
async fn assert_same(some: &TestApp, others: &TestApp) -> Snapshot {
    let (one, other) = (some.snapshot().await, others.snapshot().await);
    assert_eq!(one.content, other.content);
    assert_eq!(one.files, other.files);
    assert_eq!(one.rejects, other.rejects);
    assert_eq!(one.parked, other.parked);
    let origins = "SELECT array_agg(right(object_key, 8) || source_line ORDER BY business_entity_id) \
                   FROM person JOIN load_file ON id = source_file_id";
    let origin: Vec<String> = some.value(origins).await;
    assert_eq!(origin, others.value::<Vec<String>>(origins).await, "each row is of the same line");
    one
}

#[tokio::test]
async fn a_file_that_cannot_be_loaded_costs_no_other() {
    let app = TestApp::start().await;
    for number in 0..20 {
        put(&app, PERSON, number, &[person(id(number), "Ana", 1)]).await;
    }
    let whole = sample::clean().with_records(PERSON, &[person(6, "Ana", 1)]);
    let gzip = compress(&whole, Compression::Gzip);
    app.put(&key(PERSON, 5), &gzip[..gzip.len() - 4]).await;
    app.put(&key(PERSON, 9), "").await;
    app.put(&key(PERSON, 13), "BusinessEntityID;FirstName\r\n1;Ana\r\n").await;
    // Only the database refuses this one.
    app.pool
        .execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
               $$ BEGIN RAISE EXCEPTION 'not this one' USING ERRCODE = 'check_violation'; END $$; \
             CREATE TRIGGER refuse BEFORE INSERT ON person FOR EACH ROW \
               WHEN (NEW.business_entity_id = 17) EXECUTE FUNCTION refuse()",
        )
        .await
        .expect("a trigger");
    let summary = app.load().await;
    assert_eq!((summary.outcome, summary.files.len()), (Outcome::Failed, 20));
    for number in 0..20 {
        let (found, failed) = (file(&summary, PERSON, number), [5, 9, 13, 16].contains(&number));
        assert_eq!(found.error.is_some(), failed, "{found:?}");
        let rows = i64::from(!failed || number == 5);
        assert_eq!(found.counts, inserted(rows), "{number}: rows before the fault are loaded");
    }
    app.assert_ledger_holds("with four bad files").await;
    let failed: Vec<String> = sqlx::query_scalar(
        "SELECT right(object_key, 8) FROM load_file WHERE state = 'failed' ORDER BY 1",
    )
    .fetch_all(&app.pool)
    .await
    .expect("the failed files");
    assert_eq!(failed, ["0005.csv", "0009.csv", "0013.csv", "0016.csv"]);

    app.pool.execute("DROP TRIGGER refuse ON person").await.expect("the trigger is gone");
    let again = app.load().await;
    assert_eq!((again.files_skipped, again.files.len()), (16, 4), "{again:?}");
    assert_eq!(file(&again, PERSON, 16).counts, inserted(1));
    app.assert_ledger_holds("after a second run").await;
}

#[tokio::test]
async fn bounds_hold_for_each_file_of_a_group() {
    for atomic in [false, true] {
        let app = TestApp::start().await;
        for number in 0..10 {
            let mut records = vec![person(id(number), "Ana", 1)];
            if number == 4 {
                records.extend(["bad".to_owned(), "worse".to_owned()]);
            }
            put(&app, PERSON, number, &records).await;
        }
        let load = app.loader(|options| {
            options.max_rejects = Some(MaxRejects::Count(1));
            options.atomic = atomic;
        });
        let summary = load.await.run().await.expect("the run ends");
        let failed: Vec<&str> = summary
            .files
            .iter()
            .filter(|file| file.error.is_some())
            .map(|file| &file.key[file.key.len() - 8..])
            .collect();
        assert_eq!(failed, ["0004.csv"], "{summary:?}");
        let rows: i64 = app.value("SELECT count(*) FROM person").await;
        assert_eq!(rows, if atomic { 9 } else { 10 });
        let rejects: i64 = app.value("SELECT count(*) FROM load_reject").await;
        assert_eq!(rejects, if atomic { 0 } else { 2 });
        app.assert_ledger_holds("past the bound").await;
    }
}
