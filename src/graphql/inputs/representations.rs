//! Representations of entities, as a router of a federation sends them.

use async_graphql::indexmap::IndexMap;
use async_graphql::{Name, Value};

use super::arguments::{Given, missing};
use super::place::{Place, shortened};
use super::scalar;
use crate::catalog::Column;
use crate::error::{Code, Error, Result};
use crate::graphql::schema::global_id;
use crate::graphql::schema::model::Type;
use crate::graphql::types;
use crate::query::{Key, KeyPart, PageTooLarge, Value as Bound};

const ARGUMENT: &str = "representations";
const TYPENAME: &str = "__typename";
const ID: &str = "id";

/// The entity that each representation describes: the index of its type among all, and its key.
/// What describes none is refused alone.
///
/// # Errors
/// `PAGE_TOO_LARGE` when there are more than `most`.
pub(crate) fn representations(given: Given<'_>, most: usize) -> Result<Vec<Result<(usize, Key)>>> {
    let value = given.get(ARGUMENT).ok_or_else(|| missing(ARGUMENT))?;
    let place = Place::of(ARGUMENT);
    let list = place.list(&value, usize::MAX)?;
    if list.len() > most {
        let count = list.len();
        let message =
            format!("{ARGUMENT}: {count} representations are more than {most}, the limit");
        return Err(Error::new(Code::BadUserInput, message).with_source(PageTooLarge(ARGUMENT)));
    }
    let each = list.iter().enumerate();
    Ok(each.map(|(index, value)| entity(value, &place.element(index))).collect())
}

fn entity(value: &Value, place: &Place<'_>) -> Result<(usize, Key)> {
    let Value::Object(fields) = place.present(value)? else {
        return Err(place.refuse("expected an object with __typename and a key"));
    };
    let at_name = place.field(TYPENAME);
    let name = match fields.get(TYPENAME) {
        None => return Err(place.refuse("__typename must be given")),
        Some(value) => scalar::string(at_name.present(value)?),
    };
    let name = name.ok_or_else(|| at_name.refuse("expected a String"))?;
    let mut all = types::ALL.iter().enumerate();
    let (index, of) = all
        .find(|(_, of)| of.shape.name == name)
        .ok_or_else(|| at_name.refuse(format_args!("no entity is called {:?}", shortened(name))))?;
    Ok((index, key(of, fields, place)?))
}

/// The key that a representation gives all fields of: that of the table, or the global id. Other
/// fields are not looked at.
fn key(of: &'static Type, fields: &IndexMap<Name, Value>, place: &Place<'_>) -> Result<Key> {
    let given = |name: &str| fields.get(name).filter(|value| **value != Value::Null);
    let shown = of.key_fields();
    let parts = shown.iter().flatten().map(|(name, column)| Some((*name, *column, given(name)?)));
    let complete: Option<Vec<_>> = parts.collect();
    if let Some(parts) = complete.filter(|parts| !parts.is_empty()) {
        let part = |(name, column, value): (&str, &Column, &Value)| {
            let place = place.field(name);
            let expected = || place.refuse("expected a value of a key");
            part_of(scalar::value(column.kind, value, &place)?).ok_or_else(expected)
        };
        return Ok(Key::new(parts.into_iter().map(part).collect::<Result<_>>()?));
    }
    let Some(id) = given(ID) else {
        let names: Vec<&str> = shown.iter().flatten().map(|(name, _)| *name).collect();
        let own = if names.is_empty() { String::new() } else { names.join(" and ") + ", or " };
        return Err(place.refuse(format_args!("a {} needs {own}{ID}", of.shape.name)));
    };
    let place = place.field(ID);
    let id = scalar::string(id).ok_or_else(|| place.refuse("expected an ID"))?;
    match global_id::decode(id, &[of], ARGUMENT) {
        Ok((_, key)) => Ok(key),
        Err(_) => Err(place.refuse(format_args!("not the id of a {}", of.shape.name))),
    }
}

fn part_of(value: Bound) -> Option<KeyPart> {
    match value {
        Bound::Int(number) => Some(KeyPart::Int(number)),
        Bound::Uuid(id) => Some(KeyPart::Uuid(id)),
        Bound::Date(date) => Some(KeyPart::Date(date)),
        _ => None,
    }
}
