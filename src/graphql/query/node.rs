//! Entities by their global ids.

use async_graphql::{ID, Object};

use crate::graphql::output::ById;

/// Entities of any type.
#[derive(Debug, Default)]
pub(super) struct NodeQuery;

/// Finds entities by global id.
#[Object]
impl NodeQuery {
    /// The entity with this global id; null when there is none.
    async fn node(
        &self,
        #[graphql(desc = "Global id, as the field id gives it.")] id: ID,
    ) -> Option<ById> {
        Some(ById(id.0))
    }
}
