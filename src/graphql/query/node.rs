//! Entities by their global ids.

use crate::graphql::schema::model::{Argument, RootField, RootValue};

pub(super) fn fields() -> Vec<RootField> {
    vec![
        RootField {
            name: "node",
            description: "The entity with this global id; null when there is none.",
            arguments: &[Argument {
                name: "id",
                ty: "ID!",
                description: "Global id, as the field id gives it.",
            }],
            value: RootValue::Node,
        },
        RootField {
            name: "nodes",
            description: "The entities with these global ids, in their order; null where there is none. \
                      Null as a whole only together with an error.",
            arguments: &[Argument {
                name: "ids",
                ty: "[ID!]!",
                description: "Global ids, at most as many as a page may have rows.",
            }],
            value: RootValue::Nodes,
        },
    ]
}
