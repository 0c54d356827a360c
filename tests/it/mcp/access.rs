//! Who may use which tool, and from where.

use std::sync::Arc;

use hyper::StatusCode;
use salesgraph::auth::{Access, Principal};
use salesgraph::config::{CorsOrigins, RateConfig};
use salesgraph::http::{McpOptions, ProtectedResource, RateLimits};
use serde_json::json;

use super::{Tokens, data, serve, with_tools};

const LIST: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
const METADATA: &str = "/.well-known/oauth-protected-resource";

#[tokio::test]
async fn without_a_valid_token_there_is_a_challenge_and_nothing_else() {
    let db = data().await;
    let tokens = Tokens::new().await;
    let resource = ProtectedResource {
        url: "https://api.example/mcp".to_owned(),
        issuers: vec!["https://issuer.example/".to_owned()],
        scopes: vec!["sales:read".to_owned()],
    };
    let told = McpOptions { resource: Some(resource), ..McpOptions::default() };
    for (options, challenge) in [
        (McpOptions::default(), "Bearer realm=\"salesgraph\""),
        (
            told,
            "Bearer realm=\"salesgraph\", resource_metadata=\"https://api.example/.well-known/\
             oauth-protected-resource/mcp\"",
        ),
    ] {
        let is_told = options.resource.is_some();
        let state = with_tools(&db).with_access(tokens.access.clone()).with_mcp(Some(options));
        let caller = serve(state).await;
        for token in [None, Some("wrong"), Some("sgk_x"), Some("")] {
            let bearer = token.map(|token| format!("Bearer {token}"));
            let headers = bearer.as_deref().map(|bearer| ("authorization", bearer));
            let answer = caller.post(headers.as_slice(), LIST).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{token:?}");
            assert_eq!(answer.header("www-authenticate"), challenge);
            assert_eq!(answer.code(), "UNAUTHENTICATED");
        }
        let other = caller.server.get(&format!("{METADATA}/graphql")).await;
        assert_eq!(other.status, StatusCode::NOT_FOUND, "another resource");
        for path in [METADATA.to_owned(), format!("{METADATA}/mcp")] {
            let metadata = caller.server.get(&path).await;
            assert_eq!(metadata.status == StatusCode::OK, is_told, "{path}");
            if is_told {
                let metadata = metadata.json();
                assert_eq!(metadata["resource"], "https://api.example/mcp");
                let issuers = json!(["https://issuer.example/"]);
                assert_eq!(metadata["authorization_servers"], issuers);
                assert_eq!(metadata["scopes_supported"], json!(["sales:read"]));
            }
        }
        caller.server.stop().await;
    }
}

#[tokio::test]
async fn tools_are_listed_for_those_who_may_use_them_and_refused_to_others() {
    let db = data().await;
    let tokens = Tokens::new().await;
    let mut caller = serve(with_tools(&db).with_access(tokens.access.clone())).await;
    let all = ["sales_aggregate", "search_schema", "run_query", "request_report", "load_status"];
    for (grants, territories, expected) in [
        ("sales:read reports:read reports:write loads:read", None, &all[..]),
        ("sales:read", None, &all[..3]),
        ("sales:read loads:read", Some(&[1][..]), &all[..3]),
        ("sales:read reports:write", None, &all[..3]),
        ("", None, &all[1..3]),
    ] {
        caller.token = Some(tokens.of(grants, territories));
        assert_eq!(caller.listed().await, expected, "{grants} {territories:?}");
        let report = json!({ "project": "x", "kind": "PRODUCTS" });
        for (tool, arguments) in
            [("sales_aggregate", json!({})), ("request_report", report), ("load_status", json!({}))]
        {
            if !expected.contains(&tool) {
                let (code, message) = caller.refusal(tool, arguments).await;
                assert_eq!(code, "FORBIDDEN", "{grants} {tool}: {message}");
            }
        }
    }
    caller.server.stop().await;
}

#[tokio::test]
async fn a_partner_gets_the_figures_of_its_territories_as_at_graphql() {
    let db = data().await;
    let tokens = Tokens::new().await;
    let mut caller = serve(with_tools(&db).with_access(tokens.access.clone())).await;
    let query = "{ salesAggregate { nodes { measures { orderCount lineTotal { sum } } } } \
                 salesOrders { totalCount } territories { nodes { territoryId } } }";
    let mut sums = Vec::new();
    for territories in [None, Some(&[1][..]), Some(&[1, 2]), Some(&[])] {
        caller.token = Some(tokens.of("sales:read", territories));
        let expected = caller.graphql(query).await["data"].clone();
        let told = caller.told("run_query", json!({ "query": query })).await;
        assert_eq!(told["data"], expected, "{territories:?}");
        let figures = json!({ "measures": ["ORDER_COUNT", "LINE_TOTAL_SUM"] });
        let figures = caller.told("sales_aggregate", figures).await;
        let measures = &figures["rows"][0]["measures"];
        assert_eq!(*measures, expected["salesAggregate"]["nodes"][0]["measures"]);
        // What it asks for beyond its territories adds nothing.
        let wide = json!({ "territoryIds": [1, 2, 3, 7], "filter": { "or": [
            { "order": { "territoryId": { "gte": 0 } } },
        ] } });
        let wide = caller.told("sales_aggregate", wide).await;
        assert_eq!(wide["rows"][0]["measures"], *measures, "{territories:?}");
        sums.push(measures["lineTotal"]["sum"].clone());
    }
    let nothing = sums[3].as_str().unwrap().parse::<f64>().unwrap();
    assert!(nothing == 0.0, "{sums:?}");
    assert!(sums[0] != sums[1] && sums[1] != sums[2], "{sums:?}");
    caller.server.stop().await;
}

