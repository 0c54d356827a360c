//! What cannot be a file is refused before anything is read.

use salesgraph::auth::{Grant, Grants, Scope};
use salesgraph::graphql::{ExportColumn, ExportRequest};

use crate::support::Api;
use crate::support::export::{refusal, request, with_variables};

async fn refused(api: &Api, document: &str, scope: &Scope) -> (String, String) {
    refusal(api.engine.export(&request(document), scope).await)
}

#[tokio::test]
async fn only_one_list_of_rows_is_a_file() {
    let api = Api::start().await;
    for (document, part) in [
        ("{ products { totalCount } }", "no column"),
        ("{ products { nodes { __typename } } }", "no column"),
        ("{ products { nodes { name } } persons { nodes { lastName } } }", "persons: a file"),
        ("{ product(productId: 1) { name } }", "product: a file"),
        ("{ __schema { types { name } } }", "__schema: a file"),
        ("{ __typename }", "asks for none"),
        ("mutation { replayRejects(input: {}) { loadRun { id } } }", "of a query"),
        (
            "{ customers { nodes { customerId mine: orders { nodes { salesOrderId } } } } }",
            "mine: a list within a row cannot be columns of a file: query salesOrders",
        ),
        ("{ products { x: nodes { a: name } nodes { a: productNumber } } }", "two columns"),
        ("{ products(orderBy: [{ field: NAME }, { field: NAME }]) { nodes { name } } }", "NAME"),
    ] {
        let (code, message) = refused(&api, document, &Scope::everything()).await;
        assert_eq!(code, "BAD_USER_INPUT", "{document}: {message}");
        assert!(message.contains(part), "{document}: {message}");
    }
    for (document, code) in [
        ("{ products { nodes { nothing } } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ products {", "GRAPHQL_PARSE_FAILED"),
        ("query($a: Int!) { products(first: $a) { nodes { name } } }", "GRAPHQL_VALIDATION_FAILED"),
    ] {
        assert_eq!(refused(&api, document, &Scope::everything()).await.0, code, "{document}");
    }
}

#[tokio::test]
async fn pages_are_not_looked_at() {
    let api = Api::start().await;
    let document = "query($n: Int, $after: String) {
        products(first: $n, after: $after) { nodes { name } } }";
    let variables = serde_json::json!({ "n": 1_000_000, "after": "no cursor" });
    let wanted = with_variables(document, variables);
    api.engine.export(&wanted, &Scope::everything()).await.expect("a whole list has no page");
}

#[tokio::test]
async fn columns_that_are_not_there_are_named() {
    let api = Api::start().await;
    let of = |pairs: &[(&str, &str)]| ExportRequest {
        columns: Some(
            pairs
                .iter()
                .map(|(name, path)| ExportColumn { name: (*name).into(), path: (*path).into() })
                .collect(),
        ),
        ..request("{ products { nodes { name productId } } }")
    };
    for (pairs, part) in [
        (&[("a", "nam")][..], "no nam, but name, productId"),
        (&[("a", "name"), ("a", "productId")], "a is given twice"),
        (&[("", "name")], "the name of name"),
        (&[], "no column"),
    ] {
        let refused = api.engine.export(&of(pairs), &Scope::everything()).await;
        let (code, message) = refusal(refused);
        assert!(code == "BAD_USER_INPUT" && message.contains(part), "{message}");
    }
}

#[tokio::test]
async fn what_the_caller_may_not_see_is_forbidden_and_not_left_out() {
    let api = Api::start().await;
    let sales: Grants = [Grant::SalesRead].into_iter().collect();
    let without_names = Scope::new(None, sales, None);
    let partner = Scope::new(Some("p".to_owned()), sales, Some(vec![1]));
    for (document, scope, part) in [
        ("{ customers { nodes { person { lastName } } } }", &without_names, "person.lastName: "),
        (
            "{ customers { nodes { customerId source { file { id } } } } }",
            &without_names,
            "source.file: ",
        ),
        (
            "{ persons(filter: { lastName: { eq: \"X\" } }) { nodes { businessEntityId } } }",
            &without_names,
            "persons:read",
        ),
        (
            "{ persons(orderBy: [{ field: LAST_NAME }]) { nodes { businessEntityId } } }",
            &without_names,
            "persons:read",
        ),
        (
            "{ customers { nodes { sales(filter: { person: { lastName: { eq: \"X\" } } }) { lineCount } } } }",
            &without_names,
            "persons:read",
        ),
        (
            "{ salesAggregate(filter: { person: { lastName: { eq: \"X\" } } }) { nodes { measures { lineCount } } } }",
            &without_names,
            "persons:read",
        ),
        ("{ loadRuns { nodes { state } } }", &partner, "loads:read"),
        (
            "{ products { nodes { name } } }",
            &Scope::new(None, Grants::default(), None),
            "sales:read",
        ),
    ] {
        let (code, message) = refused(&api, document, scope).await;
        assert!(code == "FORBIDDEN" && message.contains(part), "{document}: {code} {message}");
    }
}
