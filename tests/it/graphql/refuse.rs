//! Refused and failed requests, and the errors that clients get.

use salesgraph::db::pool::{self, Settings};
use salesgraph::graphql::{Engine, Limits};
use salesgraph::query::Reader;
use serde_json::json;
use sqlx::Executor as _;

use crate::support::{Api, ask};

#[tokio::test]
async fn bad_arguments_are_refused_by_name() {
    let api = Api::start().await;
    let bad = |argument: &str| ("BAD_USER_INPUT".to_owned(), argument.to_owned());
    let data = api.data("{ customers(first: 1) { pageInfo { endCursor } } }").await;
    let cursor = &data["customers"]["pageInfo"]["endCursor"];
    let large = ("PAGE_TOO_LARGE".to_owned(), "first".to_owned());
    for query in [
        "{ persons(first: 1001) { totalCount } }",
        "{ persons { nodes { customers(first: 2000) { totalCount } } } }",
    ] {
        assert_eq!(api.refusal(query).await, large, "{query}");
    }
    for (query, argument) in [
        ("{ persons(first: -1) { totalCount } }".to_owned(), "first"),
        ("{ persons(after: \"nonsense\") { totalCount } }".to_owned(), "after"),
        (format!("{{ persons(after: {cursor}) {{ totalCount }} }}"), "after"),
        (
            format!("{{ persons {{ nodes {{ customers(after: {cursor}) {{ totalCount }} }} }} }}"),
            "after",
        ),
        ("{ node(id: \"x\") { id } }".to_owned(), "id"),
        ("{ nodes(ids: [\"x\"]) { id } }".to_owned(), "ids"),
        ("{ loadRun(id: \"x\") { id } }".to_owned(), "id"),
        ("{ loadRejects(runId: \"x\") { totalCount } }".to_owned(), "runId"),
    ] {
        assert_eq!(api.refusal(&query).await, bad(argument), "{query}");
    }
    // The rest of the answer is unaffected.
    let answer =
        api.ask("{ a: persons(first: -1) { totalCount } b: persons { totalCount } }").await;
    assert_eq!(answer["data"], json!({ "a": null, "b": { "totalCount": 60 } }));
    assert_eq!(answer["errors"][0]["path"], json!(["a"]));
}

#[tokio::test]
async fn invalid_documents_have_error_codes() {
    let api = Api::start().await;
    for (query, code) in [
        ("{ persons { ", "GRAPHQL_PARSE_FAILED"),
        ("{ nonsense }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ persons { nodes { nonsense } } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ persons(first: \"x\") { totalCount } }", "GRAPHQL_VALIDATION_FAILED"),
        ("query a { __typename } query b { __typename }", "GRAPHQL_VALIDATION_FAILED"),
    ] {
        assert_eq!(api.refusal(query).await.0, code, "{query}");
    }
    let inner = "lines { nodes { order { ".repeat(8);
    let deep = format!("{{ salesOrder(salesOrderId: 1) {{ {inner} id {} }} }}", "} } }".repeat(8));
    assert_eq!(api.refusal(&deep).await.0, "QUERY_TOO_DEEP");
    let many: String = (0..600).map(|n| format!("p{n}: persons {{ totalCount }} ")).collect();
    assert_eq!(api.refusal(&format!("{{ {many} }}")).await.0, "QUERY_TOO_MANY_ALIASES");
    // Few rows read again and again: thousands of lines for each order.
    let inner = "lines { nodes { order { ".repeat(5);
    let wide =
        format!("{{ salesOrders(first: 200) {{ nodes {{ {inner} id {} }} }} }}", "} } }".repeat(5));
    assert_eq!(api.refusal(&wide).await.0, "QUERY_TOO_COMPLEX");
}

