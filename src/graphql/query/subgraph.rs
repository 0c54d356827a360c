//! What a router asks a subgraph for.

use crate::graphql::schema::model::{Argument, RootField, RootValue};

/// The fields of a subgraph.
pub(in crate::graphql) fn fields() -> Vec<RootField> {
    vec![
        RootField {
            name: "_entities",
            description: "The entities that the representations describe, in their order; null \
                          where there is none, and with an error where a representation \
                          describes none.",
            arguments: &[Argument {
                name: "representations",
                ty: "[_Any!]!",
                description: "Representations, of any types: at most 10000 in an operation, \
                              unless the server is configured otherwise.",
            }],
            value: RootValue::Entities,
        },
        RootField {
            name: "_service",
            description: "This API as a subgraph.",
            arguments: &[],
            value: RootValue::Service,
        },
    ]
}
