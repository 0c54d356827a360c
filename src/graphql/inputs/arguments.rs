//! Arguments of a field: values and variables.

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::Field as AstField;
use async_graphql::{Name, Value as Const, Variables};
use async_graphql_value::Value;

use super::borrowed::Borrowed;
use super::names::{FILTER, HAVING};
use crate::error::{Code, Error, Result};
use crate::query::{Currency, bad_argument};

/// The arguments of a field as they are in the document.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Arguments(Vec<(Name, Value)>);

impl From<&AstField> for Arguments {
    fn from(field: &AstField) -> Self {
        let pair = |(name, value): &(_, async_graphql::Positioned<Value>)| -> (Name, Value) {
            let name: &async_graphql::Positioned<Name> = name;
            (name.node.clone(), value.node.clone())
        };
        Self(field.arguments.iter().map(pair).collect())
    }
}

impl Arguments {
    /// Whether there is one of this name, whatever its value.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }
}

/// The arguments with the values of one request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Given<'a> {
    pub(crate) arguments: &'a Arguments,
    pub(crate) variables: &'a Variables,
}

impl<'a> Given<'a> {
    /// The value of an argument; `None` when it is absent or null.
    pub(crate) fn get(self, name: &str) -> Option<Const> {
        let (_, value) = self.arguments.0.iter().find(|(known, _)| known == name)?;
        resolve(name, value, self.variables).filter(|value| *value != Const::Null)
    }

    /// The same where it is, unless it is a filter: of that, more is left out.
    pub(super) fn borrowed(self, name: &str) -> Option<Borrowed<'a>> {
        let (_, value) = self.arguments.0.iter().find(|(known, _)| known == name)?;
        Borrowed::of(value, self.variables).filter(|value| !value.is_null())
    }

    /// How many elements a list has, of which nothing is copied; a single value is a list of one.
    pub(crate) fn length(self, name: &str) -> usize {
        self.borrowed(name).map_or(0, Borrowed::elements)
    }

    /// A whole number of 32 bits.
    pub(crate) fn int(self, name: &'static str) -> Result<Option<i32>> {
        let wrong = || wrong_type(name, "a whole number of 32 bits");
        match self.get(name) {
            None => Ok(None),
            Some(Const::Number(number)) => {
                let number = number.as_i64().and_then(|number| i32::try_from(number).ok());
                number.map(Some).ok_or_else(wrong)
            }
            Some(_) => Err(wrong()),
        }
    }

    /// A string or an id.
    pub(crate) fn text(self, name: &'static str) -> Result<Option<String>> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => text(name, value).map(Some),
        }
    }

    /// The name of a value of an enumeration.
    pub(crate) fn name(self, name: &'static str) -> Result<Option<String>> {
        match self.get(name) {
            None => Ok(None),
            Some(Const::Enum(value)) => Ok(Some(value.to_string())),
            Some(value) => text(name, value).map(Some),
        }
    }

    /// A currency.
    pub(crate) fn currency(self, name: &'static str) -> Result<Option<Currency>> {
        self.name(name)?.map(|code| Currency::parse(&code, name)).transpose()
    }

    /// A list of values of an enumeration; a single one is a list of one.
    pub(crate) fn names(self, name: &'static str) -> Result<Vec<String>> {
        let one = |value| match value {
            Const::Enum(value) => Ok(value.to_string()),
            value => text(name, value),
        };
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Const::List(list)) => list.into_iter().map(one).collect(),
            Some(value) => Ok(vec![one(value)?]),
        }
    }

    /// A number.
    pub(crate) fn number(self, name: &'static str) -> Result<Option<f64>> {
        match self.get(name) {
            None => Ok(None),
            Some(Const::Number(number)) => {
                number.as_f64().map(Some).ok_or_else(|| wrong_type(name, "a number"))
            }
            Some(_) => Err(wrong_type(name, "a number")),
        }
    }

    /// Whether it is true; not when it is absent.
    pub(crate) fn is_true(self, name: &str) -> bool {
        self.get(name) == Some(Const::Boolean(true))
    }

    /// The fields of an input object.
    pub(crate) fn object(self, name: &'static str) -> Result<Option<Arguments>> {
        match self.get(name) {
            None => Ok(None),
            Some(Const::Object(fields)) => {
                let field = |(name, value): (_, Const)| (name, value.into_value());
                Ok(Some(Arguments(fields.into_iter().map(field).collect())))
            }
            Some(_) => Err(wrong_type(name, "an object")),
        }
    }

    /// A list of strings or ids; a single value is a list of one.
    pub(crate) fn texts(self, name: &'static str) -> Result<Vec<String>> {
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Const::List(list)) => list.into_iter().map(|value| text(name, value)).collect(),
            Some(value) => Ok(vec![text(name, value)?]),
        }
    }
}

fn text(name: &'static str, value: Const) -> Result<String> {
    match value {
        Const::String(text) => Ok(text),
        Const::Number(number) if number.is_i64() || number.is_u64() => Ok(number.to_string()),
        _ => Err(wrong_type(name, "a string")),
    }
}

fn wrong_type(argument: &'static str, expected: &str) -> Error {
    bad_argument(argument, format!("{argument}: not {expected}"))
}

