//! Values of variables: defaults filled in, required ones present, each of its type.

use std::collections::BTreeMap;

use async_graphql::parser::types::{BaseType, OperationDefinition, Type};
use async_graphql::{Pos, ServerError, Value, Variables};
use async_graphql_value::Number;

use crate::graphql::response::errors::{VALIDATION_FAILED, coded};
use crate::graphql::validate::types::{InputDefinition, Scalar, TypeDefinition, Types};

/// Completes the values given for an operation by the defaults, so that every use of a
/// variable sees the same value.
///
/// # Errors
/// When a non-null one is missing or null, or one is not of its type. Scalars of our own are
/// checked where they are used: that error names the argument.
pub(crate) fn complete(
    operation: &OperationDefinition,
    types: &Types,
    given: &mut Variables,
) -> Result<(), ServerError> {
    for definition in &operation.variable_definitions {
        let name = &definition.node.name.node;
        let ty = &definition.node.var_type.node;
        let Some(value) = given.get_mut(name) else {
            match &definition.node.default_value {
                // Validation has found it to be of the type.
                Some(default) => {
                    given.insert(name.clone(), default.node.clone());
                }
                None if ty.nullable => {}
                None => {
                    let message = format!("the variable ${name} of type {ty} must be given");
                    return Err(refused(name, message, definition.pos));
                }
            }
            continue;
        };
        if let Err(Mismatch { path, expected }) = coerce(types, ty, value) {
            let message = format!("the variable ${name}{path} is not {expected}");
            return Err(refused(name, message, definition.pos));
        }
    }
    Ok(())
}

/// The error about a variable, which it names.
pub(super) fn refused(name: &str, message: String, pos: Pos) -> ServerError {
    let mut error = coded(ServerError::new(message, Some(pos)), VALIDATION_FAILED);
    error.extensions.get_or_insert_default().set("variable", name);
    error
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

fn coerce(types: &Types, ty: &Type, value: &mut Value) -> Result<(), Mismatch> {
    match (&ty.base, value) {
        (_, Value::Null) if ty.nullable => Ok(()),
        (_, Value::Null) => Err(Mismatch::new(format!("a value of {ty}, which is never null"))),
        (BaseType::List(inner), Value::List(list)) => {
            list.iter_mut().enumerate().try_for_each(|(index, value)| {
                coerce(types, inner, value)
                    .map_err(|mismatch| mismatch.within(&format!("[{index}]")))
            })
        }
        // A single value is a list of one.
        (BaseType::List(inner), value) => coerce(types, inner, value),
        (BaseType::Named(name), value) => match types.get(name) {
            Some(TypeDefinition::Input(fields)) => object(types, name, fields, value),
            Some(TypeDefinition::Enum(values)) => match value {
                Value::String(name) if values.contains(name.as_str()) => Ok(()),
                Value::Enum(name) if values.contains(name.as_str()) => Ok(()),
                _ => Err(Mismatch::new(format!("of type {name}"))),
            },
            Some(TypeDefinition::Scalar(scalar)) => {
                let fits = leaf(*scalar, value);
                fits.then_some(()).ok_or_else(|| Mismatch::new(format!("of type {name}")))
            }
            // Validation has refused other types.
            _ => Err(Mismatch::new(format!("of type {name}"))),
        },
    }
}

fn object(
    types: &Types,
    name: &str,
    known: &BTreeMap<String, InputDefinition>,
    value: &mut Value,
) -> Result<(), Mismatch> {
    let Value::Object(fields) = value else {
        return Err(Mismatch::new(format!("an object of type {name}")));
    };
    for (field, definition) in known {
        if definition.is_required() && !fields.contains_key(field.as_str()) {
            return Err(Mismatch::new(format!("a {name}, which needs the field {field}")));
        }
    }
    for (field, value) in fields {
        let Some(definition) = known.get(field.as_str()) else {
            return Err(Mismatch::new(format!("a {name}, which has no field {field}")));
        };
        coerce(types, &definition.ty, value)
            .map_err(|mismatch| mismatch.within(&format!(".{field}")))?;
    }
    Ok(())
}

/// Whether a value is one of a scalar. A whole number may be written as `3.0`, which
/// becomes `3`.
fn leaf(scalar: Scalar, value: &mut Value) -> bool {
    match (scalar, value) {
        (Scalar::Int, Value::Number(number)) => {
            let whole = whole(number).filter(|whole| i32::try_from(*whole).is_ok());
            if let Some(whole) = whole {
                *number = whole.into();
            }
            whole.is_some()
        }
        (Scalar::Id, Value::Number(number)) => {
            if let Some(whole) = whole(number) {
                *number = whole.into();
            }
            number.as_f64().is_some_and(|number| number.fract() == 0.0)
        }
        (Scalar::Float, Value::Number(_))
        | (Scalar::String | Scalar::Id, Value::String(_))
        | (Scalar::Boolean, Value::Boolean(_))
        | (Scalar::Custom, _) => true,
        _ => false,
    }
}

/// A number without a fraction, of up to 64 bits.
fn whole(number: &Number) -> Option<i64> {
    // A floating-point number is told without an exponent: only whole ones have no point.
    number.as_i64().or_else(|| number.as_f64()?.to_string().parse().ok())
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::graphql::schema;
    use crate::graphql::schema::form::Form;

    fn completed(definitions: &str, given: Json) -> Result<Json, String> {
        let document = parse_query(format!("query({definitions}) {{ a }}")).unwrap();
        let mut given = Variables::from_json(given);
        let (_, operation) = document.operations.iter().next().unwrap();
        complete(&operation.node, &Types::new(schema::registry(Form::Api)), &mut given)
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
    fn a_whole_number_may_have_a_point() {
        for (definition, given, coerced) in [
            ("$a: Int", json!(3.0), json!(3)),
            ("$a: Int!", json!(-1e3), json!(-1000)),
            ("$a: [Int]", json!([1.0, null, 2]), json!([1, null, 2])),
            ("$a: [Int]", json!(2.0), json!(2)),
            ("$a: ID", json!(7.0), json!(7)),
            ("$a: Float", json!(3), json!(3)),
            ("$a: IntFilter", json!({ "in": [3.0], "eq": 4.0 }), json!({ "in": [3], "eq": 4 })),
            ("$a: JSON", json!(3.0), json!(3.0)),
        ] {
            let given = json!({ "a": given });
            assert_eq!(completed(definition, given), Ok(json!({ "a": coerced })), "{definition}");
        }
        for (definition, given) in [
            ("$a: Int", json!(3.5)),
            ("$a: Int", json!(2_147_483_648_i64)),
            ("$a: Int", json!(1e10)),
            ("$a: ID", json!(1.5)),
            ("$a: Float", json!("3")),
            ("$a: IntFilter", json!({ "in": [3.5] })),
            ("$a: IntFilter", json!({ "in": [null] })),
            ("$a: IntFilter", json!({ "no": 1 })),
            ("$a: IntFilter", json!([{ "eq": 1 }])),
        ] {
            let message = completed(definition, json!({ "a": given.clone() })).unwrap_err();
            assert!(message.contains("$a"), "{definition} {given}: {message}");
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
