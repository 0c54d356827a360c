//! Conditions on texts.

use std::borrow::Cow;

use super::statement::{Place, Statement};
use crate::catalog::{Column, Kind};
use crate::db::text;
use crate::error::{Error, Result};
use crate::query::condition::TextMatch;
use crate::query::value::Value;

/// Opens a bracket and writes a text column.
pub(super) fn write_text<'a, 's>(
    statement: &'a mut Statement<'s>,
    column: &Column,
    ignore_case: bool,
    row: Place,
) -> &'a mut Statement<'s> {
    if ignore_case {
        statement.push("(lower(").column(row.alias, column).push(")")
    } else {
        statement.push("(").column(row.alias, column)
    }
}

/// A text as the row's table has it. What was not loaded, such as the key of a file, is kept as
/// it came.
pub(super) fn stored(row: Place, text: &str) -> Cow<'_, str> {
    if row.table.is_loaded() { text::normalized(text) } else { Cow::Borrowed(text) }
}

pub(super) fn stored_value(row: Place, value: &Value) -> Cow<'_, Value> {
    match value {
        Value::Text(text) => Cow::Owned(Value::Text(stored(row, text).into_owned())),
        _ => Cow::Borrowed(value),
    }
}

pub(super) fn is_text(column: &Column) -> Result<()> {
    if column.kind == Kind::Text {
        return Ok(());
    }
    Err(Error::internal("a value does not fit its column"))
}

/// The pattern of LIKE for a text in which nothing has a meaning.
pub(super) fn pattern(how: TextMatch, text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    if how != TextMatch::StartsWith {
        pattern.push('%');
    }
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    if how != TextMatch::EndsWith {
        pattern.push('%');
    }
    pattern
}
