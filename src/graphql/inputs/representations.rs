//! Representations of entities, as a router of a federation sends them.

use std::sync::LazyLock;

use super::arguments::{Given, missing};
use super::borrowed::Borrowed;
use super::place::{Place, shortened};
use super::scalar;
use crate::catalog::Column;
use crate::error::Result;
use crate::graphql::schema::global_id;
use crate::graphql::schema::model::Type;
use crate::graphql::types;
use crate::query::{Key, KeyPart, Value as Bound};

/// The argument with them.
pub(crate) const REPRESENTATIONS: &str = "representations";
const TYPENAME: &str = "__typename";
const ID: &str = "id";

/// The fields that show the key of a table, and its columns.
type KeyFields = Vec<(&'static str, &'static Column)>;

/// Of each type, in their order; `None` where the key is not shown.
static SHOWN: LazyLock<Vec<Option<KeyFields>>> =
    LazyLock::new(|| types::ALL.iter().map(|of| of.key_fields()).collect());

/// The entity that each representation describes: the index of its type among all, and its key.
/// What describes none is refused alone.
///
/// # Errors
/// When there is no list of them.
pub(crate) fn representations(given: Given<'_>) -> Result<Vec<Result<(usize, Key)>>> {
    let list = given.borrowed(REPRESENTATIONS).ok_or_else(|| missing(REPRESENTATIONS))?;
    let place = Place::of(REPRESENTATIONS);
    let each = (0..list.elements()).map(|index| {
        let place = place.element(index);
        let value = list.element(index).ok_or_else(|| place.refuse("must be given"))?;
        entity(value, &place)
    });
    Ok(each.collect())
}

fn entity(value: Borrowed<'_>, place: &Place<'_>) -> Result<(usize, Key)> {
    if !value.is_object() {
        return Err(place.refuse("expected an object with __typename and a key"));
    }
    let at_name = place.field(TYPENAME);
    let name = value.field(TYPENAME);
    let name = name.ok_or_else(|| place.refuse("__typename must be given"))?.scalar();
    let name = scalar::string(at_name.present(&name)?);
    let name = name.ok_or_else(|| at_name.refuse("expected a String"))?;
    let mut all = types::ALL.iter().zip(SHOWN.iter()).enumerate();
    let (index, (of, shown)) = all
        .find(|(_, (of, _))| of.shape.name == name)
        .ok_or_else(|| at_name.refuse(format_args!("no entity is called {:?}", shortened(name))))?;
    Ok((index, key(of, shown.as_deref().unwrap_or_default(), value, place)?))
}

/// The key that a representation gives all fields of: that of the table, or the global id. Other
/// fields are not looked at.
fn key(
    of: &'static Type,
    shown: &[(&'static str, &'static Column)],
    fields: Borrowed<'_>,
    place: &Place<'_>,
) -> Result<Key> {
    let given = |name: &str| fields.field(name).filter(|value| !value.is_null());
    let parts = shown.iter().map(|(name, column)| Some((*name, *column, given(name)?)));
    let complete: Option<Vec<_>> = parts.collect();
    if let Some(parts) = complete.filter(|parts| !parts.is_empty()) {
        let part = |(name, column, value): (&str, &Column, Borrowed<'_>)| {
            let place = place.field(name);
            let expected = || place.refuse("expected a value of a key");
            part_of(&scalar::value(column.kind, &value.scalar(), &place)?).ok_or_else(expected)
        };
        return Ok(Key::new(parts.into_iter().map(part).collect::<Result<_>>()?));
    }
    let Some(id) = given(ID) else {
        let names: Vec<&str> = shown.iter().map(|(name, _)| *name).collect();
        let own = if names.is_empty() { String::new() } else { names.join(" and ") + ", or " };
        return Err(place.refuse(format_args!("a {} needs {own}{ID}", of.shape.name)));
    };
    let place = place.field(ID);
    let id = id.scalar();
    let id = scalar::string(&id).ok_or_else(|| place.refuse("expected an ID"))?;
    match global_id::decode(id, &[of], REPRESENTATIONS) {
        Ok((_, key)) => Ok(key),
        Err(_) => Err(place.refuse(format_args!("not the id of a {}", of.shape.name))),
    }
}

fn part_of(value: &Bound) -> Option<KeyPart> {
    match value {
        Bound::Int(number) => Some(KeyPart::Int(*number)),
        Bound::Uuid(id) => Some(KeyPart::Uuid(*id)),
        Bound::Date(date) => Some(KeyPart::Date(*date)),
        _ => None,
    }
}
