//! Scalars: how values look to a client.

use async_graphql::registry::{MetaType, Registry};

use super::model::OutputType;
use crate::catalog::Kind;

/// Name and description of every scalar of our own.
const SCALARS: [(&str, &str); 9] = [
    (
        "Decimal",
        "An exact decimal number as a string, such as \"23153.2339\": never rounded, with all \
         digits as they are stored. As input also an integer.",
    ),
    ("Date", "A calendar date: 2011-05-31."),
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
    ("JSON", "Any JSON value."),
    ("Currency", "The code of a currency in ISO 4217, as a string or as it is: \"EUR\" or EUR."),
    ("UUID", "A UUID in its usual form: b207c96d-d9e6-402b-8470-2cc176c42283."),
    (
        "_Any",
        "A representation of an entity: an object of its `__typename` and the fields of a key.",
    ),
];

/// The scalar of a kind of column.
pub(crate) const fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Boolean => "Boolean",
        Kind::Small | Kind::Int => "Int",
        Kind::Long => "Long",
        Kind::Text | Kind::Bytes => "String",
        Kind::Decimal => "Decimal",
        Kind::Uuid => "UUID",
        Kind::Date => "Date",
        Kind::LocalDateTime => "LocalDateTime",
        Kind::DateTime => "DateTime",
        Kind::IntList => "[Int!]",
        Kind::Json => "JSON",
    }
}

/// The scalar a measure is shown as, which is known then.
pub(crate) fn shown(registry: &mut Registry, shown: OutputType) -> &'static str {
    let name = type_name(match shown {
        OutputType::Int => Kind::Int,
        OutputType::Long => Kind::Long,
        OutputType::Decimal => Kind::Decimal,
    });
    register(registry, name);
    name
}

/// Makes the scalar of this name known, if it is one of ours.
pub(crate) fn register(registry: &mut Registry, name: &str) {
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
