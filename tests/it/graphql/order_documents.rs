//! Orders as documents: alone, in lists, and as files.

use salesgraph::auth::{Grants, Scope};
use salesgraph::report::Format;
use salesgraph::sample::{OrderFiles, SampleOptions, Shape, generate};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::support::Api;
use crate::support::export::text_of;
use crate::support::python::python;

/// The document of order 7001 of the fixture: amounts are numbers with all their digits.
const DOCUMENT: &str = r#""subTotal":20565.6206"#;

#[tokio::test]
async fn an_order_is_given_as_a_document_with_its_lines() {
    let api = Api::start().await;
    let data = api
        .data("{ salesOrder(salesOrderId: 7001) { id document } salesOrderDocument(id: 7001) }")
        .await;
    let document = &data["salesOrderDocument"];
    assert_eq!(*document, data["salesOrder"]["document"]);
    assert_eq!(document["salesOrderId"], 7001);
    assert_eq!(document["status"], "SHIPPED");
    assert_eq!(document["orderDate"], "2011-05-31T00:00:00");
    assert_eq!(document["comment"], Value::Null);
    let lines = document["lines"].as_array().expect("lines");
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["salesOrderDetailId"], 1);
    assert_eq!(lines[0].get("salesOrderId"), None, "it is that of the order");
    let id = data["salesOrder"]["id"].as_str().expect("an id");
    let by_id = api.data(&format!("{{ salesOrderDocument(id: \"{id}\") }}")).await;
    assert_eq!(by_id["salesOrderDocument"], *document);
    let nothing = api.data("{ salesOrderDocument(id: 1) }").await;
    assert_eq!(nothing, json!({ "salesOrderDocument": null }));
    let (code, argument) = api.refusal("{ salesOrderDocument(id: 99999999999) }").await;
    assert_eq!((code.as_str(), argument.as_str()), ("BAD_USER_INPUT", "id"));
    let (code, argument) = api.refusal("{ salesOrderDocument(id: \"Q3VzdG9tZXI6MQ\") }").await;
    assert_eq!((code.as_str(), argument.as_str()), ("BAD_USER_INPUT", "id"));
}

#[tokio::test]
async fn documents_are_fetched_by_what_is_in_them() {
    let api = Api::start().await;
    let query = "{ salesOrders(filter: { lines: { some: { productId: { eq: 3 } } }, \
        salesOrderId: { lt: 8000 } }, first: 50) { totalCount nodes { salesOrderId document } } }";
    let data = api.data(query).await;
    let nodes = data["salesOrders"]["nodes"].as_array().expect("orders");
    assert!(!nodes.is_empty());
    for node in nodes {
        let lines = node["document"]["lines"].as_array().expect("lines");
        assert!(lines.iter().any(|line| line["productId"] == 3), "{node}");
    }
}

#[tokio::test]
async fn a_file_of_documents_has_one_a_line_with_every_digit() {
    let api = Api::start().await;
    let one = "{ salesOrders(filter: { salesOrderId: { eq: 7001 } }) { nodes { document } } }";
    let file = text_of(&api.engine, one, Format::Ndjson).await;
    assert!(file.contains(DOCUMENT), "{file}");
    let document: Value = serde_json::from_str(&file).expect("a document");
    assert_eq!(document["salesOrderId"], 7001);
    let all = "{ salesOrders { nodes { document } } }";
    let file = text_of(&api.engine, all, Format::Ndjson).await;
    assert_eq!(file.lines().count(), 180);
    let array: Vec<Value> =
        serde_json::from_str(&text_of(&api.engine, all, Format::Json).await).expect("an array");
    for (line, element) in file.lines().zip(&array) {
        assert_eq!(serde_json::from_str::<Value>(line).expect("a document"), *element);
    }
    // Beside another column it is a value like any other.
    let both =
        "{ salesOrders(filter: { salesOrderId: { eq: 7001 } }) { nodes { totalDue document } } }";
    let row: Value =
        serde_json::from_str(&text_of(&api.engine, both, Format::Ndjson).await).expect("a row");
    assert_eq!(row["document"], document);
    let csv = text_of(&api.engine, both, Format::Csv).await;
    assert!(csv.starts_with("totalDue,document\r\n"), "{csv}");
}

