//! Groups of sales that are put together by the engine that reads the lake.

use std::sync::Arc;

use super::Execution;
use crate::auth::Grant;
use crate::error::{Code, Error, Result};
use crate::graphql::plan::Connection;
use crate::graphql::plan::bind::ListBinding;
use crate::lake::curated::SalesState;
use crate::lake::engine::require_built_in;
use crate::query::aggregate::{Asked, Engine, Groups, LakeAnswer, Shown};

impl Execution<'_> {
    /// The groups with the answer of the lake, if that is asked for. Whatever it has no answer to
    /// is refused before anything is done.
    pub(super) async fn answered(
        &self,
        connection: &Connection,
        binding: &ListBinding,
    ) -> Result<Option<Groups>> {
        let Some(groups) = binding.groups().filter(|groups| groups.is_of_lake()) else {
            return Ok(None);
        };
        self.scope.require(Grant::SalesRead)?;
        self.scope.require_all_territories(Grant::ReportsRead)?;
        if !connection.needs_rows() && !connection.needs_count() {
            return Ok(None);
        }
        require_built_in()?;
        let lake = self.lake.ok_or_else(|| unavailable("this server has no queue of jobs"))?;
        let state = SalesState::read(lake.pool()).await?.ok_or_else(|| {
            unavailable("no lake has been written: set LAKE_URI and run `salesgraph load`")
        })?;
        state.require_current()?;
        let shown = Shown {
            page: &binding.page,
            having: &binding.condition,
            is_counted: connection.needs_count(),
        };
        let asked = groups.ask(self.reader, self.scope, state.persons, shown).await?;
        let Asked { question, form } = asked;
        let id = Box::pin(lake.ask(&state, &question)).await?;
        let engine = Engine::Lake(Some(Arc::new(LakeAnswer { id, form })));
        Ok(Some(Groups { engine, ..groups.clone() }))
    }
}

fn unavailable(message: &str) -> Error {
    Error::new(Code::LakeUnavailable, message)
}
