//! Cursors: where a row stands in the order of its list, as an opaque text.
//!
//! Within the base64 are a check and a text: the version, the field, each key of the
//! order with the row's value of it, and the row's key. Every part is written with
//! its length before it, so that a value can hold any text.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, Utc};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::argument::bad_argument;
use super::key::{Key, KeyPart};
use super::order::{Direction, Nulls, Order, OrderKey};
use super::row::Row;
use super::selection::Selection;
use super::value::Value;
use crate::catalog::{Kind, Table};
use crate::error::{Error, Result};
use crate::query::sql::cursor_places::CursorPlaces;

/// Format of the cursors made now; others are refused.
const VERSION: &str = "2|";
const CHECK_BYTES: usize = 4;
/// Longest cursor, in bytes.
const MAX_LENGTH: usize = 8 * 1024;

/// Where a row stands in an order.
#[derive(Debug, Clone, PartialEq)]
pub struct Position {
    /// Its value of each of the order's keys.
    pub(super) values: Vec<Option<Value>>,
    /// Its key.
    pub(super) key: Key,
}

/// The cursor of a row that was read with [`super::List::cursors`], for the list
/// `field`.
///
/// # Errors
/// `INTERNAL` if it was read without; `BAD_USER_INPUT` if one of the values it is
/// ordered by is too long.
pub fn cursor(field: &str, order: &Order, selection: &Selection, row: &Row) -> Result<String> {
    let layout = CursorPlaces::of(selection, order);
    let keys = order.keys.iter().zip(&layout.values);
    let values =
        keys.map(|(key, index)| value(row, *index, key.by.kind())).collect::<Result<_>>()?;
    let key = row.key(selection.table().key, layout.key.iter().copied())?;
    let key = key.ok_or_else(|| Error::internal("a row has no key"))?;
    let cursor = encode(field, order, &Position { values, key });
    if cursor.len() > MAX_LENGTH {
        let message = "orderBy: a row's value is too long to be ordered by";
        return Err(bad_argument("orderBy", message.to_owned()));
    }
    Ok(cursor)
}

fn value(row: &Row, index: usize, kind: Kind) -> Result<Option<Value>> {
    Ok(match kind {
        Kind::Boolean => row.get(index)?.map(Value::Boolean),
        Kind::Small => row.get::<i16>(index)?.map(|number| Value::Int(number.into())),
        Kind::Int => row.get::<i32>(index)?.map(|number| Value::Int(number.into())),
        Kind::Long => row.get(index)?.map(Value::Int),
        Kind::Text => row.get(index)?.map(Value::Text),
        Kind::Decimal => row.get(index)?.map(Value::Decimal),
        Kind::Uuid => row.get(index)?.map(Value::Uuid),
        Kind::Date => row.get(index)?.map(Value::Date),
        Kind::LocalDateTime => row.get(index)?.map(Value::LocalDateTime),
        Kind::DateTime => row.get(index)?.map(Value::DateTime),
        Kind::Bytes | Kind::IntList | Kind::Json => {
            return Err(Error::internal("a column has no order"));
        }
    })
}

