//! Types of inputs as JSON Schema.

use async_graphql::registry::{MetaType, MetaTypeName, Registry};
use serde_json::{Map, Value as Json, json};

/// How deep inputs hold others in a schema; there may be some that hold themselves.
const DEPTH: usize = 4;

/// A type as JSON Schema. Filters, which hold each other, are objects that only their
/// description tells about.
pub(super) fn of(registry: &Registry, ty: &str) -> Json {
    within(registry, ty, DEPTH)
}

fn within(registry: &Registry, ty: &str, depth: usize) -> Json {
    match MetaTypeName::create(ty) {
        MetaTypeName::NonNull(ty) => within(registry, ty, depth),
        MetaTypeName::List(ty) => json!({ "type": "array", "items": within(registry, ty, depth) }),
        MetaTypeName::Named(name) => named(registry, name, depth),
    }
}

fn named(registry: &Registry, name: &str, depth: usize) -> Json {
    match registry.types.get(name) {
        Some(MetaType::Enum { enum_values, .. }) => {
            let values: Vec<&str> = enum_values.values().map(|value| value.name.as_str()).collect();
            json!({ "type": "string", "enum": values })
        }
        Some(MetaType::InputObject { .. }) if depth == 0 || name.ends_with("Filter") => {
            let description = format!("As the input {name} of the GraphQL schema.");
            json!({ "type": "object", "description": description })
        }
        Some(MetaType::InputObject { input_fields, .. }) => {
            let is_required =
                |ty: &str, default: &Option<_>| ty.ends_with('!') && default.is_none();
            let required = input_fields
                .values()
                .filter(|field| is_required(&field.ty, &field.default_value))
                .map(|field| field.name.as_str());
            let required: Vec<&str> = required.collect();
            let properties: Map<String, Json> = input_fields
                .values()
                .map(|field| {
                    let mut schema = within(registry, &field.ty, depth - 1);
                    if let (Some(schema), Some(text)) = (schema.as_object_mut(), &field.description)
                    {
                        schema.entry("description").or_insert_with(|| text.as_str().into());
                    }
                    (field.name.clone(), schema)
                })
                .collect();
            json!({
                "type": "object",
                "properties": properties,
                "required": required,
                "additionalProperties": false,
            })
        }
        _ => scalar(name),
    }
}

fn scalar(name: &str) -> Json {
    match name {
        "Int" | "Long" => json!({ "type": "integer" }),
        "Float" => json!({ "type": "number" }),
        "Boolean" => json!({ "type": "boolean" }),
        "JSON" => json!({ "type": "object" }),
        // Other scalars are texts. Formats are left out: some assistants refuse those that they
        // do not know.
        _ => json!({ "type": "string" }),
    }
}
