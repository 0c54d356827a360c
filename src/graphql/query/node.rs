//! Entities by their global ids.

use async_graphql::{ID, Object};

use crate::graphql::output::{ById, ByIds};

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

    /// The entities with these global ids, in their order; null where there is none. Null as a
    /// whole only together with an error.
    async fn nodes(
        &self,
        #[graphql(desc = "Global ids, at most 1000.")] ids: Vec<ID>,
    ) -> Option<ByIds> {
        Some(ByIds(ids.into_iter().map(|id| id.0).collect()))
    }
}
