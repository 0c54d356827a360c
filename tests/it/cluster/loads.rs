//! Loads of all kinds.

use salesgraph::load::{
    LineageOf, Outcome, RejectSelection, Replay, RunAs, RunSummary, lineage_of, list_rejects,
};
use tokio_util::sync::CancellationToken;

use super::seen::Seen;
use crate::support::TestApp;
use crate::support::documents::documents;
use crate::support::sample::{self, ALL, CUSTOMER, DETAIL, HEADER, PERSON, PRODUCT};

/// All rows of the tables that a load writes.
const TABLES: [&str; 15] = [
    "person", "store", "territory", "product", "customer", "special_offer_product",
    "product_inventory", "currency_rate", "demand_forecast_span", "demand_forecast_date",
    "demand_forecast_stock", "sales_order", "sales_order_line", "sales_by_product_day",
    "sales_by_day",
];

/// Columns that tell when, or of which file, and not what.
const OTHERS: &str = "'{loaded_at,source_file_id}'::text[]";

/// The rows of each table, and what is still due.
async fn rows(app: &TestApp) -> Vec<(String, i64, Option<String>)> {
    let mut all = Vec::new();
    for table in TABLES {
        let sql = format!(
            "SELECT '{table}', count(*), md5(string_agg(row, ' ' ORDER BY row COLLATE \"C\"))
             FROM (SELECT (to_jsonb({table}) - {OTHERS})::text AS row FROM {table}) AS rows"
        );
        let row = sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_one(&app.pool).await;
        all.push(row.unwrap_or_else(|error| panic!("{table}: {error}")));
    }
    let due: i64 = app.value("SELECT count(*) FROM derivation_due").await;
    all.push(("due".to_owned(), due, None));
    all
}

fn succeeded(summary: &RunSummary) {
    let outcome = summary.outcome;
    assert!(
        [Outcome::Succeeded, Outcome::SucceededWithRejects].contains(&outcome),
        "{outcome:?}: {:?}",
        summary.first_error()
    );
}

/// The loads of a test, one after another.
async fn load_all(app: &TestApp, seen: &mut Seen) -> Vec<(String, i64, Option<String>)> {
    let clean = sample::clean();
    // Children before their parents, so that they wait.
    clean.put(app, &[DETAIL, CUSTOMER]).await;
    succeeded(&seen.during(app.load()).await);
    let others = ALL.iter().filter(|key| ![DETAIL, CUSTOMER].contains(key));
    clean.put(app, &others.copied().collect::<Vec<_>>()).await;
    let checked = seen.during(async { app.loader(|_| {}).await.check().await }).await;
    succeeded(&checked.expect("the check ends"));
    succeeded(&seen.during(app.load()).await);

    // Orders on other days and in other territories, and persons who change.
    let moved = |record: &String| record.replacen(";2011-05-31", ";2011-06-07", 2);
    let orders: Vec<String> = clean.records(HEADER).iter().map(moved).collect();
    app.put("sales/again/Sales.SalesOrderHeader.csv", clean.with_records(HEADER, &orders)).await;
    succeeded(&seen.during(app.load()).await);

    // Rejects, which are replayed.
    let mut products = clean.records(PRODUCT);
    products[3] = products[3].replacen(';', ";;;", 1);
    app.put("production/again/Production.Product.csv", clean.with_records(PRODUCT, &products))
        .await;
    succeeded(&seen.during(app.load()).await);
    let selection = RejectSelection::default();
    seen.during(list_rejects(&app.pool, &selection, 10)).await.expect("a list");
    let replay = Replay {
        database: app.database(),
        limits: app.loader(|_| {}).await.options.limits,
        selection,
        corrected: None,
        stop: CancellationToken::new(),
    };
    seen.during(replay.run(RunAs::default())).await.expect("the replay ends");

    // Documents, of orders that are known and of lines.
    app.put_documents(&documents(clean)[..40]).await;
    let checked = seen.during(async { app.loader(|_| {}).await.check().await }).await;
    succeeded(&checked.expect("the check ends"));
    succeeded(&seen.during(app.load()).await);

    rows(app).await
}

/// Fewer rows of each kind than before.
async fn mirror_all(app: &TestApp, seen: &mut Seen) -> Vec<(String, i64, Option<String>)> {
    let clean = sample::clean();
    clean.put(app, &ALL).await;
    succeeded(&app.load().await);
    for key in [PERSON, CUSTOMER, DETAIL, HEADER] {
        let mut records = clean.records(key);
        records.truncate(records.len() * 95 / 100);
        app.put(key, clean.with_records(key, &records)).await;
    }
    let checked = seen.during(app.mirroring("60%").await.check()).await;
    succeeded(&checked.expect("the check ends"));
    succeeded(&seen.during(app.mirror("60%")).await);
    rows(app).await
}

#[tokio::test]
async fn a_cluster_is_loaded_as_one_machine_is() {
    let (one, many) = (TestApp::start_single().await, TestApp::start_like_a_cluster().await);
    let (mut of_one, mut seen) = (Seen::default(), Seen::default());
    let wanted = Box::pin(load_all(&one, &mut of_one)).await;
    let found = Box::pin(load_all(&many, &mut seen)).await;
    assert_eq!(found, wanted);
    assert_eq!(wanted.last().map(|due| due.1), Some(0), "nothing is due");
    assert!(wanted.iter().rev().skip(1).all(|table| table.1 > 0), "{wanted:?}");
    seen.assert_has(&[
        "note_change($1", "INTO sales_order_line AS", "load_parked", "note_change('', '{}')",
    ]);
    seen.check();
}

#[tokio::test]
async fn a_cluster_mirrors_as_one_machine_does() {
    let (one, many) = (TestApp::start_single().await, TestApp::start_like_a_cluster().await);
    let (mut of_one, mut seen) = (Seen::default(), Seen::default());
    let wanted = Box::pin(mirror_all(&one, &mut of_one)).await;
    let found = Box::pin(mirror_all(&many, &mut seen)).await;
    assert_eq!(found, wanted);
    seen.assert_has(&["INTO pg_temp.missing_sales_order ", "DELETE FROM sales_order_line"]);
    seen.check();
}

#[tokio::test]
async fn rows_lead_to_their_files() {
    let app = TestApp::start_like_a_cluster().await;
    sample::clean().put(&app, &ALL).await;
    let mut seen = Seen::default();
    succeeded(&seen.during(app.load_and_keep()).await);
    let lake = app.lake().await;
    let key: i32 = app.value("SELECT max(sales_order_id) FROM sales_order").await;
    let of = LineageOf {
        dataset: salesgraph::dataset::by_table("sales_order").expect("a dataset"),
        key: vec![key],
    };
    let limits = app.loader(|_| {}).await.options.limits;
    let mut connection = app.pool.acquire().await.expect("a connection");
    let found = seen.during(lineage_of(&mut connection, Some(&lake), &of, limits)).await;
    let found = found.expect("an answer");
    assert!(found.expect("a row").raw.is_some());
    seen.assert_has(&["WITH stored AS MATERIALIZED"]);
    seen.check();
}