#[tokio::test]
async fn database_errors_have_codes_and_reveal_nothing() {
    let api = Api::start().await;
    let settings = Settings {
        statement_timeout: Some(std::time::Duration::from_millis(100)),
        ..Settings::new(&api.db.url)
    };
    let impatient = pool::connect(&settings).await.unwrap();
    let engine = Engine::new(Reader::new(impatient), Limits::default());
    let mut lock = api.db.pool.begin().await.unwrap();
    lock.execute("LOCK TABLE person IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let answer = ask(&engine, "{ persons { nodes { id } } }").await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "TIMEOUT");
    lock.rollback().await.unwrap();

    api.db.pool.execute("ALTER TABLE person RENAME first_name TO hidden").await.unwrap();
    let answer = api.ask("{ persons { nodes { firstName } } }").await;
    let error = &answer["errors"][0];
    assert_eq!(error["extensions"], json!({ "code": "INTERNAL", "requestId": "test" }));
    assert_eq!(error["message"], "internal error");
}

#[tokio::test]
async fn documents_that_would_exhaust_memory_are_refused() {
    let api = Api::start().await;
    for open in ["{a", "[", "("] {
        let deep = format!("{{ persons(after: {}", open.repeat(1_000));
        assert_eq!(api.refusal(&deep).await.0, "QUERY_TOO_DEEP", "{open}");
    }
    let mut bomb = "{ ...f0 }".to_owned();
    for n in 0..6 {
        let inner = format!("...f{} ", n + 1).repeat(16);
        bomb.push_str(&format!("fragment f{n} on Query {{ {inner} }} "));
    }
    bomb.push_str("fragment f6 on Query { persons { totalCount } }");
    assert_eq!(api.refusal(&bomb).await.0, "QUERY_TOO_MANY_ROOT_FIELDS");
    let names = "__typename ".repeat(2_000);
    assert_eq!(api.refusal(&format!("{{ {names} }}")).await.0, "QUERY_TOO_MANY_ROOT_FIELDS");
    let inner = format!("{{ persons {{ {names} }} }}");
    assert_eq!(api.refusal(&inner).await.0, "QUERY_TOO_COMPLEX");
    let directives = "@include(if: true) ".repeat(101);
    let directed = format!("{{ __typename {directives} }}");
    assert_eq!(api.refusal(&directed).await.0, "QUERY_TOO_MANY_DIRECTIVES");
    assert_eq!(api.refusal(&"{".repeat(100_000)).await.0, "QUERY_TOO_MANY_TOKENS");
    let circle = "{ ...f } fragment f on Query { ...g } fragment g on Query { ...f }";
    assert_eq!(api.refusal(circle).await.0, "GRAPHQL_VALIDATION_FAILED");
    let unused: String =
        (0..1_000).map(|n| format!("fragment f{n} on Query {{ ...f{} }}", n + 1)).collect();
    assert_eq!(api.refusal(&format!("{{ __typename }} {unused}")).await.0, "QUERY_TOO_DEEP");
}

#[tokio::test]
async fn missing_required_variables_are_reported_at_any_depth() {
    let api = Api::start().await;
    let query =
        "query($n: Int!) { products(first: 1) { nodes { lines(first: $n) { totalCount } } } }";
    for variables in [json!({}), json!({ "n": null }), json!({ "n": "1" })] {
        let answer = api.ask_with(query, variables).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
        assert_eq!(answer["data"], json!(null));
    }
    assert_eq!(api.ask_with(query, json!({ "n": 1 })).await["errors"], json!(null));
}

#[tokio::test]
async fn numbers_out_of_range_are_refused_everywhere_alike() {
    let api = Api::start().await;
    let big = 3_000_000_000_i64;
    for field in [
        "person(businessEntityId: VALUE) { id }",
        "persons(first: VALUE) { totalCount }",
        "persons(first: 1) { nodes { customers(first: VALUE) { totalCount } } }",
    ] {
        let literal = format!("{{ {} __typename }}", field.replace("VALUE", &big.to_string()));
        let variable = format!("query($n: Int!) {{ {} __typename }}", field.replace("VALUE", "$n"));
        let answers = [api.ask(&literal).await, api.ask_with(&variable, json!({ "n": big })).await];
        for answer in answers {
            let errors = answer["errors"].as_array().unwrap();
            assert_eq!(errors.len(), 1, "{answer}");
            assert_eq!(errors[0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
            assert_eq!(answer["data"], json!(null));
        }
    }
}

#[tokio::test]
async fn operations_other_than_queries_are_invalid() {
    let api = Api::start().await;
    for query in ["mutation { x }", "subscription { x { y } }"] {
        assert_eq!(api.refusal(query).await.0, "GRAPHQL_VALIDATION_FAILED");
    }
}
