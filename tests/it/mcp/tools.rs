//! What `search_schema`, `run_query` and `load_status` answer.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::{data, serve, with_tools};

const SDL: &str = include_str!("../../../schema.graphql");

#[tokio::test]
async fn what_is_found_in_the_schema_exists_and_can_be_asked_for() {
    let db = data().await;
    let caller = serve(with_tools(&db)).await;
    let known: BTreeSet<&str> = SDL.lines().map(|line| line.trim().trim_end_matches(',')).collect();
    for (words, first) in [
        ("standard cost of a product", "Query.product.standardCost"),
        ("account number of the customer", "accountNumber"),
        ("rows that were rejected by a load", "loadRejects"),
        ("group sales by quarter", "ORDER_QUARTER"),
    ] {
        let found = caller.told("search_schema", json!({ "query": words, "limit": 20 })).await;
        let results = found["results"].as_array().unwrap();
        assert!(!results.is_empty() && results.len() <= 20, "{words}");
        assert!(
            results.iter().any(|found| found["path"].as_str().unwrap().contains(first)),
            "{found}"
        );
        for found in results.iter().filter(|found| found["part"] != "TYPE") {
            for line in found["sdl"].as_str().unwrap().lines() {
                let line = line.trim().trim_end_matches(" {");
                let exists =
                    known.contains(line) || known.iter().any(|known| known.starts_with(line));
                assert!(exists, "{}: {line}", found["name"]);
            }
        }
    }
    // Paths to fields are paths of documents.
    let found = caller.told("search_schema", json!({ "query": "product", "limit": 50 })).await;
    let mut asked = 0;
    for found in found["results"].as_array().unwrap() {
        let path = found["path"].as_str().unwrap();
        if found["part"] != "FIELD" || !path.starts_with("Query.product.") || path.contains('(') {
            continue;
        }
        let names: Vec<&str> = path.split('.').skip(1).collect();
        let leaf =
            if found["sdl"].as_str().unwrap().contains(": [") { " { __typename }" } else { "" };
        let path = names.join(" { ").replacen("product", "product(productId: 1)", 1);
        let query = format!("{{ {path}{leaf}{} }}", " }".repeat(names.len() - 1));
        let (is_error, said) = caller.call("run_query", json!({ "query": query })).await;
        // Objects need a selection of their own: nothing else may be wrong.
        assert!(!is_error || said.to_string().contains("selection"), "{query}: {said}");
        asked += 1;
    }
    assert!(asked > 3, "{asked}");
    let nothing = caller.told("search_schema", json!({ "query": "zebra" })).await;
    assert_eq!(nothing["results"], json!([]));
    assert!(nothing["note"].as_str().unwrap().contains("try others"), "{nothing}");
    caller.server.stop().await;
}

#[tokio::test]
async fn a_query_is_answered_as_at_graphql_with_its_errors() {
    let db = data().await;
    let caller = serve(with_tools(&db)).await;
    let query =
        "query One($id: Int!) { product(productId: $id) { name } } query Two { __typename }";
    let one = json!({ "query": query, "operationName": "One", "variables": { "id": 3 } });
    let told = caller.told("run_query", one).await;
    assert_eq!(told["data"], json!({ "product": { "name": "Product 3" } }));
    assert!(told["extensions"]["dataVersion"].is_u64(), "{told}");
    assert!(told["extensions"]["cost"]["estimate"].is_u64(), "{told}");

    let part = "{ product(productId: 1) { name } loadRejects(first: 1, after: \"x\") { totalCount nodes { line } } }";
    let (is_error, content) = caller.call("run_query", json!({ "query": part })).await;
    assert!(is_error, "{content}");
    assert_eq!(content["data"]["product"]["name"], "Product 1", "what there is is shown");
    assert_eq!(content["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    assert_eq!(content["errors"][0]["path"], json!(["loadRejects"]));
    for (query, code) in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ x }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ products(first: 5000) { nodes { name } } }", "PAGE_TOO_LARGE"),
    ] {
        let (found, _) = caller.refusal("run_query", json!({ "query": query })).await;
        assert_eq!(found, code, "{query}");
    }
    for (arguments, named) in [
        (json!({}), "query"),
        (json!({ "query": 7 }), "query"),
        (json!({ "query": "{ a }", "variables": "x" }), "variables"),
        (json!({ "query": "{ a }", "operationName": [] }), "operationName"),
        (json!({ "query": "{ a }", "sql": "DROP TABLE person" }), "sql"),
    ] {
        let (code, message) = caller.refusal("run_query", arguments.clone()).await;
        assert_eq!(code, "BAD_USER_INPUT", "{arguments}");
        assert!(message.starts_with(&format!("{named}: ")), "{message}");
    }
    caller.server.stop().await;
}

