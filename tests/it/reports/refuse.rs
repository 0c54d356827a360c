//! Requests that are refused say which argument is wrong, and leave nothing behind.

use salesgraph::auth::Scope;
use serde_json::json;

use super::started;
use crate::support::reports::partner;

#[tokio::test]
async fn wrong_requests_are_refused_by_name() {
    let test = started().await;
    let all = Scope::everything();
    for (input, code, part) in [
        (json!({ "kind": "PRODUCTS", "project": " " }), "BAD_USER_INPUT", "project: "),
        (json!({ "kind": "PRODUCTS", "project": "a\nb" }), "BAD_USER_INPUT", "project: "),
        (json!({ "kind": "PRODUCTS", "project": "x".repeat(101) }), "BAD_USER_INPUT", "project: "),
        (json!({ "project": "p" }), "BAD_USER_INPUT", "query: must be given"),
        (
            json!({ "kind": "PRODUCTS", "project": "p", "query": "{ a }" }),
            "BAD_USER_INPUT",
            "query: ",
        ),
        (
            json!({ "kind": "PRODUCTS", "project": "p", "groupBy": ["PRODUCT"] }),
            "BAD_USER_INPUT",
            "groupBy: ",
        ),
        (
            json!({ "kind": "PRODUCTS", "project": "p", "from": "2014-01-01" }),
            "BAD_USER_INPUT",
            "from: ",
        ),
        (
            json!({ "kind": "DEMAND_FORECAST", "project": "p", "from": "2014-01-01" }),
            "BAD_USER_INPUT",
            "to: ",
        ),
        (
            json!({ "kind": "PRODUCTS", "project": "p", "columns": ["nothing"] }),
            "BAD_USER_INPUT",
            "columns: there is no nothing, but productId",
        ),
        (
            json!({ "kind": "PRODUCTS", "project": "p", "columns": [] }),
            "BAD_USER_INPUT",
            "columns: ",
        ),
        (
            json!({ "kind": "PRODUCTS", "project": "p", "columns": ["name", "name"] }),
            "BAD_USER_INPUT",
            "name is given twice",
        ),
        (
            json!({ "kind": "PRODUCTS", "project": "p", "delimiter": "ab" }),
            "BAD_USER_INPUT",
            "delimiter: ",
        ),
        (
            json!({ "kind": "PRODUCTS", "project": "p", "delimiter": "," , "decimalSeparator": "x" }),
            "BAD_USER_INPUT",
            "decimal",
        ),
        (
            json!({ "kind": "PRODUCTS", "project": "p", "format": "PARQUET", "delimiter": ";" }),
            "BAD_USER_INPUT",
            "delimiter: ",
        ),
        (
            json!({ "project": "p", "query": "{ products { nodes { nothing } } }" }),
            "BAD_USER_INPUT",
            "nothing",
        ),
        (json!({ "project": "p", "query": "mutation { x }" }), "BAD_USER_INPUT", ""),
        (
            json!({ "project": "p", "query": "{ products { totalCount } }" }),
            "BAD_USER_INPUT",
            "column",
        ),
        (
            json!({ "project": "p", "query": "{ products { nodes { name lines { nodes { id } } } } }" }),
            "BAD_USER_INPUT",
            "lines",
        ),
        (
            json!({ "project": "p", "query": "{ products { nodes { name } } customers { nodes { id } } }" }),
            "BAD_USER_INPUT",
            "",
        ),
    ] {
        let (found, message) = test.refusal(&all, input.clone()).await;
        assert_eq!(found, code, "{input}: {message}");
        assert!(message.contains(part), "{input}: {message}");
    }
    assert_eq!(test.app.value::<i64>("SELECT count(*) FROM report").await, 0);
    // The fixture has jobs of others, which the worker forgets when it starts.
    let jobs = "SELECT count(*) FROM job WHERE task = 'report'";
    assert_eq!(test.app.value::<i64>(jobs).await, 0);
}

#[tokio::test]
async fn scopes_are_needed_to_ask_and_to_see() {
    let test = started().await;
    let input = json!({ "kind": "PRODUCTS", "project": "p" });
    for grants in ["sales:read", "sales:read reports:read", "reports:write reports:read"] {
        let grants = salesgraph::auth::Grants::known_in(grants);
        let scope = Scope::new(Some("acme".to_owned()), grants, None);
        let (code, message) = test.refusal(&scope, input.clone()).await;
        assert_eq!(code, "FORBIDDEN", "{grants:?}: {message}");
    }
    let may = partner("acme", "sales:read", Some(&[1]));
    let forecast = json!({ "kind": "DEMAND_FORECAST", "project": "p" });
    assert_eq!(test.refusal(&may, forecast).await.0, "FORBIDDEN", "it is of all territories");
    let loads = json!({ "project": "p", "query": "{ loadRuns { nodes { runId } } }" });
    assert_eq!(test.refusal(&may, loads).await.0, "FORBIDDEN");
    let names = json!({ "kind": "CUSTOMERS", "project": "p", "columns": ["lastName"] });
    assert_eq!(test.refusal(&may, names).await.0, "FORBIDDEN");
    let probe = json!({ "kind": "CUSTOMERS", "project": "p",
                        "filter": { "person": { "lastName": { "eq": "Last1" } } } });
    assert_eq!(test.refusal(&may, probe).await.0, "FORBIDDEN", "a filter would show it");
}
