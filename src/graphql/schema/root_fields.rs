//! The fields of the three root types.

use async_graphql::parser::types::OperationType;

use super::model::RootField;
use crate::graphql::{mutation, query, subscription};

/// The name of an operation's root type.
pub(crate) const fn root_name(kind: OperationType) -> &'static str {
    match kind {
        OperationType::Query => "Query",
        OperationType::Mutation => "Mutation",
        OperationType::Subscription => "Subscription",
    }
}

/// The fields of an operation's root type.
pub(crate) fn fields(kind: OperationType) -> impl Iterator<Item = &'static RootField> {
    let parts = match kind {
        OperationType::Query => query::FIELDS,
        OperationType::Mutation => mutation::FIELDS,
        OperationType::Subscription => subscription::FIELDS,
    };
    parts.iter().copied().flatten()
}

/// The field of this name.
pub(crate) fn field(kind: OperationType, name: &str) -> Option<&'static RootField> {
    fields(kind).find(|field| field.name == name)
}
