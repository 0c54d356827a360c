//! The JSON Schema (draft 2020-12) of an order with its lines as a document.

use serde_json::{Map, Value, json};

use super::{Column, Dataset, DecimalRange, Kind, by_table};
use crate::catalog;

const TIME: &str = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?$";
const UUID: &str = "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$";

/// The schema, made of what the datasets know of their columns.
#[must_use]
pub fn order_document_schema() -> Value {
    let mut order = by_table("sales_order").map(object).unwrap_or_default();
    let line = by_table("sales_order_line").map(|lines| {
        let mut line = object(lines);
        // It is that of the order.
        if let Some(required) = line.get_mut("required").and_then(Value::as_array_mut) {
            required.retain(|name| name != "salesOrderId");
        }
        line
    });
    if let Some(properties) = order.get_mut("properties").and_then(Value::as_object_mut) {
        let lines = json!({
            "description": "The lines of the order. Lines that are loaded already and not in the \
                            document stay.",
            "type": ["array", "null"],
            "items": line,
        });
        properties.insert("lines".to_owned(), lines);
    }
    let mut schema = Map::from_iter([
        ("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema")),
        ("title".to_owned(), json!("A sales order with its lines")),
        (
            "description".to_owned(),
            json!(
                "What salesgraph loads from orders/*.json and orders/*.ndjson, and gives as \
                   salesOrderDocument. Members of other names are ignored. Amounts are numbers \
                   or strings of their digits; every digit counts."
            ),
        ),
    ]);
    schema.extend(order);
    Value::Object(schema)
}

fn object(dataset: &Dataset) -> Map<String, Value> {
    let table = catalog::tables().find(|table| table.name == dataset.table);
    let of = |column: &Column| table.and_then(|table| table.column(column.name));
    let mut properties = Map::new();
    let mut required = Vec::new();
    for column in dataset.columns {
        let Some(known) = of(column) else { continue };
        let mut schema = value(column, known);
        schema.insert("description".to_owned(), json!(known.description()));
        if column.required {
            required.push(known.api_name());
        }
        properties.insert(known.api_name(), Value::Object(schema));
    }
    Map::from_iter([
        ("type".to_owned(), json!("object")),
        ("required".to_owned(), json!(required)),
        ("properties".to_owned(), Value::Object(properties)),
    ])
}

fn value(column: &Column, known: &catalog::Column) -> Map<String, Value> {
    let null = (!column.required).then_some("null");
    let types = |some: &[&str]| json!(some.iter().copied().chain(null).collect::<Vec<_>>());
    let of = |schema: Value| match schema {
        Value::Object(schema) => schema,
        _ => Map::new(),
    };
    if let Some(codes) = known.codes {
        // By their names in the API, and as they are in the files.
        let names = codes.values.iter().map(|code| json!(code.name));
        let codes = codes.values.iter().map(|code| match code.code.parse::<i64>() {
            Ok(number) => json!(number),
            Err(_) => json!(code.code),
        });
        let null = null.map(|_| Value::Null);
        return of(json!({ "enum": names.chain(codes).chain(null).collect::<Vec<_>>() }));
    }
    match column.kind {
        Kind::SmallInt { min, max } => {
            of(json!({ "type": types(&["integer"]), "minimum": min, "maximum": max }))
        }
        Kind::Integer { min, max } => {
            of(json!({ "type": types(&["integer"]), "minimum": min, "maximum": max }))
        }
        Kind::Boolean => of(json!({ "type": types(&["boolean"]) })),
        Kind::Text { max: usize::MAX } => of(json!({ "type": types(&["string"]) })),
        Kind::Text { max } | Kind::Padded { max } => {
            of(json!({ "type": types(&["string"]), "maxLength": max }))
        }
        Kind::Code(codes) => of(json!({ "enum": codes })),
        Kind::Decimal { precision, scale, range } => {
            let whole = precision.saturating_sub(scale);
            let (sign, least, most) = match range {
                DecimalRange::Any => ("-?", None, None),
                DecimalRange::NotNegative => ("", Some(json!({ "minimum": 0 })), None),
                DecimalRange::Positive => ("", Some(json!({ "exclusiveMinimum": 0 })), None),
                DecimalRange::Fraction => ("", Some(json!({ "minimum": 0 })), Some(1)),
            };
            let mut schema = of(json!({
                "type": types(&["number", "string"]),
                "pattern": format!(r"^{sign}\d{{1,{whole}}}(\.\d{{1,{scale}}}0*)?$"),
            }));
            schema.extend(least.map(of).unwrap_or_default());
            schema.extend(most.map(|most| ("maximum".to_owned(), json!(most))));
            schema
        }
        Kind::Timestamp => of(json!({ "type": types(&["string"]), "pattern": TIME })),
        Kind::Uuid => of(json!({ "type": types(&["string"]), "pattern": UUID })),
    }
}
