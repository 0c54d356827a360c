//! Scalars: how values look to a client.

use async_graphql::Value;
use async_graphql::registry::{MetaType, Registry};
use chrono::{DateTime, NaiveDateTime, SecondsFormat, Utc};
use uuid::Uuid;

use super::model::Enumeration;
use crate::error::{Error, Result};
use crate::query::{Column, Kind, Row};

/// Name and description of every scalar of our own.
const SCALARS: [(&str, &str); 5] = [
    (
        "Decimal",
        "An exact decimal number as a string, such as \"23153.2339\": never rounded, with all \
         digits as they are stored. As input also an integer.",
    ),
    (
        "LocalDateTime",
        "A date and time of the source, which carries no time zone: 2011-05-31T00:00:00.",
    ),
    ("DateTime", "A moment of this system's own, RFC 3339 in UTC: 2026-11-20T10:21:00.123456Z."),
    (
        "Long",
        "A whole number of up to 64 bits, as a JSON number. It may exceed 2^53, beyond which \
         clients that read JSON numbers as floating point, such as JavaScript, lose digits.",
    ),
    ("UUID", "A UUID in its usual form: b207c96d-d9e6-402b-8470-2cc176c42283."),
];

/// The scalar of a kind of column.
pub(super) const fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Boolean => "Boolean",
        Kind::Small | Kind::Int => "Int",
        Kind::Long => "Long",
        Kind::Text | Kind::Bytes => "String",
        Kind::Decimal => "Decimal",
        Kind::Uuid => "UUID",
        Kind::LocalDateTime => "LocalDateTime",
        Kind::DateTime => "DateTime",
        Kind::IntList => "[Int!]",
    }
}

/// Makes the scalar of this name known, if it is one of ours.
pub(super) fn register(registry: &mut Registry, name: &str) {
    let Some((name, description)) = SCALARS.iter().find(|(known, _)| *known == name) else {
        return;
    };
    registry.types.entry((*name).to_owned()).or_insert_with(|| MetaType::Scalar {
        name: (*name).to_owned(),
        description: Some((*description).to_owned()),
        is_valid: None,
        visible: None,
        inaccessible: false,
        tags: Vec::new(),
        specified_by_url: None,
        directive_invocations: Vec::new(),
        requires_scopes: Vec::new(),
    });
}

/// The value of a column of a row as clients see it.
pub(super) fn value(row: &Row, index: usize, column: &Column) -> Result<Value> {
    let value = match column.kind {
        Kind::Boolean => row.get::<bool>(index)?.map(Value::Boolean),
        Kind::Small => row.get::<i16>(index)?.map(Value::from),
        Kind::Int => row.get::<i32>(index)?.map(Value::from),
        Kind::Long => row.get::<i64>(index)?.map(Value::from),
        Kind::Text | Kind::Decimal => row.text(index)?.map(|text| Value::String(text.to_owned())),
        Kind::Bytes => row
            .get::<&[u8]>(index)?
            .map(|bytes| Value::String(String::from_utf8_lossy(bytes).into_owned())),
        Kind::Uuid => row.get::<Uuid>(index)?.map(|id| Value::String(id.to_string())),
        Kind::LocalDateTime => {
            row.get::<NaiveDateTime>(index)?.map(|time| Value::String(local(time)))
        }
        Kind::DateTime => row
            .get::<DateTime<Utc>>(index)?
            .map(|time| Value::String(time.to_rfc3339_opts(SecondsFormat::AutoSi, true))),
        Kind::IntList => row
            .get::<Vec<i32>>(index)?
            .map(|list| Value::List(list.into_iter().map(Value::from).collect())),
    };
    match value {
        None if !column.nullable => {
            Err(Error::internal("a value is missing").with_source(column.name))
        }
        value => Ok(value.unwrap_or(Value::Null)),
    }
}

/// The name of the code in a column of a row.
pub(super) fn code(row: &Row, index: usize, column: &Column, codes: &Enumeration) -> Result<Value> {
    let found = match column.kind {
        Kind::Small => row.get::<i16>(index)?.map(|number| codes.value(&number.to_string())),
        _ => row.text(index)?.map(|text| codes.value(text)),
    };
    match found {
        Some(Some(value)) => Ok(Value::Enum(async_graphql::Name::new(value.name))),
        Some(None) => Err(Error::internal("a code is not known").with_source(column.name)),
        None if column.nullable => Ok(Value::Null),
        None => Err(Error::internal("a value is missing").with_source(column.name)),
    }
}

fn local(time: NaiveDateTime) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.f").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_times_show_fractions_only_when_there_are_some() {
        let day = chrono::NaiveDate::from_ymd_opt(2014, 9, 12).unwrap();
        assert_eq!(local(day.and_hms_opt(0, 0, 0).unwrap()), "2014-09-12T00:00:00");
        assert_eq!(
            local(day.and_hms_milli_opt(11, 15, 7, 263).unwrap()),
            "2014-09-12T11:15:07.263"
        );
    }
}
