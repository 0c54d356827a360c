//! Introspection can be off.

use hyper::StatusCode;
use salesgraph::db::data_version::DataVersions;
use salesgraph::graphql::Limits;
use salesgraph::http::{AppState, RequestLimits, pages};
use serde_json::json;

use crate::support::database;
use crate::support::http::TestServer;

const RESPONSE: &str = "application/graphql-response+json";

#[tokio::test]
async fn without_introspection_nothing_tells_the_schema() {
    let db = database().await;
    let versions = DataVersions::start(&db.pool, db.pool.connect_options().as_ref().clone());
    let limits = Limits { introspection: false, ..Limits::default() };
    let state = AppState::new(db.pool.clone(), versions, limits, RequestLimits::default());
    let server = TestServer::serve(state).await;
    for query in [
        "{ __schema { queryType { name } } }",
        "{ x: __type(name: \"Query\") { name } }",
        "{ ...f } fragment f on Query { ... { __schema { queryType { name } } } }",
        "query A { __typename } query B { __schema { queryType { name } } }",
    ] {
        let body = json!({ "query": query, "operationName": "A" }).to_string();
        let answer = server.post(RESPONSE, &body).await;
        let found = (answer.status, answer.code());
        let expected = (StatusCode::BAD_REQUEST, "GRAPHQL_VALIDATION_FAILED".to_owned());
        assert_eq!(found, expected, "{query}");
        assert!(answer.text.contains("introspection is off"), "{}", answer.text);
    }
    let answer = server.post(RESPONSE, r#"{"query":"{ __typename }"}"#).await;
    assert_eq!(answer.result(), json!({ "data": { "__typename": "Query" } }));
    assert_eq!(server.get("/schema.graphql").await.status, StatusCode::NOT_FOUND);
    if pages::are_built() {
        for path in ["/docs/api/index", "/docs/api/Query"] {
            assert_eq!(server.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(server.get("/docs/querying").await.status, StatusCode::OK);
    }
    server.stop().await;
}