pub(super) fn encode(field: &str, order: &Order, position: &Position) -> String {
    let mut text = String::with_capacity(128);
    text.push_str(VERSION);
    let mut part = |part: Option<&str>| {
        // Writing to a String cannot fail.
        let _ = match part {
            Some(part) => write!(text, "{}:{part}", part.len()),
            None => write!(text, "-"),
        };
    };
    part(Some(field));
    for (key, value) in order.keys.iter().zip(&position.values) {
        part(Some(&tag(key)));
        match value {
            None => part(None),
            Some(Value::Text(text) | Value::Decimal(text)) => part(Some(text)),
            Some(Value::Boolean(value)) => part(Some(if *value { "t" } else { "f" })),
            Some(Value::Int(number)) => part(Some(&number.to_string())),
            Some(Value::Uuid(id)) => part(Some(&id.to_string())),
            Some(Value::Date(date)) => part(Some(&date.num_days_from_ce().to_string())),
            Some(Value::LocalDateTime(time)) => {
                part(Some(&time.and_utc().timestamp_micros().to_string()));
            }
            Some(Value::DateTime(time)) => part(Some(&time.timestamp_micros().to_string())),
        }
    }
    // No tag is empty: here the order ends.
    part(Some(""));
    for own in position.key.parts() {
        part(Some(&own.to_text()));
    }
    let mut bytes = check(text.as_bytes()).to_vec();
    bytes.extend_from_slice(text.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The position that a cursor of the list `field` in this order stands for.
pub(super) fn decode(
    argument: &'static str,
    cursor: &str,
    field: &str,
    table: &'static Table,
    order: &Order,
) -> Result<Position> {
    let broken = || bad_argument(argument, format!("{argument}: not a cursor of this API"));
    if cursor.len() > MAX_LENGTH {
        return Err(broken());
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| broken())?;
    let (sum, text) = bytes.split_at_checked(CHECK_BYTES).ok_or_else(broken)?;
    if sum != check(text) {
        return Err(broken());
    }
    let text = std::str::from_utf8(text).map_err(|_| broken())?;
    let text = text.strip_prefix(VERSION).ok_or_else(|| {
        let message =
            format!("{argument}: a cursor of another version; start again at the first page");
        bad_argument(argument, message)
    })?;
    let mut parts = Parts(text);
    if parts.next() != Some(Some(field)) {
        let message = format!("{argument}: a cursor of another list than {field}");
        return Err(bad_argument(argument, message));
    }
    let other_order = || {
        let message =
            format!("{argument}: a cursor of the list in another order than is asked for now");
        bad_argument(argument, message)
    };
    let mut values = Vec::with_capacity(order.keys.len());
    for key in &order.keys {
        if parts.next() != Some(Some(&tag(key))) {
            return Err(other_order());
        }
        let part = parts.next().ok_or_else(broken)?;
        let value =
            part.map(|text| from_text(text, key.by.kind()).ok_or_else(broken)).transpose()?;
        if value.is_none() && !key.by.is_nullable() {
            return Err(broken());
        }
        values.push(value);
    }
    if parts.next() != Some(Some("")) {
        return Err(other_order());
    }
    let key = table.key.iter().map(|column| KeyPart::from_text(parts.next()??, column.kind));
    let key = key.collect::<Option<Vec<KeyPart>>>().ok_or_else(broken)?;
    if !parts.0.is_empty() {
        return Err(broken());
    }
    Ok(Position { values, key: Key::new(key) })
}

/// What tells a key of an order from any other.
fn tag(key: &OrderKey) -> String {
    let direction = match key.direction {
        Direction::Asc => "+",
        Direction::Desc => "-",
    };
    let nulls = match key.nulls {
        Nulls::First => "<",
        Nulls::Last => ">",
    };
    format!("{direction}{nulls}{}", key.name)
}

fn from_text(text: &str, kind: Kind) -> Option<Value> {
    let local = |text: &str| -> Option<NaiveDateTime> {
        let time = DateTime::<Utc>::from_timestamp_micros(text.parse().ok()?)?.naive_utc();
        // What Postgres has; a cursor made by hand may hold any.
        (-4711..=294_275).contains(&time.year()).then_some(time)
    };
    Some(match kind {
        Kind::Boolean => Value::Boolean(match text {
            "t" => true,
            "f" => false,
            _ => return None,
        }),
        Kind::Small | Kind::Int | Kind::Long => Value::Int(text.parse().ok()?),
        Kind::Text if !text.contains('\0') => Value::Text(text.to_owned()),
        Kind::Decimal if is_decimal(text) => Value::Decimal(text.to_owned()),
        Kind::Uuid => Value::Uuid(Uuid::try_parse(text).ok()?),
        Kind::Date => {
            let date = NaiveDate::from_num_days_from_ce_opt(text.parse().ok()?)?;
            // The first year that Postgres has.
            Value::Date(Some(date).filter(|date| date.year() > -4713)?)
        }
        Kind::LocalDateTime => Value::LocalDateTime(local(text)?),
        Kind::DateTime => Value::DateTime(local(text)?.and_utc()),
        Kind::Text | Kind::Decimal | Kind::Bytes | Kind::IntList | Kind::Json => return None,
    })
}

/// As Postgres writes a `numeric`.
fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, fraction]
        .iter()
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The parts of a cursor's text that are left; one without a value is null.
struct Parts<'a>(&'a str);

impl<'a> Iterator for Parts<'a> {
    type Item = Option<&'a str>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(rest) = self.0.strip_prefix('-') {
            self.0 = rest;
            return Some(None);
        }
        let (length, rest) = self.0.split_once(':')?;
        let (part, rest) = rest.split_at_checked(length.parse().ok()?)?;
        self.0 = rest;
        Some(Some(part))
    }
}

/// Guards against mangled cursors; it is no secret, and needs to be none: a
/// cursor gives access to nothing.
fn check(text: &[u8]) -> [u8; CHECK_BYTES] {
    let digest = Sha256::digest(text);
    let mut sum = [0; CHECK_BYTES];
    for (to, from) in sum.iter_mut().zip(digest) {
        *to = from;
    }
    sum
}

#[cfg(test)]
mod tests;
