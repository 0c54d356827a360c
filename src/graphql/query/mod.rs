//! The fields of the schema's roots.

mod aggregate;
mod forecast;
mod loads;
mod node;
mod sales;

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

/// The fields of an operation's root type.
pub(super) fn fields(kind: OperationType) -> impl Iterator<Item = &'static RootField> {
    const QUERY: &[&[RootField]] =
        &[sales::FIELDS, aggregate::FIELDS, forecast::FIELDS, loads::FIELDS, node::FIELDS];
    const SUBSCRIPTION: &[&[RootField]] = &[loads::LIVE];
    let parts = match kind {
        OperationType::Query => QUERY,
        OperationType::Mutation => &[],
        OperationType::Subscription => SUBSCRIPTION,
    };
    parts.iter().copied().flatten()
}

/// The field of this name.
pub(super) fn field(kind: OperationType, name: &str) -> Option<&'static RootField> {
    fields(kind).find(|field| field.name == name)
}
