//! What is asked of orders that came as documents is answered as of those that came as files
//! of rows.

use std::time::Duration;

use salesgraph::auth::Scope;
use salesgraph::load::Outcome;
use serde_json::{Value as Json, json};

use super::OTHERS;
use crate::support::TestApp;
use crate::support::documents::{documents, key};
use crate::support::reports::TestReports;
use crate::support::sample::{self, ALL};

const QUERIES: [(&str, &str); 4] = [
    (
        "a list",
        "{ salesOrders(filter: { totalDue: { gt: \"100\" } }, first: 200,
             orderBy: [{ field: TOTAL_DUE, direction: DESC }]) { totalCount pageInfo { endCursor }
             nodes { id salesOrderId orderDate status totalDue customer { accountNumber }
                 lines(first: 50) { totalCount nodes { id lineTotal product { name } } } } } }",
    ),
    (
        "an aggregate",
        "{ salesAggregate(groupBy: [TERRITORY, ORDER_YEAR], first: 100) { totalCount nodes {
             key { territoryId orderYear } measures { lineCount orderCount orderTotal
                 lineTotal { sum median max } unitPrice { avg } } } } }",
    ),
    (
        "sales of products",
        "{ products(first: 500) { nodes { productId sales { lineCount lineTotal { sum } } } } }",
    ),
    ("documents", "{ salesOrders(first: 200) { nodes { document } } }"),
];

/// Answers, and the rows of a report.
async fn answers(app: TestApp) -> (Vec<Json>, Vec<Vec<String>>) {
    let all = Scope::everything();
    let mut test = TestReports::without_worker(app, Duration::from_secs(900)).await;
    let mut answers = Vec::new();
    for (what, query) in QUERIES {
        let answer = test.ask(&all, query, json!({})).await;
        assert_eq!(answer["errors"], Json::Null, "{what}");
        answers.push(answer["data"].clone());
    }
    test.start_worker();
    let report = test.make(&all, json!({ "kind": "SALES_LINES", "project": "same" })).await;
    let records = test.records(&report).await;
    test.stop_worker().await;
    (answers, records)
}

#[tokio::test]
async fn a_query_an_aggregate_and_a_report_answer_the_same_over_documents_as_over_rows() {
    let rows = TestApp::start().await;
    sample::clean().put(&rows, &ALL).await;
    assert_eq!(rows.load().await.outcome, Outcome::Succeeded);
    let (expected, expected_rows) = answers(rows).await;
    assert!(expected_rows.len() > 100, "{}", expected_rows.len());

    let app = TestApp::start().await;
    sample::clean().put(&app, &OTHERS).await;
    app.put_documents(&documents(sample::clean())).await;
    assert_eq!(app.load().await.outcome, Outcome::Succeeded);
    let (found, found_rows) = answers(app).await;
    for (index, (what, _)) in QUERIES.iter().enumerate() {
        assert_eq!(found[index], expected[index], "{what}");
    }
    assert_eq!(found_rows, expected_rows, "a report");
}

#[tokio::test]
async fn an_order_and_its_lines_name_the_document_they_came_from() {
    let app = TestApp::start().await;
    sample::clean().put(&app, &OTHERS).await;
    let all = documents(sample::clean());
    app.put_documents(&all[..20]).await;
    assert_eq!(app.load().await.outcome, Outcome::Succeeded);
    let test = TestReports::without_worker(app, Duration::from_secs(900)).await;
    for document in &all[..20] {
        let query = format!(
            "{{ salesOrder(salesOrderId: {}) {{ source {{ objectKey file {{ objectKey }} }}
                 lines(first: 1) {{ nodes {{ source {{ objectKey }} }} }}
                 customer {{ source {{ objectKey }} }} }} }}",
            document.id
        );
        let answer = test.ask(&Scope::everything(), &query, json!({})).await;
        let order = &answer["data"]["salesOrder"];
        let expected = Json::from(format!("incoming/{}", key(document)));
        assert_eq!(order["source"]["objectKey"], expected, "{answer}");
        assert_eq!(order["lines"]["nodes"][0]["source"]["objectKey"], expected, "{answer}");
        let page = order["source"]["file"]["objectKey"].as_str().expect("a page");
        assert!(page.ends_with("(20 documents)"), "{page}");
        let file = Json::from(format!("incoming/{}", sample::CUSTOMER));
        assert_eq!(order["customer"]["source"]["objectKey"], file, "{answer}");
    }
}
