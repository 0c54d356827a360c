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
    // Where the API is no subgraph there is no such field, and no introspection by it.
    let answer = server.post(RESPONSE, r#"{"query":"{ _service { sdl } }"}"#).await;
    assert_eq!(answer.json()["errors"][0]["message"], "Query has no field _service");
    let answer = server.post(RESPONSE, r#"{"query":"{ __typename }"}"#).await;
    assert_eq!(answer.result(), json!({ "data": { "__typename": "Query" } }));
    assert_eq!(server.get("/schema.graphql").await.status, StatusCode::NOT_FOUND);
    if pages::are_built() {
        for path in ["/docs/api/index", "/docs/api/Query", "/docs/api/search.json"] {
            assert_eq!(server.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        for path in ["/docs", "/docs/querying", "/docs/architecture"] {
            let page = server.get(path).await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            assert!(page.text.contains("aggregates\">Aggregates"), "{path} has its guides");
            assert!(!page.text.contains("docs/api"), "{path} leads to the schema");
            assert!(!page.text.contains("schema.graphql\""), "{path} leads to the schema");
        }
        tells_no_name(&server, "/docs").await;
    }
    server.stop().await;
}

/// No asset of a page has the name of a type, as the search would need it.
async fn tells_no_name(server: &TestServer, page: &str) {
    let text = server.get(page).await.text;
    let assets = text.split('"').filter(|part| part.starts_with("./assets/"));
    let mut searched = 0;
    for asset in assets.map(|path| path.trim_start_matches('.')) {
        let content = server.get(asset).await;
        assert_eq!(content.status, StatusCode::OK, "{asset}");
        assert!(!content.text.contains("LoadRejectConnection"), "{asset} tells of the schema");
        searched += usize::from(asset.contains("search"));
    }
    assert_eq!(searched, 1, "what the search looks in is among them");
}
