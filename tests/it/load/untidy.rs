//! Files as people and other programs leave them: nothing of them is lost in silence.

use std::path::{Path, PathBuf};

use salesgraph::load::{Outcome, RunSummary};
use serde_json::Value;
use sqlx::AssertSqlSafe;

use crate::support::TestApp;
use crate::support::mirrored::person;
use crate::support::sample::{self, PERSON, PRODUCT};

/// A folder of cases, if they lie beside the project.
fn cases(name: &str) -> Option<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/cases").join(name);
    if dir.is_dir() {
        return Some(dir);
    }
    eprintln!("SKIPPED: there are no cases at {}", dir.display());
    None
}

/// Loads one file of the cases alone.
async fn load_case(dir: &Path, file: &str) -> (TestApp, RunSummary) {
    let app = TestApp::start().await;
    app.put(file, std::fs::read(dir.join(file)).expect(file)).await;
    let summary = app.load().await;
    (app, summary)
}

/// The first column of each stored row, and its rejects by line.
async fn stored(app: &TestApp, table: &str, column: &str) -> (Vec<i32>, Vec<(i64, String)>) {
    let sql = AssertSqlSafe(format!("SELECT {column} FROM {table} ORDER BY 1"));
    let ids = sqlx::query_scalar(sql).fetch_all(&app.pool).await.expect(table);
    let rejects = sqlx::query_as("SELECT line, reason FROM load_reject ORDER BY line")
        .fetch_all(&app.pool)
        .await
        .expect("the rejects");
    (ids, rejects)
}

fn rejected(list: &[(i64, &str)]) -> Vec<(i64, String)> {
    list.iter().map(|(line, reason)| (*line, (*reason).to_owned())).collect()
}

#[tokio::test]
async fn rows_are_rejected_and_not_swallowed_or_changed() {
    let Some(dir) = cases("swallow") else { return };
    let (app, summary) = load_case(&dir, "Person.Person.csv").await;
    assert_eq!((summary.totals.read, summary.totals.inserted), (6, 5));
    let (ids, rejects) = stored(&app, "person", "business_entity_id").await;
    assert_eq!((ids, rejects), (vec![1, 3, 4, 5, 6], rejected(&[(3, "unbalanced_quote")])));
    let note: String =
        app.value("SELECT demographics FROM person WHERE business_entity_id = 5").await;
    assert_eq!(note, "height 6\"");

    let dir = cases("inner-quote").expect("it lies beside the other");
    let (app, _) = load_case(&dir, "Production.Product.csv").await;
    let expected = [
        (2, "stray_quote"),
        (3, "stray_quote"),
        (5, "field_count"),
        (6, "stray_quote"),
        (7, "field_count"),
    ];
    let (ids, rejects) = stored(&app, "product", "product_id").await;
    assert_eq!((ids, rejects), (vec![3, 7], rejected(&expected)));
    let names: String =
        app.value("SELECT string_agg(name, '|' ORDER BY product_id) FROM product").await;
    assert_eq!(names, "Wheel 26\" rim|Good \"Pro\" 7");
}

#[tokio::test]
async fn a_number_is_read_with_the_columns_mark_or_rejected() {
    let Some(dir) = cases("thousands") else { return };
    let (app, _) = load_case(&dir, "Production.Product.csv").await;
    let (ids, rejects) = stored(&app, "product", "product_id").await;
    assert_eq!((ids, rejects), (vec![1, 3, 4], rejected(&[(3, "ambiguous_decimal")])));
    let sums: String =
        app.value("SELECT concat_ws('|', sum(standard_cost), sum(list_price)) FROM product").await;
    assert_eq!(sums, "15398.8344|24827.2700");
    let (app, _) = load_case(&dir, "Sales.SalesTerritory.csv").await;
    let (ids, rejects) = stored(&app, "territory", "territory_id").await;
    assert_eq!((ids, rejects), (vec![1, 3], rejected(&[(3, "ambiguous_decimal")])));
    let last: String = app
        .value("SELECT concat_ws('|', sales_ytd, sales_last_year) FROM territory WHERE territory_id = 3")
        .await;
    assert_eq!(last, "1500000.0000|2250000.5000");
}

