//! The fields of the schema's roots.

mod aggregate;
mod forecast;
mod loads;
mod node;
mod sales;

use std::sync::LazyLock;

use async_graphql::parser::types::OperationType;

use crate::graphql::schema::model::RootField;

/// The name of an operation's root type.
pub(super) const fn root_name(kind: OperationType) -> &'static str {
    match kind {
        OperationType::Query => "Query",
        OperationType::Mutation => "Mutation",
        OperationType::Subscription => "Subscription",
    }
}

static QUERY: LazyLock<Vec<RootField>> = LazyLock::new(|| {
    [sales::fields(), aggregate::fields(), forecast::fields(), loads::fields(), node::fields()]
        .into_iter()
        .flatten()
        .collect()
});
static SUBSCRIPTION: LazyLock<Vec<RootField>> = LazyLock::new(loads::subscriptions);

/// The fields of an operation's root type.
pub(super) fn fields(kind: OperationType) -> &'static [RootField] {
    match kind {
        OperationType::Query => &QUERY,
        OperationType::Mutation => &[],
        OperationType::Subscription => &SUBSCRIPTION,
    }
}

/// The field of this name.
pub(super) fn field(kind: OperationType, name: &str) -> Option<&'static RootField> {
    fields(kind).iter().find(|field| field.name == name)
}
