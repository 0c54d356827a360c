//! The fields of the three root types.

use std::sync::LazyLock;

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

static QUERY: LazyLock<Vec<RootField>> = LazyLock::new(query::fields);
static MUTATION: LazyLock<Vec<RootField>> = LazyLock::new(mutation::fields);
static SUBSCRIPTION: LazyLock<Vec<RootField>> = LazyLock::new(subscription::fields);

/// The fields of an operation's root type.
pub(crate) fn fields(kind: OperationType) -> &'static [RootField] {
    match kind {
        OperationType::Query => &QUERY,
        OperationType::Mutation => &MUTATION,
        OperationType::Subscription => &SUBSCRIPTION,
    }
}

/// The field of this name.
pub(crate) fn field(kind: OperationType, name: &str) -> Option<&'static RootField> {
    fields(kind).iter().find(|field| field.name == name)
}