#[tokio::test]
async fn headers_and_packings_of_every_kind_are_read() {
    for (case, file, ids) in [
        ("header-newline", "Production.Product.csv", &[1][..]),
        ("sep-line", "Production.Product.csv", &[1]),
        ("skippable-zstd", "Production.Product.csv.zst", &[1]),
        ("skippable-zstd", "Production.Product-mid.csv.zst", &[1, 2]),
        ("gz-padding", "Production.Product-a_padded.csv.gz", &[1]),
        ("gz-padding", "Production.Product-d_members.csv.gz", &[4, 5]),
    ] {
        let Some(dir) = cases(case) else { return };
        let (app, summary) = load_case(&dir, file).await;
        assert_eq!(summary.outcome, Outcome::Succeeded, "{case}/{file}: {summary:?}");
        let (found, _) = stored(&app, "product", "product_id").await;
        assert_eq!(found, ids, "{case}/{file}");
    }
    let dir = cases("gz-padding").expect("it was there");
    for (file, says, before) in [
        ("Production.Product-b_garbage.csv.gz", "after the compressed data", &[2][..]),
        ("Production.Product-c_double.csv.gz", "compressed twice", &[]),
        ("Production.Product-e_cut.csv.gz", "cannot be decompressed", &[6]),
    ] {
        let (app, summary) = load_case(&dir, file).await;
        let error = summary.first_failure();
        assert!(error.contains(says), "{file}: {error}");
        let (found, _) = stored(&app, "product", "product_id").await;
        assert_eq!(found, before, "{file}: the rows before are loaded");
    }
}

trait FirstFailure {
    fn first_failure(&self) -> String;
}

impl FirstFailure for RunSummary {
    fn first_failure(&self) -> String {
        assert_eq!(self.outcome, Outcome::Failed, "{self:?}");
        self.files.iter().find_map(|file| file.error.clone()).expect("a file failed").message
    }
}

#[tokio::test]
async fn files_with_nearly_the_right_name_are_named_and_counted() {
    let app = TestApp::start().await;
    let file = sample::clean().with_records(PRODUCT, &sample::clean().records(PRODUCT)[..1]);
    let near = [
        "Product.csv",
        "Production.Product (1).csv",
        "Production.Product - Copy.csv",
        "Production.Product 2024.csv",
        "Production.Product.CSV.GZ.part",
        "Production.Product.csv.1",
        "Production.Product.txt",
        "Production_Product.csv",
    ];
    app.put("readme.txt", file.clone()).await;
    for name in near {
        app.put(name, file.clone()).await;
    }
    let refused = app.run(&["load"]).await.expect(1);
    assert!(refused.out.contains("found incoming/Product"), "{refused:?}");

    app.put("production.product-ok.csv", file).await;
    for arguments in [&["load", "--check"][..], &["load"], &["load"]] {
        let ended = app.run(arguments).await.expect(0);
        let named = near.map(|name| format!("left out: incoming/{name}; "));
        ended
            .says(&named.each_ref().map(String::as_str))
            .says(&["called Production.Product*.csv", "8 file(s) with nearly the name"]);
    }
    let ended = app.run(&["load", "--json"]).await.expect(0);
    let summary: Value = serde_json::from_str(&ended.out).expect("one JSON object");
    assert_eq!((&summary["files_left_out"], &summary["files_found"]), (&8.into(), &1.into()));
    let named = summary["left_out"].as_array().expect("a list");
    assert_eq!(named.len(), 8);
    assert!(named.iter().all(|file| file["expected"] == "Production.Product*.csv"), "{summary}");
    assert_eq!(app.value::<i64>("SELECT count(*) FROM product").await, 1);
}

#[tokio::test]
async fn a_check_names_doubtful_rows_that_it_accepted() {
    let app = TestApp::start().await;
    let of = |id, note: &str| {
        person(id, "A", 1).replacen("NULL;NULL;5B9", &format!("NULL;{note};5B9"), 1)
    };
    app.put_records(
        PERSON,
        &[of(1, "\"text\r\n;;;;;;;;;;;;\r\nmore\""), of(2, "\"two\r\nlines\"")],
    )
    .await;
    let checked = app.run(&["load", "--check"]).await.expect(0);
    checked.says(&["Person.csv:2: accepted, but line 3 in a quoted field may be a row\n"]);
    let checked = app.run(&["load", "--check", "--json"]).await.expect(0);
    let checked: Value = serde_json::from_str(&checked.out).expect("one JSON object");
    assert_eq!(checked["files"][0]["doubtful"], 1);
    assert_eq!(checked["files"][0]["doubtful_samples"][0]["inner_line"], 3);
    let loaded = app.run(&["load", "--json"]).await.expect(0);
    let loaded: Value = serde_json::from_str(&loaded.out).expect("one JSON object");
    assert_eq!(loaded["files"][0]["inserted"], 2);
}

#[tokio::test]
async fn a_file_without_a_header_says_so_in_a_line() {
    let app = TestApp::start().await;
    let records = sample::clean().records(PRODUCT)[..3].join("\r\n");
    app.put(PRODUCT, records).await;
    let error = app.load().await.first_failure();
    assert_eq!(error, "the first line is no header: it names no column of Production.Product");
}
