//! How a tool is described.

use serde_json::{Value as Json, json};

/// Title, description, and the schemas of arguments and of the result.
pub(super) type Described = (&'static str, &'static str, Json, Json);

/// The schema of arguments: these, of which some are required.
pub(super) fn arguments_schema(properties: &Json, required: &[&str]) -> Json {
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}
