//! What is forbidden is null with an error at its path; the rest of the answer stands.

use async_graphql::Request;
use salesgraph::auth::{Grant, Grants, Scope};
use salesgraph::graphql::errors::settle;
use serde_json::{Value, json};

use crate::support::Api;

async fn ask(api: &Api, scope: &Scope, document: &str) -> Value {
    let mut answer = api.engine.execute(api.engine.prepare(Request::new(document)), scope).await;
    settle(&mut answer.errors, "test");
    serde_json::from_slice(&answer.to_json().unwrap()).unwrap()
}

fn only(grants: &[Grant]) -> Scope {
    let grants: Grants = grants.iter().copied().collect();
    Scope::new(None, grants, None)
}

/// Paths of the errors, which all have the code FORBIDDEN.
fn forbidden(answer: &Value) -> Vec<Value> {
    let errors = answer["errors"].as_array().map_or(&[][..], Vec::as_slice);
    for error in errors {
        assert_eq!(error["extensions"]["code"], "FORBIDDEN", "{error}");
    }
    errors.iter().map(|error| error["path"].clone()).collect()
}

#[tokio::test]
async fn names_are_null_without_persons_read() {
    let api = Api::start().await;
    let sales = only(&[Grant::SalesRead]);
    let document = "{ customer(customerId: 3) { accountNumber
                      person { businessEntityId lastName emailPromotion } } }";
    let answer = ask(&api, &sales, document).await;
    let person = json!({ "businessEntityId": 3, "lastName": null, "emailPromotion": 2 });
    let customer = json!({ "accountNumber": "AW00000003", "person": person });
    assert_eq!(answer["data"], json!({ "customer": customer }));
    assert_eq!(forbidden(&answer), [json!(["customer", "person", "lastName"])]);
    assert_eq!(answer["errors"][0]["message"], "this needs the scope persons:read");

    for document in [
        r#"{ persons(filter: { lastName: { eq: "Last3" } }) { totalCount } }"#,
        r#"{ persons(filter: { not: { suffix: { isNull: true } } }) { totalCount } }"#,
        "{ persons(orderBy: [{ field: FIRST_NAME }]) { nodes { id } } }",
        "{ customers(orderBy: [{ field: PERSON_LAST_NAME }]) { nodes { id } } }",
        r#"{ salesOrders(filter: { person: { firstName: { contains: "1" } } }) { totalCount } }"#,
        r#"{ salesAggregate(filter: { person: { lastName: { eq: "Last3" } } }) { totalCount } }"#,
    ] {
        let answer = ask(&api, &sales, document).await;
        let root = document.trim_start_matches("{ ").split('(').next().unwrap();
        assert_eq!(answer["data"][root], Value::Null, "{document}");
        assert_eq!(forbidden(&answer), [json!([root])], "{document}");
    }

    // A name is not found, all else is.
    let found = "{ a: salesOrderLines(filter: { keyword: \"Last3\" }) { totalCount }
                   b: salesOrderLines(filter: { keyword: \"AW00000003\" }) { totalCount } }";
    let answer = ask(&api, &sales, found).await;
    assert_eq!(answer["data"]["a"]["totalCount"], 0, "{answer}");
    assert_ne!(answer["data"]["b"]["totalCount"], 0, "{answer}");
    let answer = ask(&api, &only(&[Grant::SalesRead, Grant::PersonsRead]), found).await;
    assert_ne!(answer["data"]["a"]["totalCount"], 0, "{answer}");
}

#[tokio::test]
async fn each_part_needs_its_scope() {
    let api = Api::start().await;
    let document =
        "{ products(first: 1) { nodes { productId source { line objectKey rawObject file { fileId } } } }
                      loadRuns { totalCount } }";
    let answer = ask(&api, &only(&[Grant::SalesRead]), document).await;
    assert_eq!(answer["data"]["loadRuns"], Value::Null);
    assert_eq!(answer["data"]["products"]["nodes"][0]["source"]["line"], 2, "{answer}");
    let of_source = |name: &str| json!(["products", "nodes", 0, "source", name]);
    let expected =
        [of_source("objectKey"), of_source("rawObject"), of_source("file"), json!(["loadRuns"])];
    assert_eq!(forbidden(&answer), expected);

    let answer = ask(&api, &only(&[Grant::LoadsRead]), document).await;
    assert_eq!(answer["data"]["loadRuns"]["totalCount"], 2);
    assert_eq!(forbidden(&answer), [json!(["products"])]);

    let partner = Scope::new(None, Grants::all(), Some(vec![1]));
    let dates = "demandForecast(from: \"2011-01-01\", to: \"2011-02-01\")";
    let document = format!("{{ {dates} {{ totalCount }} loadRuns {{ totalCount }} }}");
    let answer = ask(&api, &partner, &document).await;
    assert_eq!(forbidden(&answer), [json!(["demandForecast"]), json!(["loadRuns"])]);

    let nobody = ask(&api, &only(&[]), "{ products { totalCount } __typename }").await;
    assert_eq!(nobody["data"], json!({ "products": null, "__typename": "Query" }));
}

#[tokio::test]
async fn a_command_needs_the_scopes_of_its_work_and_of_its_result() {
    let api = Api::start().await;
    let document = "mutation { replayRejects(input: {}) { loadRun { state } } }";
    for grants in [&[Grant::LoadsRead][..], &[Grant::LoadsWrite], &[]] {
        let answer = ask(&api, &only(grants), document).await;
        assert_eq!(answer["data"], json!({ "replayRejects": null }), "{grants:?}");
        assert_eq!(forbidden(&answer), [json!(["replayRejects"])], "{grants:?}");
    }
    // With both, and all territories, it is only this server that does not execute it.
    let both = only(&[Grant::LoadsRead, Grant::LoadsWrite]);
    let answer = ask(&api, &both, document).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{answer}");
    let limited = Scope::new(None, Grants::all(), Some(vec![1]));
    assert_eq!(forbidden(&ask(&api, &limited, document).await).len(), 1);
}
