//! Values of variables from the parameters of a URL, which are text.

use async_graphql::parser::types::{BaseType, Type, VariableDefinition};
use async_graphql::registry::{MetaType, Registry};
use async_graphql::{Name, Positioned, Value, Variables};

use crate::error::{Code, Error, Result};

/// The values of an operation's variables. A parameter without text gives a variable of
/// another type than String no value; one that is given several times is a list.
///
/// # Errors
/// `BAD_USER_INPUT` naming a parameter that is no variable, or not of its type.
pub(in crate::graphql) fn read(
    definitions: &[Positioned<VariableDefinition>],
    types: &Registry,
    given: &[(String, String)],
) -> Result<Variables> {
    let mut variables = Variables::default();
    for (name, _) in given {
        if !definitions.iter().any(|known| known.node.name.node == *name) {
            let known: Vec<&str> =
                definitions.iter().map(|known| known.node.name.node.as_str()).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return refused(format!("{name}: no such parameter; this query has {known}"));
        }
    }
    for definition in definitions {
        let (name, ty) = (&definition.node.name.node, &definition.node.var_type.node);
        let texts: Vec<&str> =
            given.iter().filter(|(key, _)| key == name).map(|(_, text)| text.as_str()).collect();
        let value = match (&ty.base, texts.as_slice()) {
            (_, []) => continue,
            (BaseType::List(of), [text]) if text.trim_start().starts_with('[') => {
                json(name, text, of)?
            }
            (BaseType::List(of), texts) => {
                let items = texts.iter().map(|text| one(name, text, of, types));
                let items: Vec<Option<Value>> = items.collect::<Result<_>>()?;
                Value::List(items.into_iter().flatten().collect())
            }
            (BaseType::Named(_), [text]) => match one(name, text, ty, types)? {
                Some(value) => value,
                None => continue,
            },
            _ => return refused(format!("{name}: given {} times", texts.len())),
        };
        variables.insert(name.clone(), value);
    }
    Ok(variables)
}

/// One value; `None` for no text.
fn one(name: &Name, text: &str, ty: &Type, types: &Registry) -> Result<Option<Value>> {
    let BaseType::Named(base) = &ty.base else { return json(name, text, ty).map(Some) };
    let wrong = || Error::new(Code::BadUserInput, format!("{name}: {text:?} is no {base}"));
    if text.is_empty() && base != "String" {
        return Ok(None);
    }
    let value = match (base.as_str(), types.types.get(base.as_str())) {
        ("Int" | "Long", _) => Value::from(text.parse::<i64>().map_err(|_| wrong())?),
        ("Float", _) => {
            let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
            Value::from(number.ok_or_else(wrong)?)
        }
        ("Boolean", _) => match text {
            "true" => Value::Boolean(true),
            "false" => Value::Boolean(false),
            _ => return Err(wrong()),
        },
        (_, Some(MetaType::InputObject { .. })) => json(name, text, ty)?,
        (_, Some(MetaType::Enum { .. })) => Value::Enum(Name::new(text)),
        _ => Value::String(text.to_owned()),
    };
    Ok(Some(value))
}

/// A value that is written as JSON.
fn json(name: &Name, text: &str, ty: &Type) -> Result<Value> {
    let parsed = serde_json::from_str(text).ok().and_then(|json| Value::from_json(json).ok());
    parsed.ok_or_else(|| {
        let message = format!("{name}: expected a value of {ty} as JSON");
        Error::new(Code::BadUserInput, message)
    })
}

fn refused<T>(message: String) -> Result<T> {
    Err(Error::new(Code::BadUserInput, message))
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::graphql::schema;
    use crate::graphql::schema::form::Form;

    fn given(definitions: &str, pairs: &[(&str, &str)]) -> Result<Json, String> {
        let document = parse_query(format!("query({definitions}) {{ a }}")).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        let pairs: Vec<(String, String)> =
            pairs.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect();
        let registry = schema::registry(Form::Api);
        super::read(&operation.node.variable_definitions, registry, &pairs)
            .map(|variables| serde_json::to_value(variables).unwrap())
            .map_err(|error| error.message().to_owned())
    }

    #[test]
    fn parameters_have_the_types_of_their_variables() {
        let definitions = "$i: Int, $b: Boolean, $s: String, $d: Decimal, $t: Date, $id: ID!,
            $e: SalesDimension, $f: SalesFilter, $l: [Int!], $m: [SalesDimension!]";
        let pairs = [
            ("i", "-3"),
            ("b", "true"),
            ("s", ""),
            ("d", "1.50"),
            ("t", "2011-05-31"),
            ("id", "7"),
            ("e", "STORE"),
            ("f", r#"{"orderQuantity":{"gt":1}}"#),
            ("l", "[1,2]"),
            ("m", "STORE"),
            ("m", "PERSON"),
        ];
        assert_eq!(
            given(definitions, &pairs),
            Ok(json!({ "i": -3, "b": true, "s": "", "d": "1.50", "t": "2011-05-31", "id": "7",
                "e": "STORE", "f": { "orderQuantity": { "gt": 1 } }, "l": [1, 2],
                "m": ["STORE", "PERSON"] }))
        );
        assert_eq!(given("$i: Int, $t: Date", &[("i", ""), ("t", "")]), Ok(json!({})));
    }

    #[test]
    fn wrong_parameters_are_named() {
        for (definitions, pairs, part) in [
            ("$a: Int", &[("b", "1")][..], "b: no such parameter; this query has a"),
            ("$a: Int", &[("a", "x")], "a: \"x\" is no Int"),
            ("$a: Boolean", &[("a", "1")], "a: \"1\" is no Boolean"),
            ("$a: Int", &[("a", "1"), ("a", "2")], "a: given 2 times"),
            ("$a: SalesFilter", &[("a", "{")], "a: expected a value of SalesFilter as JSON"),
        ] {
            let message = given(definitions, pairs).unwrap_err();
            assert!(message.contains(part), "{message}");
        }
    }
}
