//! Saved queries in the API: saved, replaced, listed, deleted, each within an organisation.

use serde_json::{Value as Json, json};

use crate::support::saved::{ALL, Saved};

const NAMES: &str = "{ products { nodes { productId name } } }";

fn error(answer: &Json) -> (&str, &str) {
    let error = &answer["errors"][0];
    let code = error["extensions"]["code"].as_str().unwrap_or_default();
    (code, error["message"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn a_name_belongs_to_an_organisation_and_is_replaced_in_place() {
    let saved = Saved::start().await;
    let acme = saved.caller(Some("acme"), ALL, None).await;
    let other = saved.caller(Some("other"), ALL, None).await;
    let nobody = saved.caller(None, ALL, None).await;
    let partner = saved.caller(Some("acme"), "sales:read reports:read", Some(vec![1])).await;
    let version = "SELECT version FROM data_version";
    let before: i64 = saved.app.value(version).await;
    let first = acme.save("names", NAMES).await;
    assert_eq!((&first["name"], &first["createdBy"]), (&json!("names"), &json!("test")));
    other.save("names", "{ customers { nodes { customerId } } }").await;
    let again = acme.save("names", "{ products { nodes { name } } }").await;
    assert_eq!(again["id"], first["id"]);
    assert_eq!(saved.app.value::<i64>(version).await, before, "the data have not changed");
    let list = "{ savedQueries { nodes { name document } } }";
    for (caller, documents) in [
        (&acme, vec!["{ products { nodes { name } } }"]),
        (&other, vec!["{ customers { nodes { customerId } } }"]),
        (&nobody, vec![]),
        (&partner, vec!["{ products { nodes { name } } }"]),
    ] {
        let answer = caller.ask(list, json!({})).await;
        let nodes = answer["data"]["savedQueries"]["nodes"].as_array().expect("a list");
        let found: Vec<&str> = nodes.iter().map(|it| it["document"].as_str().unwrap()).collect();
        assert_eq!(found, documents);
    }
    assert_eq!(acme.get("/q/names.csv").await.text.lines().next(), Some("name"));
    assert_eq!(other.get("/q/names.csv").await.text.lines().next(), Some("customerId"));
    assert_eq!(nobody.get("/q/names.csv").await.status, 404);

    let delete = "mutation { deleteSavedQuery(input: { name: \"names\" }) { name deletedAt } }";
    let gone = acme.ask(delete, json!({})).await;
    assert_eq!(gone["data"]["deleteSavedQuery"]["name"], "names", "{gone}");
    assert_eq!(acme.get("/q/names.csv").await.status, 404);
    assert_eq!(other.get("/q/names.csv").await.status, 200);
    assert_eq!(error(&acme.ask(delete, json!({})).await).0, "NOT_FOUND");
    assert_eq!(error(&partner.ask(delete, json!({})).await).0, "FORBIDDEN");
}

#[tokio::test]
async fn what_cannot_be_a_file_is_not_saved() {
    let saved = Saved::start().await;
    let acme = saved.caller(Some("acme"), ALL, None).await;
    let without_names =
        saved.caller(Some("acme"), "sales:read reports:read reports:write", None).await;
    let reader = saved.caller(Some("acme"), "sales:read persons:read reports:read", None).await;
    for (name, document, code, part) in [
        ("A", NAMES, "BAD_USER_INPUT", "name: a name has"),
        ("a/b", NAMES, "BAD_USER_INPUT", "name: a name has"),
        ("a", "{ products {", "BAD_USER_INPUT", ""),
        ("a", "{ products { nodes { nothing } } }", "BAD_USER_INPUT", "nothing"),
        ("a", "{ products { totalCount } }", "BAD_USER_INPUT", "no column"),
        (
            "a",
            "query($bom: Int) { products(first: $bom) { nodes { name } } }",
            "BAD_USER_INPUT",
            "$bom has the name of another parameter",
        ),
    ] {
        let answer = acme.try_save(name, document).await;
        let (found, message) = error(&answer);
        assert!(found == code && message.contains(part), "{name} {document}: {answer}");
    }
    // Its values are given when it is asked for.
    acme.save(
        "a",
        "query($id: Int!) { products(filter: { productId: { eq: $id } }) { nodes { name } } }",
    )
    .await;
    let persons = "{ persons { nodes { lastName } } }";
    let answer = without_names.try_save("p", persons).await;
    assert_eq!(error(&answer).0, "FORBIDDEN", "{answer}");
    assert_eq!(error(&reader.try_save("p", persons).await).0, "FORBIDDEN");
}
