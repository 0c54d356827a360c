//! Values of variables: defaults filled in, required ones present, each of its type.

use async_graphql::parser::types::{BaseType, OperationDefinition, Type};
use async_graphql::registry::{MetaType, Registry};
use async_graphql::{ServerError, Value, Variables};

/// Completes the values given for an operation by the defaults, so that every use of a
/// variable sees the same value.
///
/// # Errors
/// When a non-null one is missing or null, or one is not of its type. Custom scalars are
/// checked where they are used: that error names the argument.
pub(crate) fn complete(
    operation: &OperationDefinition,
    types: &Registry,
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
        if let Some(value) = given.get(name)
            && let Err(Mismatch { path, expected }) = check(types, ty, value)
        {
            let message = format!("the variable ${name}{path} is not {expected}");
            return Err(ServerError::new(message, Some(definition.pos)));
        }
    }
    Ok(())
}

/// A value that is not of its type.
struct Mismatch {
    /// The path in the variable: `.lines[0]`.
    path: String,
    expected: String,
}

impl Mismatch {
    fn new(expected: impl Into<String>) -> Self {
        Self { path: String::new(), expected: expected.into() }
    }

    fn within(self, segment: &str) -> Self {
        Self { path: format!("{segment}{}", self.path), ..self }
    }
}

fn check(types: &Registry, ty: &Type, value: &Value) -> Result<(), Mismatch> {
    match (&ty.base, value) {
        (_, Value::Null) if ty.nullable => Ok(()),
        (_, Value::Null) => Err(Mismatch::new(format!("a value of {ty}, which is never null"))),
        (BaseType::List(inner), Value::List(list)) => {
            list.iter().enumerate().try_for_each(|(index, value)| {
                check(types, inner, value)
                    .map_err(|mismatch| mismatch.within(&format!("[{index}]")))
            })
        }
        // A single value is a list of one.
        (BaseType::List(inner), value) => check(types, inner, value),
        (BaseType::Named(name), value) => named(types, name, value),
    }
}

fn named(types: &Registry, name: &str, value: &Value) -> Result<(), Mismatch> {
    let fits = match (name, value) {
        ("Int", Value::Number(number)) => number.is_i64() || number.is_u64(),
        ("Float", Value::Number(_))
        | ("String" | "ID", Value::String(_))
        | ("Boolean", Value::Boolean(_)) => true,
        ("ID", Value::Number(number)) => number.is_i64() || number.is_u64(),
        ("Int" | "Float" | "String" | "ID" | "Boolean", _) => false,
        _ => match types.types.get(name) {
            Some(MetaType::Enum { enum_values, .. }) => match value {
                Value::String(name) => enum_values.contains_key(name),
                Value::Enum(name) => enum_values.contains_key(name.as_str()),
                _ => false,
            },
            Some(MetaType::InputObject { input_fields, .. }) => {
                let Value::Object(fields) = value else {
                    return Err(Mismatch::new(format!("an object of type {name}")));
                };
                if let Some(unknown) = fields.keys().find(|key| !input_fields.contains_key(&***key))
                {
                    return Err(Mismatch::new(format!("a {name}, which has no field {unknown}")));
                }
                for field in input_fields.values() {
                    let value = fields.get(field.name.as_str());
                    let Some(ty) = Type::new(&field.ty) else { continue };
                    match value {
                        None if ty.nullable || field.default_value.is_some() => {}
                        None => {
                            let needs = format!("a {name}, which needs the field {}", field.name);
                            return Err(Mismatch::new(needs));
                        }
                        // The use of the input decides what null means.
                        Some(Value::Null) => {}
                        Some(value) => check(types, &ty, value)
                            .map_err(|mismatch| mismatch.within(&format!(".{}", field.name)))?,
                    }
                }
                true
            }
            // Validation reports unknown types; custom scalars are checked where they are used.
            _ => !matches!(value, Value::Object(_)),
        },
    };
    if fits { Ok(()) } else { Err(Mismatch::new(format!("of type {name}"))) }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::graphql::schema;

    fn completed(definitions: &str, given: Json) -> Result<Json, String> {
        let document = parse_query(format!("query({definitions}) {{ a }}")).unwrap();
        let mut given = Variables::from_json(given);
        let (_, operation) = document.operations.iter().next().unwrap();
        complete(&operation.node, &schema::registry(), &mut given)
            .map(|()| serde_json::to_value(given).unwrap())
            .map_err(|error| error.message)
    }

    #[test]
    fn defaults_fill_in_missing_values() {
        assert_eq!(completed("$a: Int = 1", json!({})), Ok(json!({ "a": 1 })));
        assert_eq!(completed("$a: Int! = 1", json!({})), Ok(json!({ "a": 1 })));
        assert_eq!(completed("$a: Int = 1", json!({ "a": null })), Ok(json!({ "a": null })));
        assert_eq!(completed("$a: Int = 1", json!({ "a": 2 })), Ok(json!({ "a": 2 })));
        assert_eq!(completed("$a: Int", json!({})), Ok(json!({})));
    }

    #[test]
    fn a_missing_required_value_is_refused() {
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

    #[test]
    fn a_value_of_another_type_is_refused_with_its_path() {
        for (definition, given, part) in [
            ("$a: Int", json!({ "a": "1" }), "$a is not of type Int"),
            ("$a: Int", json!({ "a": 1.5 }), "$a is not of type Int"),
            ("$a: [ID!]", json!({ "a": ["x", true] }), "$a[1] is not of type ID"),
            ("$a: [ID!]", json!({ "a": ["x", null] }), "$a[1] is not a value of ID!"),
            ("$a: String", json!({ "a": {} }), "$a is not of type String"),
        ] {
            let message = completed(definition, given).unwrap_err();
            assert!(message.contains(part), "{message}");
        }
        assert!(completed("$a: [ID!]", json!({ "a": 7 })).is_ok());
    }
}
