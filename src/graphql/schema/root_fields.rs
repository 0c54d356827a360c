//! The fields of the three root types.

use std::sync::LazyLock;

use async_graphql::parser::types::OperationType;

use super::form::Form;
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

static SUBGRAPH: LazyLock<Vec<RootField>> = LazyLock::new(query::subgraph_fields);

/// The fields that queries have beside the others where the schema is a subgraph.
pub(crate) fn of_subgraph() -> &'static [RootField] {
    &SUBGRAPH
}

/// The fields of an operation's root type.
pub(crate) fn fields(kind: OperationType) -> &'static [RootField] {
    match kind {
        OperationType::Query => &QUERY,
        OperationType::Mutation => &MUTATION,
        OperationType::Subscription => &SUBSCRIPTION,
    }
}

/// The field of this name.
pub(crate) fn field(kind: OperationType, name: &str, form: Form) -> Option<&'static RootField> {
    let of_subgraph = match (kind, form) {
        (OperationType::Query, Form::Subgraph) => of_subgraph(),
        _ => &[],
    };
    fields(kind).iter().chain(of_subgraph).find(|field| field.name == name)
}
