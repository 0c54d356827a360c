//! The schema as a subgraph: that of the API, with keys.

use std::collections::BTreeSet;

use salesgraph::graphql::{sdl, subgraph_sdl, types};
use serde_json::{Value, json};

use super::Subgraph;
use crate::support::subgraph::keys_of;
use crate::support::{Api, TestApp, ask};

/// There is no second copy of it in the repository.
#[test]
fn without_its_directives_it_is_the_schema_of_the_api() {
    let (types, link) = subgraph_sdl().split_once("extend schema @link(").expect("a link");
    assert!(link.contains("https://specs.apollo.dev/federation/v2"), "{link}");
    assert!(link.contains("\"@key\"") && link.contains("\"@shareable\""), "{link}");
    let sdl = sdl();
    let (api, roots) = sdl.rsplit_once("schema {").expect("the roots");
    assert!(roots.contains("query: Query"), "{roots}");
    let plain = |line: &str| match line.split_once(" @") {
        Some((head, _)) if line.starts_with("type ") => format!("{head} {{\n"),
        _ => format!("{line}\n"),
    };
    let types: String = types.lines().map(plain).collect();
    assert!(types == api, "another schema than that of the API");
}

#[test]
fn entities_have_keys_and_values_may_be_shared() {
    for (name, keys) in [
        ("Product", &["productId", "id"][..]),
        ("Person", &["businessEntityId", "id"]),
        ("Customer", &["customerId", "id"]),
        ("SpecialOfferProduct", &["specialOfferId productId", "id"]),
        ("SalesOrder", &["salesOrderId", "id"]),
        ("SalesOrderLine", &["salesOrderId salesOrderDetailId", "id"]),
        ("ProductInventory", &["productId locationId", "id"]),
        ("DemandForecast", &["date productId", "id"]),
        ("Job", &["jobId", "id"]),
        // Parts of these keys are no fields.
        ("LoadReject", &["id"]),
        ("LakeSnapshot", &["id"]),
    ] {
        assert_eq!(keys_of(name), keys, "{name}");
    }
    for line in subgraph_sdl().lines().filter(|line| line.starts_with("type ")) {
        let name = line.split(' ').nth(1).unwrap();
        let is_entity = types::ALL.iter().any(|of| of.shape.name == name);
        let is_root = ["Query", "Mutation", "Subscription"].contains(&name);
        assert_eq!(line.contains("@key(fields: \"id\")"), is_entity, "{line}");
        assert_eq!(line.contains("@shareable"), !is_entity && !is_root, "{line}");
    }
}

/// The guide tells the key of each type that others are to name.
#[test]
fn the_documented_keys_are_those_of_the_schema() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/federation.md");
    let page = std::fs::read_to_string(path).expect("the guide");
    let quoted = |text: &str| -> Vec<String> {
        text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    };
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let mut documented = BTreeSet::new();
    for row in rows {
        let cells: Vec<&str> = row.split('|').collect();
        let [_, names, key, _] = cells[..] else { panic!("another table: {row}") };
        for name in quoted(names) {
            assert_eq!(quoted(key), [keys_of(&name)[0]], "{name}");
            documented.insert(name);
        }
    }
    // All that are loaded from files and shown with their key, and the forecast.
    for name in [
        "Product", "Customer", "Person", "Store", "Territory", "SalesOrder", "SalesOrderLine",
        "SpecialOfferProduct", "ProductInventory", "DemandForecast", "CurrencyRate",
    ] {
        assert!(documented.contains(name), "{name} is not documented");
    }
}

const TYPES: &str = "{ __schema { types { name kind description
        possibleTypes { name } fields { name description args { name description type { kind } } } }
    queryType { fields { name type { kind ofType { kind name } } } } } }";

#[tokio::test]
async fn introspection_knows_what_a_router_asks_only_where_it_is_on() {
    let subgraph = Subgraph::start().await;
    let find = |list: &Value, wanted: &str| {
        list.as_array().unwrap().iter().find(|it| it["name"] == *wanted).cloned()
    };
    let answer = ask(&subgraph.engine, TYPES).await;
    let schema = &answer["data"]["__schema"];
    let types_on = &schema["types"];
    for (name, kind) in [("_Any", "SCALAR"), ("_Entity", "UNION"), ("_Service", "OBJECT")] {
        let ty = find(types_on, name).unwrap_or_else(|| panic!("no {name}"));
        assert_eq!(ty["kind"], kind);
        assert_ne!(ty["description"], Value::Null, "{name}");
    }
    let union = find(types_on, "_Entity").unwrap();
    assert_eq!(union["possibleTypes"].as_array().unwrap().len(), types::ALL.len());
    let query = find(types_on, "Query").unwrap();
    for name in ["_entities", "_service"] {
        let field = find(&query["fields"], name).unwrap();
        assert_ne!(field["description"], Value::Null, "{name}");
    }
    let roots = &schema["queryType"]["fields"];
    let service = json!({ "kind": "NON_NULL", "ofType": { "kind": "OBJECT", "name": "_Service" } });
    assert_eq!(find(roots, "_service").unwrap()["type"], service);

    let api = Api::over(subgraph.db).await;
    let answer = api.ask(TYPES).await;
    let types_off = &answer["data"]["__schema"]["types"];
    assert!(find(types_off, "Query").is_some());
    for name in ["_Any", "_Entity", "_Service"] {
        assert_eq!(find(types_off, name), None);
    }
    for (query, part) in [
        ("{ _service { sdl } }", "Query has no field _service"),
        ("{ _entities(representations: []) { __typename } }", "Query has no field _entities"),
        ("query ($a: [_Any!]!) { __typename @skip(if: $a) }", "there is no type _Any"),
        ("{ node(id: \"x\") { ... on _Entity { __typename } } }", "there is no type _Entity"),
    ] {
        let answer = api.ask(query).await;
        assert!(answer["errors"].to_string().contains(part), "{query}: {answer}");
        assert_eq!(answer.get("data"), None, "{query}");
    }
}

#[tokio::test]
async fn the_service_tells_what_the_program_prints() {
    let subgraph = Subgraph::start().await;
    let answer = ask(&subgraph.engine, "{ _service { __typename sdl again: sdl } }").await;
    let app = TestApp::start().await;
    let printed = app.run(&["schema", "--federation"]).await.expect(0).out;
    assert_eq!(printed, subgraph_sdl());
    let expected = json!({ "__typename": "_Service", "sdl": printed, "again": printed });
    assert!(answer["data"]["_service"] == expected, "another schema");
    // It costs what it weighs, so that nobody is told it a thousand times for nothing.
    let cost = answer["extensions"]["cost"]["estimate"].as_u64().unwrap();
    assert!(cost > u64::try_from(2 * printed.len() / 64).unwrap(), "{cost}");
}
