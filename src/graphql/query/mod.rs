//! The fields of the schema's roots.

mod forecast;
mod loads;
mod node;
mod sales;

use async_graphql::parser::types::OperationType;

use super::model::RootField;

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
    let parts = match kind {
        OperationType::Query => [sales::FIELDS, forecast::FIELDS, loads::FIELDS, node::FIELDS],
        OperationType::Mutation => [&[] as &[RootField]; 4],
        OperationType::Subscription => [loads::LIVE, &[], &[], &[]],
    };
    parts.into_iter().flatten()
}

/// The field of this name.
pub(super) fn field(kind: OperationType, name: &str) -> Option<&'static RootField> {
    fields(kind).find(|field| field.name == name)
}