/// No way of writing it makes a mutation of a query, and the tables say so, too.
#[tokio::test]
async fn a_mutation_is_never_executed_by_a_query() {
    let db = data().await;
    let commands = salesgraph::graphql::Commands::new(db.pool.clone());
    let caller = serve(with_tools(&db).with_commands(commands)).await;
    let replay = "replayRejects(input: {}) { loadRun { state } }";
    let runs = async || -> i64 {
        let count = sqlx::query_scalar("SELECT count(*) FROM load_run");
        count.fetch_one(&db.pool).await.unwrap()
    };
    let before = runs().await;
    for (query, operation) in [
        (format!("mutation {{ {replay} }}"), None),
        (format!("mutation M {{ {replay} }} query Q {{ __typename }}"), Some("M")),
        (format!("query Q {{ __typename }} mutation M {{ {replay} }}"), Some("M")),
        (format!("# query\n mutation {{ ...F }} fragment F on Mutation {{ {replay} }}"), None),
        (
            format!(
                "\u{feff}mutation($x: Boolean = true) {{ ... @include(if: $x) {{ {replay} }} }}"
            ),
            None,
        ),
    ] {
        let arguments = json!({ "query": query, "operationName": operation });
        let (is_error, said) = caller.call("run_query", arguments).await;
        assert!(is_error, "{query}");
        let text = said.to_string();
        assert!(text.contains("only reads") || text.contains("replayRejects"), "{query}: {text}");
        assert_eq!(said.get("data"), None, "{query}");
    }
    let read = json!({ "query": format!("query Q {{ __typename }} mutation M {{ {replay} }}"),
                       "operationName": "Q" });
    assert_eq!(caller.told("run_query", read).await["data"]["__typename"], "Query");
    let follow = "subscription { loadRun(id: \"01990000-0000-7000-8000-000000000001\") { state } }";
    let (code, message) = caller.refusal("run_query", json!({ "query": follow })).await;
    assert_eq!(code, "BAD_USER_INPUT", "{message}");
    assert!(message.contains("a tool answers once"), "{message}");
    assert_eq!(runs().await, before);
    caller.server.stop().await;
}

#[tokio::test]
async fn the_state_of_the_loads_is_told_with_the_version_of_the_data() {
    let db = data().await;
    let caller = serve(with_tools(&db)).await;
    let status = caller.told("load_status", json!({})).await;
    let runs = status["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 2);
    assert_eq!(runs[0]["state"], "FAILED");
    assert_eq!(runs[0]["error"]["message"], "S3 does not answer");
    assert_eq!(runs[1]["state"], "SUCCEEDED_WITH_REJECTS");
    assert_eq!(runs[1]["rowsInserted"], 180);
    let file = &runs[1]["files"]["nodes"][0];
    assert_eq!(file["file"]["objectKey"], "orders.csv");
    assert_eq!(file["rowsRejected"], 1);
    assert_eq!(
        (&runs[1]["rejects"]["totalCount"], &runs[1]["parked"]["totalCount"]),
        (&json!(1), &json!(1))
    );
    assert_eq!((&status["rejectedRows"], &status["parkedRows"]), (&json!(1), &json!(1)));
    assert!(status["dataVersion"].is_u64() && status["dataAsOf"].is_string(), "{status}");
    let one = caller.told("load_status", json!({ "runs": 1, "filesPerRun": 0 })).await;
    assert_eq!(one["runs"].as_array().map(Vec::len), Some(1));
    for arguments in [json!({ "runs": 0 }), json!({ "runs": 21 }), json!({ "filesPerRun": 101 })] {
        let (code, message) = caller.refusal("load_status", arguments).await;
        assert_eq!(code, "BAD_USER_INPUT", "{message}");
        assert!(message.contains("expected a whole number from"), "{message}");
    }
    assert_eq!(one["runs"][0]["files"]["nodes"], Json::Array(Vec::new()));
    caller.server.stop().await;
}
