//! Mirror mode: rows that a complete new file lacks are removed, and counted.

use std::collections::BTreeSet;

use salesgraph::graphql::{Engine, Limits};
use salesgraph::load::Outcome;
use salesgraph::query::Reader;
use serde_json::{Value, json};

use crate::support::forecast::assert_all_as_worked_out;
use crate::support::mirrored::{customer, person};
use crate::support::sample::{self, ALL, CUSTOMER, DETAIL, HEADER, PERSON};
use crate::support::{TestApp, ask, write};

/// The first column of a record.
fn id(record: &str) -> &str {
    record.split(';').next().expect("a column")
}

/// Whether an order is among those that the new files lack.
fn is_gone(order: &str) -> bool {
    id(order).parse::<i32>().expect("an id") % 17 == 3
}

#[tokio::test]
async fn rows_that_complete_files_lack_are_removed_and_totals_follow() {
    let clean = sample::clean();
    let app = TestApp::start().await;
    clean.put(&app, &ALL).await;
    app.load_small().await;

    // Orders and their lines go, and with them customers that have no other order.
    let lines: Vec<String> =
        clean.records(DETAIL).into_iter().filter(|line| !is_gone(line)).collect();
    let orders: Vec<String> =
        clean.records(HEADER).into_iter().filter(|order| !is_gone(order)).collect();
    let column = |record: &str, at: usize| record.split(';').nth(at).expect("a column").to_owned();
    let ordering: BTreeSet<String> = orders.iter().map(|order| column(order, 10)).collect();
    let former: BTreeSet<String> =
        clean.records(HEADER).iter().map(|order| column(order, 10)).collect();
    let all = clean.records(CUSTOMER);
    let is_former =
        |record: &&String| former.contains(id(record)) && !ordering.contains(id(record));
    let gone: Vec<&String> = all.iter().filter(is_former).take(5).collect();
    // One that still orders is missing from the file, too.
    let needed = all.iter().find(|record| ordering.contains(id(record))).expect("one orders");
    let customers: Vec<String> =
        all.iter().filter(|record| !gone.contains(record) && *record != needed).cloned().collect();
    assert!(!gone.is_empty(), "some order only what goes");
    app.put_records(DETAIL, &lines).await;
    app.put_records(HEADER, &orders).await;
    app.put_records(CUSTOMER, &customers).await;

    let ended = app.run(&["load", "--mode", "mirror", "--json"]).await.expect(0);
    let summary: Value = serde_json::from_str(&ended.out).expect("one JSON object");
    let count = |rows: usize| i64::try_from(rows).expect("few");
    for (key, removed, kept) in [
        (DETAIL, clean.count(DETAIL) - count(lines.len()), 0),
        (HEADER, clean.count(HEADER) - count(orders.len()), 0),
        (CUSTOMER, count(gone.len()), 1),
    ] {
        let files = summary["files"].as_array().expect("files");
        let file = files.iter().find(|file| file["key"].as_str().is_some_and(|k| k.ends_with(key)));
        let file = file.expect("in the summary");
        assert_eq!((&file["removed"], &file["kept"]), (&json!(removed), &json!(kept)), "{key}");
        assert!(removed > 0, "{key}");
    }
    let stored: BTreeSet<String> = app.customers().await.iter().map(i32::to_string).collect();
    let expected: BTreeSet<String> =
        customers.iter().chain([needed]).map(|record| id(record).to_owned()).collect();
    assert_eq!(stored, expected);
    let (orders_left, lines_left): (i64, i64) = (
        app.value("SELECT count(*) FROM sales_order").await,
        app.value("SELECT count(*) FROM sales_order_line").await,
    );
    assert_eq!((orders_left, lines_left), (count(orders.len()), count(lines.len())));

    assert!(assert_all_as_worked_out(&app.pool, "mirrored").await > 1_000);
    for differing in [
        "SELECT count(*) FROM (SELECT * FROM sales_by_product_day EXCEPT \
           SELECT * FROM sales_by_product_day_since(NULL)) AS differing",
        "SELECT count(*) FROM (SELECT * FROM sales_by_product_day_since(NULL) EXCEPT \
           SELECT * FROM sales_by_product_day) AS differing",
        "SELECT count(*) FROM (SELECT * FROM sales_by_day_since(NULL) EXCEPT \
           SELECT * FROM sales_by_day) AS differing",
        "SELECT count(*) FROM load_file_key",
        "SELECT count(*) FROM load_file WHERE state <> 'loaded'",
    ] {
        assert_eq!(app.value::<i64>(differing).await, 0, "{differing}");
    }

    let engine = Engine::new(Reader::new(app.pool.clone()), Limits::default());
    let answer = ask(
        &engine,
        "{ loadRuns(first: 1, orderBy: { field: STARTED_AT, direction: DESC }) { nodes { mode rowsRemoved rowsKept
             files { nodes { rowsRemoved rowsKept file { mode rowsRemoved rowsKept dataset } } } } } }",
    )
    .await;
    let run = &answer["data"]["loadRuns"]["nodes"][0];
    assert_eq!(run["mode"], "MIRROR", "{answer}");
    assert_eq!(run["rowsRemoved"], summary["totals"]["removed"], "{answer}");
    assert_eq!(run["rowsKept"], 1, "{answer}");
    for file in run["files"]["nodes"].as_array().expect("files") {
        assert_eq!(file["rowsRemoved"], file["file"]["rowsRemoved"], "{file}");
        assert_eq!(file["rowsKept"], file["file"]["rowsKept"], "{file}");
    }
    let again = app.run(&["load", "--mode", "mirror"]).await.expect(0);
    again.says(&["10 file(s) loaded before, skipped"]);
}