#[tokio::test]
async fn a_document_is_seen_by_those_who_see_the_order() {
    let api = Api::start().await;
    let scope = Scope::new(None, Grants::all(), Some(vec![1]));
    let query = "{ salesOrders(first: 1000) { nodes { salesOrderId document } } }";
    let prepared = api.engine.prepare(async_graphql::Request::new(query));
    let answer = api.engine.execute(prepared, &scope).await;
    let answer: Value = serde_json::from_slice(&answer.to_json().expect("JSON")).expect("JSON");
    let nodes = answer["data"]["salesOrders"]["nodes"].as_array().expect("orders");
    assert!(!nodes.is_empty() && nodes.len() < 180, "{}", nodes.len());
    for node in nodes {
        assert_eq!(node["document"]["territoryId"], 1, "{node}");
        assert!(!node["document"]["lines"].as_array().expect("lines").is_empty(), "{node}");
    }
    // The order of a customer of territory 2.
    let hidden = "{ salesOrderDocument(id: 7001) }";
    let prepared = api.engine.prepare(async_graphql::Request::new(hidden));
    let answer = api.engine.execute(prepared, &scope).await;
    let answer: Value = serde_json::from_slice(&answer.to_json().expect("JSON")).expect("JSON");
    assert_eq!(answer["data"], json!({ "salesOrderDocument": null }));
}

const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/sales-order.schema.json");

/// Prints for each line of a file whether the validator of others takes it.
const VALIDATE: &str = "\
import json, sys
from jsonschema import Draft202012Validator
schema = json.load(open(sys.argv[1]))
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
for line in open(sys.argv[2], encoding='utf-8'):
    print(json.dumps(sorted(error.json_path for error in validator.iter_errors(json.loads(line)))))
";

#[test]
fn the_json_schema_is_current() {
    let stored = std::fs::read_to_string(SCHEMA).expect("the schema");
    let current = format!("{:#}\n", salesgraph::dataset::order_document_schema());
    assert!(
        stored == current,
        "stale: cargo run -- schema --document > docs/sales-order.schema.json"
    );
}

#[tokio::test]
async fn documents_are_valid_for_a_validator_of_others() {
    let Some(python) = python("validating documents by their JSON Schema").await else { return };
    let api = Api::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("sample");
    let (scale, orders) = (0.002, OrderFiles::Ndjson);
    let options = SampleOptions {
        out: out.clone(),
        scale,
        seed: 5,
        defects: 0.0,
        optional: false,
        orders,
        shape: Shape::Plain,
    };
    generate(&options, &mut |_, _| {}).expect("a sample");
    let generated = std::fs::read_to_string(out.join("orders/orders.ndjson")).expect("documents");
    let given =
        text_of(&api.engine, "{ salesOrders { nodes { document } } }", Format::Ndjson).await;
    let good = given.lines().next().expect("a document").to_owned();
    let spoiled = [
        (good.replace("\"totalDue\":23153.2339", "\"totalDue\":\"x\""), "$.totalDue"),
        (good.replace("\"totalDue\":23153.2339", "\"totalDue\":-1"), "$.totalDue"),
        (good.replace("\"status\":\"SHIPPED\"", "\"status\":\"LOST\""), "$.status"),
        (good.replace("\"orderDate\":\"2011-05-31T", "\"orderDate\":\"31.5.2011"), "$.orderDate"),
        (good.replace("\"customerId\":", "\"customer\":"), "$"),
        (good.replace("\"orderQuantity\":2", "\"orderQuantity\":0"), "$.lines[0].orderQuantity"),
        (good.replace("\"totalDue\":23153.2339", "\"totalDue\":\"23153.2339\""), ""),
        (good.replace("\"status\":\"SHIPPED\"", "\"status\":5"), ""),
    ];
    let path = folder.path().join("documents.ndjson");
    let mut text = format!("{generated}{given}");
    for (document, _) in &spoiled {
        assert_ne!(*document, good, "nothing is spoiled");
        text.push_str(document);
        text.push('\n');
    }
    std::fs::write(&path, &text).expect("written");
    let output = Command::new(python).args(["-c", VALIDATE, SCHEMA]).arg(&path).output().await;
    let output = output.expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told = String::from_utf8(output.stdout).expect("UTF-8");
    let told: Vec<Vec<String>> =
        told.lines().map(|line| serde_json::from_str(line).expect("paths")).collect();
    let valid = generated.lines().count() + given.lines().count();
    assert!(generated.lines().count() > 50, "{valid}");
    assert_eq!(told.len(), valid + spoiled.len());
    for (errors, document) in told.iter().zip(text.lines()).take(valid) {
        assert!(errors.is_empty(), "{errors:?} in {document}");
    }
    for (errors, (document, at)) in told[valid..].iter().zip(&spoiled) {
        assert_eq!(errors.first().map_or("", String::as_str), *at, "{document}");
    }
}
