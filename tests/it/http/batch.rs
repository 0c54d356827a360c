//! Several requests in one body.

use hyper::StatusCode;
use salesgraph::http::RequestLimits;
use serde_json::{Value, json};
use sqlx::Executor as _;

use crate::support::http::{TestServer, state};
use crate::support::{TestDb, database, fixture};

const JSON: &str = "application/json";
const RESPONSE: &str = "application/graphql-response+json";

async fn start(limits: RequestLimits, batch_max: usize) -> (TestDb, TestServer) {
    let db = database().await;
    fixture::insert(&db.pool).await;
    let state = state(&db.pool, limits);
    let server = TestServer::serve(state.with_batch_max(batch_max)).await;
    (db, server)
}

#[tokio::test]
async fn an_array_is_refused_unless_it_is_allowed() {
    let (_db, server) = start(RequestLimits::default(), 0).await;
    let body = json!([{ "query": "{ __typename }" }]).to_string();
    let answer = server.post(JSON, &body).await;
    let found = (answer.status, answer.code());
    assert_eq!(found, (StatusCode::BAD_REQUEST, "BAD_USER_INPUT".to_owned()));
    assert!(answer.text.contains("http.batch_max"), "{}", answer.text);
    server.stop().await;
}

#[tokio::test]
async fn an_array_is_answered_in_order() {
    // With a concurrency of one.
    let (_db, server) =
        start(RequestLimits { concurrency: 1, ..RequestLimits::default() }, 4).await;
    let body = json!([
        { "query": "{ persons { totalCount } }" },
        { "query": "{" },
        { "query": "query Q($id: Int!) { person(businessEntityId: $id) { firstName } }",
          "variables": { "id": 3 } },
        { "documentId": "none" },
    ])
    .to_string();
    let both = format!("{RESPONSE}, {JSON};q=0.1");
    for accept in [JSON, &both, "*/*"] {
        let answer = server.post(accept, &body).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
        let answers = answer.json();
        assert_eq!(answers.as_array().map(Vec::len), Some(4), "{}", answer.text);
        assert_eq!(answers[0]["data"], json!({ "persons": { "totalCount": 60 } }));
        assert_eq!(answers[2]["data"], json!({ "person": { "firstName": "First3" } }));
        let code = |answer: &Value| answer["errors"][0]["extensions"]["code"].clone();
        assert_eq!(code(&answers[1]), "GRAPHQL_PARSE_FAILED");
        assert_eq!(code(&answers[3]), "PERSISTED_QUERY_NOT_FOUND");
    }
    assert_eq!(server.post(RESPONSE, &body).await.status, StatusCode::NOT_ACCEPTABLE);

    for (requests, said) in [(5, "5 requests"), (0, "0 requests")] {
        let body = Value::from(vec![json!({ "query": "{ __typename }" }); requests]).to_string();
        let answer = server.post(JSON, &body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(answer.text.contains(said), "{}", answer.text);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_request_that_times_out_leaves_the_others_unaffected() {
    let limit = std::time::Duration::from_secs(2);
    let (db, server) =
        start(RequestLimits { execution_time: limit, ..RequestLimits::default() }, 2).await;
    let mut lock = db.pool.begin().await.unwrap();
    lock.execute("LOCK TABLE person IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let body = json!([
        { "query": "{ persons { totalCount } }" },
        { "query": "{ products { totalCount } }" },
    ]);
    let answer = server.post(JSON, &body.to_string()).await;
    let answers = answer.json();
    assert_eq!(answer.code(), "", "it is an array");
    assert_eq!(answers[0]["errors"][0]["extensions"]["code"], "TIMEOUT");
    assert_eq!(answers[1]["data"], json!({ "products": { "totalCount": 20 } }));
    lock.rollback().await.unwrap();
    server.stop().await;
}