#[tokio::test]
async fn a_check_says_what_would_be_removed_and_removes_nothing() {
    let app = TestApp::start().await;
    let persons: Vec<String> = (1..=50).map(|id| person(id, "A", 1)).collect();
    let customers: Vec<String> = (1..=50).map(|id| customer(id, Some(id), 1)).collect();
    app.put_records(PERSON, &persons).await;
    app.put_records(CUSTOMER, &customers).await;
    app.load_small().await;
    app.put_records(PERSON, &persons[4..]).await;
    app.put_records(CUSTOMER, &customers[2..]).await;
    let before = app.snapshot().await;

    let checked = app.run(&["load", "--check", "--mode", "mirror"]).await.expect(0);
    checked.says(&[
        "Sales.Customer.csv: would remove 2 rows it lacks, keep 0",
        "Person.Person.csv: would remove 2 rows it lacks, keep 2 that others refer to",
    ]);
    assert_eq!(app.snapshot().await, before);
    let refused = ["load", "--check", "--mode", "mirror", "--mirror-max-removed", "3%"];
    app.run(&refused).await.expect(1).says(&[
        "the file lacks 2 of the 50 rows that customer had before, 4.0%",
        "--mirror-max-removed 3%",
    ]);
    assert_eq!(app.snapshot().await, before);

    let done = app.run(&["load", "--mode", "mirror"]).await.expect(0);
    done.says(&["Person.Person.csv: removed 2 rows it lacks, keep 2 that others refer to"]);
    assert_eq!(app.persons().await, (3..=50).collect::<Vec<_>>());
    assert_eq!(app.customers().await, (3..=50).collect::<Vec<_>>());
}

#[tokio::test]
async fn older_rows_that_wait_for_a_parent_do_not_come_back() {
    let app = TestApp::start().await;
    app.put_records(CUSTOMER, &[customer(1, Some(1), 1), customer(2, Some(2), 1)]).await;
    let summary = app.load_small().await;
    assert_eq!(summary.totals.parked, 2);
    // The second is in the new file as well, and waits there, too.
    app.put_records(CUSTOMER, &[customer(2, Some(2), 2), customer(3, None, 1)]).await;
    let summary = app.mirror("10%").await;
    assert_eq!(summary.outcome, Outcome::SucceededWithRejects, "{summary:?}");
    let (parked, unchanged) = (summary.totals.parked, summary.totals.unchanged);
    assert_eq!((parked, unchanged), (0, 1), "one more waits, one of the older file is overruled");
    app.assert_ledger_holds("mirrored").await;

    app.put_records(PERSON, &[person(1, "A", 1), person(2, "B", 1)]).await;
    app.load_small().await;
    assert_eq!(app.customers().await, [2, 3]);
    let day: String =
        app.value("SELECT modified_date::date::text FROM customer WHERE customer_id = 2").await;
    assert_eq!(day, "2014-01-02", "the newer row won");
}

#[tokio::test]
async fn rows_of_files_that_were_begun_later_are_kept() {
    let app = TestApp::start().await;
    app.put_records(CUSTOMER, &[customer(1, None, 1), customer(2, None, 1)]).await;
    app.load_small().await;
    write(&app.pool, "INSERT INTO customer SELECT 3, person_id, store_id, territory_id, account_number, rowguid, \
           modified_date, 1000, 2 FROM customer WHERE customer_id = 1").await;
    app.put_records(CUSTOMER, &[customer(2, None, 1)]).await;
    let summary = app.mirror("50%").await;
    assert_eq!((summary.outcome, summary.totals.removed), (Outcome::Succeeded, 1), "{summary:?}");
    assert_eq!(app.customers().await, [2, 3]);
}
