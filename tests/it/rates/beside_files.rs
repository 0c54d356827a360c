//! Rates of an API beside those of files: neither touches the other.

use salesgraph::rates::store;
use serde_json::{Value as Json, json};

use crate::support::commands::ask;
use crate::support::rates::{RatesApp, days};
use crate::support::sample::{self, RATE};

#[tokio::test]
async fn files_are_loaded_and_mirrored_without_the_rates_of_an_api() {
    let world = RatesApp::frankfurter().await;
    let app = &world.app;
    let raw = world.fetch(&days("2024-01-01", "2024-01-31", &[])).await.remove(0);
    store(&world.lake, &app.pool, &raw).await.unwrap();
    let published = world.rows().await;
    assert_eq!(published.len(), 23 * 11);

    let clean = sample::clean();
    clean.put(app, &[RATE]).await;
    app.run(&["load"]).await.expect(0);
    let of_files = "SELECT count(*) FROM currency_rate WHERE source = 'csv'";
    let all = clean.count(RATE);
    assert_eq!(app.value::<i64>(of_files).await, all);
    let server = world.serve().await;
    let query =
        "{ currencyRates(first: 1, orderBy: [{ field: CURRENCY_RATE_ID, direction: DESC }]) {
        nodes { averageRate endOfDayRate publishedRate rateSource fetchedAt source { line } } } }";
    let shown = ask(&server, query, Json::Null).await.json();
    let node = &shown["data"]["currencyRates"]["nodes"][0];
    assert_eq!(node["rateSource"], "CSV", "{shown}");
    assert_eq!((&node["publishedRate"], &node["fetchedAt"]), (&Json::Null, &Json::Null));
    assert!(node["source"]["line"] != Json::Null, "{shown}");
    let decimals =
        node["averageRate"].as_str().and_then(|rate| rate.split_once('.')).expect("text");
    assert_eq!(decimals.1.len(), 4, "as before: {shown}");
    server.stop().await;

    let fewer: Vec<String> = clean.records(RATE).into_iter().skip(2).collect();
    app.put_records(RATE, &fewer).await;
    let ended =
        app.run(&["load", "--mode", "mirror", "--mirror-max-removed", "90%", "--json"]).await;
    let summary: Json = serde_json::from_str(&ended.expect(0).out).expect("JSON");
    assert_eq!(summary["outcome"], json!("succeeded"), "{summary}");
    assert_eq!(app.value::<i64>(of_files).await, all - 2);
    assert_eq!(world.rows().await, published);
}

#[tokio::test]
async fn a_row_is_of_a_file_or_of_an_api() {
    let world = RatesApp::frankfurter().await;
    for columns in [
        "source_file_id, source_line, average_rate) VALUES (1, '2024-01-01', 'EUR', 'USD', now(), 1, 1, 1",
        "source, published_rate) VALUES (-1, '2024-01-01', 'EUR', 'USD', now(), 'ecb', 1",
        "source, published_rate, raw_uri, fetched_at, average_rate) \
         VALUES (-1, '2024-01-01', 'EUR', 'USD', now(), 'ecb', 1, 'x', now(), 1",
        "source, published_rate, raw_uri, fetched_at) \
         VALUES (-1, '2024-01-01', 'EUR', 'USD', now(), 'ecb', 0, 'x', now()",
    ] {
        let sql = format!(
            "INSERT INTO currency_rate (currency_rate_id, currency_rate_date, from_currency_code, \
                 to_currency_code, modified_date, {columns})"
        );
        let error = sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&world.app.pool).await;
        let error = error.expect_err(columns);
        let code =
            error.as_database_error().and_then(sqlx::error::DatabaseError::code).expect("a code");
        assert_eq!(code, "23514", "{columns}");
    }
}