#[tokio::test]
async fn pages_of_other_sites_are_refused_before_anything_is_done() {
    let db = data().await;
    let listed = CorsOrigins::These(vec!["https://app.example".to_owned()]);
    let caller = serve(with_tools(&db).with_cors_origins(listed)).await;
    for (origin, allowed) in [
        ("https://app.example", true),
        ("http://localhost", true),
        ("https://evil.example", false),
        ("https://app.example.evil.example", false),
        ("null", false),
        ("", false),
    ] {
        let answer = caller.post(&[("origin", origin)], LIST).await;
        let expected = if allowed { StatusCode::OK } else { StatusCode::FORBIDDEN };
        assert_eq!(answer.status, expected, "{origin}: {}", answer.text);
    }
    // A name that leads to this machine is none of it (DNS rebinding).
    let headers = [("content-type", "application/json"), ("accept", super::BOTH)];
    let answer = caller.server.request_as("evil.example", "POST", "/mcp", &headers, LIST).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    caller.server.stop().await;
}

#[tokio::test]
async fn the_limits_over_time_are_those_of_the_api() {
    let db = data().await;
    let limited = |rates| {
        let principal = Principal { credential: 7, ..Principal::operator() };
        with_tools(&db)
            .with_access(Access::Open(Arc::new(principal)))
            .with_rate_limits(RateLimits::new(rates, 0))
    };
    let caller = serve(limited(RateConfig { per_token: 2, ..RateConfig::default() })).await;
    for left in ["\"token\";r=1;t=30", "\"token\";r=0;t=60"] {
        let answer = caller.post(&[], LIST).await;
        assert_eq!((answer.status, answer.header("ratelimit")), (StatusCode::OK, left));
    }
    let answer = caller.post(&[], LIST).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.code(), "RATE_LIMITED");
    assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|wait| wait > 0));
    caller.server.stop().await;

    let caller = serve(limited(RateConfig { cost_per_token: 1, ..RateConfig::default() })).await;
    let search = json!({ "query": "orders" });
    caller.told("search_schema", search.clone()).await;
    for (tool, arguments) in [
        ("search_schema", search),
        ("run_query", json!({ "query": "{ products { nodes { name } } }" })),
        ("sales_aggregate", json!({ "groupBy": ["PRODUCT"] })),
        ("load_status", json!({})),
    ] {
        let (code, message) = caller.refusal(tool, arguments).await;
        assert_eq!(code, "RATE_LIMITED", "{tool}: {message}");
    }
    caller.server.stop().await;

    // Wrong calls cost something as well.
    let caller = serve(limited(RateConfig { cost_per_token: 2, ..RateConfig::default() })).await;
    for (tool, expected) in [
        ("run_query", "BAD_USER_INPUT"),
        ("search_schema", "BAD_USER_INPUT"),
        ("run_query", "RATE_LIMITED"),
    ] {
        let (code, message) = caller.refusal(tool, json!({ "x": 1 })).await;
        assert_eq!(code, expected, "{tool}: {message}");
    }
    caller.server.stop().await;
}

#[tokio::test]
async fn who_may_not_ask_for_the_schema_cannot_search_it() {
    let db = data().await;
    let limits = salesgraph::config::DocumentLimits { introspection: false, ..Default::default() };
    let pool = &db.pool;
    let versions = salesgraph::db::data_version::DataVersions::start(
        pool,
        pool.connect_options().as_ref().clone(),
    );
    let state = salesgraph::http::AppState::new(pool.clone(), versions, limits, Default::default());
    let caller = serve(state.with_mcp(Some(McpOptions::default()))).await;
    assert!(!caller.listed().await.contains(&"search_schema".to_owned()));
    let (code, _) = caller.refusal("search_schema", json!({ "query": "orders" })).await;
    assert_eq!(code, "FORBIDDEN");
    let schema = json!({ "query": "{ __schema { queryType { name } } }" });
    let (is_error, said) = caller.call("run_query", schema).await;
    assert!(is_error, "{said}");
    caller.server.stop().await;
}
