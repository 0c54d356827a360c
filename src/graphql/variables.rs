//! Values of variables: defaults filled in, and all there that must be.

use async_graphql::parser::types::OperationDefinition;
use async_graphql::{ServerError, Value, Variables};

/// Completes the values given for an operation by the defaults, so that whatever
/// looks at a variable sees the same value.
///
/// # Errors
/// When one that must not be null is missing or null.
pub(super) fn complete(
    operation: &OperationDefinition,
    given: &mut Variables,
) -> Result<(), ServerError> {
    for definition in &operation.variable_definitions {
        let name = &definition.node.name.node;
        let ty = &definition.node.var_type.node;
        let missing = match given.get(name) {
            Some(Value::Null) => !ty.nullable,
            Some(_) => false,
            None => match &definition.node.default_value {
                Some(default) => {
                    given.insert(name.clone(), default.node.clone());
                    false
                }
                None => !ty.nullable,
            },
        };
        if missing {
            let message = format!("the variable ${name} of type {ty} must be given, and not null");
            return Err(ServerError::new(message, Some(definition.pos)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::{Value as Json, json};

    use super::*;

    fn completed(definitions: &str, given: Json) -> Result<Json, String> {
        let document = parse_query(format!("query({definitions}) {{ a }}")).unwrap();
        let mut given = Variables::from_json(given);
        let (_, operation) = document.operations.iter().next().unwrap();
        complete(&operation.node, &mut given)
            .map(|()| serde_json::to_value(given).unwrap())
            .map_err(|error| error.message)
    }

    #[test]
    fn defaults_are_filled_in_where_nothing_is_given() {
        assert_eq!(completed("$a: Int = 1", json!({})), Ok(json!({ "a": 1 })));
        assert_eq!(completed("$a: Int! = 1", json!({})), Ok(json!({ "a": 1 })));
        assert_eq!(completed("$a: Int = 1", json!({ "a": null })), Ok(json!({ "a": null })));
        assert_eq!(completed("$a: Int = 1", json!({ "a": 2 })), Ok(json!({ "a": 2 })));
        assert_eq!(completed("$a: Int", json!({})), Ok(json!({})));
    }

    #[test]
    fn what_must_be_there_is_missed() {
        for (definition, given) in [
            ("$a: Int!", json!({})),
            ("$a: Int!", json!({ "a": null })),
            ("$a: Int! = 1", json!({ "a": null })),
            ("$a: [Int!]!", json!({ "b": [1] })),
        ] {
            let message = completed(definition, given).unwrap_err();
            assert!(message.contains("$a"), "{message}");
        }
    }
}
