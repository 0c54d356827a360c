mod filter;
mod order;
mod types;

use async_graphql::Value;

/// A value as a variable holds it.
fn given(json: serde_json::Value) -> Value {
    Value::from_json(json).unwrap()
}
