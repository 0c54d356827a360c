//! The same request makes one report within the interval.

use std::time::Duration;

use futures_util::future::join_all;
use salesgraph::auth::Scope;
use serde_json::{Value as Json, json};
use sqlx::Executor as _;

use super::{lines, started, without_worker};
use crate::support::reports::{engine, reports};

#[tokio::test]
async fn the_same_request_gets_the_report_that_is_there() {
    let test = started().await;
    let all = Scope::everything();
    let first = test.request(&all, lines("once")).await;
    let again = test.request(&all, lines("once")).await;
    assert_eq!((&first["reused"], &again["reused"]), (&json!(false), &json!(true)));
    assert_eq!(first["report"]["id"], again["report"]["id"]);
    assert_eq!(first["nextAllowedAt"], again["nextAllowedAt"]);
    test.ended(&all, &first["report"]["id"]).await;
    let made = test.request(&all, lines("once")).await;
    assert_eq!((&made["reused"], &made["report"]["state"]), (&json!(true), &json!("SUCCEEDED")));

    let mut distinct = vec![first["report"]["id"].clone()];
    for other in [
        json!({ "kind": "SALES_LINES", "project": "other" }),
        json!({ "kind": "SALES_LINES", "project": "once", "format": "CSV_GZIP" }),
        json!({ "kind": "SALES_LINES", "project": "once", "columns": ["salesOrderId"] }),
        json!({ "kind": "SALES_LINES", "project": "once", "delimiter": ";" }),
        json!({ "kind": "SALES_LINES", "project": "once",
                "filter": { "orderQuantity": { "gt": 1 }, "productId": { "lt": 9 } } }),
    ] {
        let requested = test.request(&all, other.clone()).await;
        assert_eq!(requested["reused"], false, "{other}");
        assert!(!distinct.contains(&requested["report"]["id"]), "{other}");
        distinct.push(requested["report"]["id"].clone());
    }
    let reordered = json!({ "project": " once ", "kind": "SALES_LINES", "format": "CSV",
        "filter": { "productId": { "lt": 9 }, "orderQuantity": { "gt": 1 } } });
    assert_eq!(test.request(&all, reordered).await["reused"], true, "it means the same");
}

#[tokio::test]
async fn after_the_interval_the_next_version_is_made() {
    let mut test = started().await;
    let all = Scope::everything();
    let first = test.make(&all, lines("versions")).await;
    // As if it had been asked for long ago.
    test.app
        .pool
        .execute("UPDATE report SET requested_at = requested_at - interval '901 seconds'")
        .await
        .unwrap();
    let second = test.make(&all, lines("versions")).await;
    assert_eq!((&first["version"], &second["version"]), (&json!(1), &json!(2)));
    assert_ne!(first["key"], second["key"]);
    assert_eq!(test.file(&first).await, test.file(&second).await, "old versions stay");
    test.stop_worker().await;
}

/// Each server has its own engine and pool, and sees the others only in Postgres.
#[tokio::test]
async fn fifty_requests_at_once_from_four_servers_make_one_file() {
    let mut test = without_worker().await;
    let mut servers = Vec::new();
    for _ in 0..4 {
        let reports = reports(&test.app, test.app.s3(), Duration::from_secs(900)).await;
        servers.push(engine(&test.app, &reports));
    }
    test.start_worker();
    let all = Scope::everything();
    let requests = (0..50).map(|number| {
        let engine = servers[number % 4].clone();
        let all = &all;
        async move {
            let request = async_graphql::Request::new(
                "mutation { requestReport(input: {kind: PRODUCTS, project: \"at once\"}) \
                 { reused report { id } } }",
            );
            let answer = engine.execute(engine.prepare(request), all).await;
            serde_json::from_slice::<Json>(&answer.to_json().unwrap()).unwrap()
        }
    });
    let answers = join_all(requests).await;
    let new = answers.iter().filter(|it| it["data"]["requestReport"]["reused"] == false).count();
    assert_eq!(new, 1, "{answers:?}");
    let id = &answers[0]["data"]["requestReport"]["report"]["id"];
    assert!(answers.iter().all(|it| it["data"]["requestReport"]["report"]["id"] == *id));
    assert_eq!(test.ended(&all, id).await["state"], "SUCCEEDED");
    assert_eq!(test.objects().await.len(), 2, "a file and its manifest");
    assert_eq!(test.app.value::<i64>("SELECT count(*) FROM job WHERE task = 'report'").await, 1);
    test.stop_worker().await;
}