/// A missing required argument, which validation has refused before.
pub(crate) fn missing(argument: &'static str) -> Error {
    Error::new(Code::BadUserInput, format!("{argument}: must be given"))
}

/// The value of this name with its variables replaced. A field or argument whose variable has
/// no value is left out; in a filter, so is whatever has nothing left in it for that reason.
fn resolve(name: &str, value: &Value, variables: &Variables) -> Option<Const> {
    let is_filter = name == FILTER || name == HAVING;
    replaced(value, variables, is_filter)
}

fn replaced(value: &Value, variables: &Variables, is_filter: bool) -> Option<Const> {
    let value = match value {
        Value::Variable(name) => return variables.get(name).cloned(),
        Value::Null => Const::Null,
        Value::Number(number) => Const::Number(number.clone()),
        Value::String(text) => Const::String(text.clone()),
        Value::Boolean(is) => Const::Boolean(*is),
        Value::Binary(bytes) => Const::Binary(bytes.clone()),
        Value::Enum(name) => Const::Enum(name.clone()),
        Value::List(list) => {
            let given = list.iter().filter_map(|value| {
                let given = replaced(value, variables, is_filter);
                given.or_else(|| (!is_filter).then_some(Const::Null))
            });
            let given: Vec<Const> = given.collect();
            if given.is_empty() && !list.is_empty() {
                return None;
            }
            Const::List(given)
        }
        Value::Object(fields) => {
            let given = fields.iter().filter_map(|(name, value)| {
                let given = if is_filter {
                    replaced(value, variables, true)
                } else {
                    resolve(name, value, variables)
                };
                Some((name.clone(), given?))
            });
            let given: IndexMap<_, _> = given.collect();
            if is_filter && given.is_empty() && !fields.is_empty() {
                return None;
            }
            Const::Object(given)
        }
    };
    Some(value)
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use async_graphql::parser::types::Selection;
    use serde_json::json;

    use super::*;

    fn field(text: &str) -> AstField {
        let document = parse_query(text).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        match &operation.node.selection_set.node.items[0].node {
            Selection::Field(field) => field.node.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn arguments_of_variables_without_a_value_are_left_out() {
        let arguments =
            Arguments::from(&field("{ a(b: {c: $c, d: $d}, e: $d, f: [$c, $d], g: $g) }"));
        let variables = Variables::from_json(json!({ "c": 1, "g": null }));
        let given = Given { arguments: &arguments, variables: &variables };
        let json = |name| given.get(name).map(|value| serde_json::to_value(value).unwrap());
        assert_eq!(json("b"), Some(json!({ "c": 1 })));
        assert_eq!(json("e"), None);
        assert_eq!(json("f"), Some(json!([1, null])));
        assert_eq!(json("g"), None);
        assert_eq!(json("h"), None);
    }

    #[test]
    fn operands_of_filters_without_values_are_left_out() {
        let variables = Variables::from_json(json!({ "c": 1 }));
        for (filter, given) in [
            ("{a: {eq: $d}}", None),
            ("{a: {eq: $d, ne: $c}}", Some(json!({ "a": { "ne": 1 } }))),
            ("{or: [{a: {eq: $d}}, {b: {eq: 2}}]}", Some(json!({ "or": [{ "b": { "eq": 2 } }] }))),
            ("{or: [{a: {eq: $d}}]}", None),
            ("{or: [{and: [{a: {eq: $d}}]}, {}]}", Some(json!({ "or": [{}] }))),
            ("{not: {a: {eq: $d}}, b: {eq: 2}}", Some(json!({ "b": { "eq": 2 } }))),
            ("{not: {not: {or: [{some: {a: {eq: $d}}}]}}}", None),
            ("{or: [], not: {}}", Some(json!({ "or": [], "not": {} }))),
            ("{or: $d, a: {in: [$c]}}", Some(json!({ "a": { "in": [1] } }))),
        ] {
            for name in ["filter", "having"] {
                let arguments = Arguments::from(&field(&format!("{{ a({name}: {filter}) }}")));
                let value = Given { arguments: &arguments, variables: &variables }.get(name);
                let value = value.map(|value| serde_json::to_value(value).unwrap());
                assert_eq!(value, given, "{filter}");
            }
            let input = format!("{{ a(input: {{filter: {filter}}}) }}");
            let arguments = Arguments::from(&field(&input));
            let input = Given { arguments: &arguments, variables: &variables }.object("input");
            let inner = input.unwrap().unwrap();
            let value = Given { arguments: &inner, variables: &variables }.get("filter");
            let value = value.map(|value| serde_json::to_value(value).unwrap());
            assert_eq!(value, given, "{filter} in an input");
        }
    }

    #[test]
    fn a_value_of_a_wrong_type_is_refused_by_name() {
        let arguments =
            Arguments::from(&field("{ a(n: 3000000000, t: true, s: \"x\", l: \"y\") }"));
        let variables = Variables::default();
        let given = Given { arguments: &arguments, variables: &variables };
        assert!(given.int("n").unwrap_err().message().starts_with("n: not"));
        assert!(given.text("t").unwrap_err().message().starts_with("t: not"));
        assert_eq!(given.text("s").unwrap().as_deref(), Some("x"));
        assert_eq!(given.texts("l").unwrap(), ["y"]);
        assert_eq!(given.int("none").unwrap(), None);
    }
}
