//! The lake: what it is written from, and what it is asked.

use salesgraph::load::RunAs;

use super::seen::Seen;
use crate::support::TestApp;
use crate::support::lake::USUAL;
use crate::support::sample::{self, ALL, PRODUCT};

#[tokio::test]
async fn a_lake_is_written_of_a_cluster() {
    let app = TestApp::start_like_a_cluster().await;
    let clean = sample::clean();
    clean.put(&app, &ALL).await;
    let mut seen = Seen::default();
    seen.during(app.load_lake()).await;
    let lines: i64 = app.value("SELECT count(*) FROM sales_order_line").await;
    let newest = "SELECT row_count FROM lake_snapshot JOIN lake_table ON lake_table.id = table_id
                  WHERE name = 'sales' ORDER BY lake_snapshot.id DESC LIMIT 1";
    assert_eq!(app.value::<i64>(newest).await, lines);

    // What has changed is written, and no more.
    let renamed = |record: &String| record.replacen("2014-02-08", "2015-02-08", 1);
    let mut products: Vec<String> = clean.records(PRODUCT).iter().map(renamed).collect();
    products.truncate(5);
    let changed: Vec<String> = products.iter().map(|it| it.replacen(';', ";New ", 1)).collect();
    app.put("production/again/Production.Product.csv", clean.with_records(PRODUCT, &changed)).await;
    let lake = Some(app.curated(USUAL).await);
    let load = app.loader(|_| {}).await;
    let run = RunAs { lake, ..RunAs::default() };
    let summary = seen.during(load.run_as(run)).await.expect("the run ends");
    let step = summary.steps.iter().find(|step| step.step == "lake").expect("the lake is written");
    assert!(step.rows_written > 0 && step.rows_written < lines * 2, "{step:?}");
    let behind: i64 = app.value("SELECT count(*) FROM lake_due").await;
    assert_eq!(behind, 0, "the lake has it all");
    seen.check();
}
