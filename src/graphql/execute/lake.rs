//! Groups of sales that are put together by the engine that reads the lake.

use std::sync::Arc;

use uuid::Uuid;

use super::Execution;
use super::data::Lists;
use crate::auth::Grant;
use crate::error::{Code, Error, Result};
use crate::graphql::plan::Connection;
use crate::graphql::plan::bind::ListBinding;
use crate::job::LakeAnswers;
use crate::lake::curated::SalesState;
use crate::lake::engine::require_built_in;
use crate::query::aggregate::{Answer, Asked, Engine, Groups, Shown};
use crate::query::{Below, Rows};

/// How often the lake is asked anew while loads change the data.
const TRIES: usize = 3;

/// Groups with the answer of the lake.
struct Answered<'a> {
    groups: Groups,
    lake: &'a LakeAnswers,
    state: SalesState,
    id: Uuid,
}

impl Execution<'_> {
    /// The pages of groups that the lake is asked for.
    pub(super) async fn lists_of_lake(
        &self,
        connection: &Connection,
        binding: &ListBinding,
        below: Option<Below<'_>>,
    ) -> Result<Lists> {
        let Some(answered) = self.answered(connection, binding).await? else {
            return self.lists_of(connection, binding.rows(), below).await;
        };
        let rows = Rows::Groups(&answered.groups);
        let lists = self.lists_of(connection, rows, below).await?;
        answered.confirm().await?;
        Ok(lists)
    }

    /// The groups with the answer of the lake, if that is asked for. Whatever it has no answer to
    /// is refused before anything is done.
    async fn answered(
        &self,
        connection: &Connection,
        binding: &ListBinding,
    ) -> Result<Option<Answered<'_>>> {
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
        let shown = Shown {
            page: &binding.page,
            having: &binding.condition,
            is_counted: connection.needs_count(),
        };
        let mut state = current(lake).await?;
        for _ in 0..TRIES {
            let asked = groups.ask(self.reader, self.scope, state.persons, shown).await?;
            let Asked { question, form } = asked;
            let id = Box::pin(lake.ask(&state, &question)).await?;
            // What Postgres was asked for meanwhile may be of another version than the lines.
            let now = current(lake).await?;
            if now == state {
                let engine = Engine::Lake(Some(Arc::new(Answer::stored(id, form))));
                let groups = Groups { engine, ..groups.clone() };
                return Ok(Some(Answered { groups, lake, state, id }));
            }
            state = now;
        }
        Err(changed())
    }
}

impl Answered<'_> {
    /// Confirms what was read: the answer was there, and what Postgres has added to it, such as
    /// names, is of the same version.
    ///
    /// # Errors
    /// `UNAVAILABLE` and `LAKE_OUTDATED` otherwise.
    async fn confirm(self) -> Result<()> {
        self.lake.keep(self.id).await?;
        if current(self.lake).await? == self.state { Ok(()) } else { Err(changed()) }
    }
}

/// The lake, which lacks no change.
async fn current(lake: &LakeAnswers) -> Result<SalesState> {
    let state = SalesState::read(lake.pool()).await?.ok_or_else(|| {
        unavailable("no lake has been written: set LAKE_URI and run `salesgraph load`")
    })?;
    state.require_current()?;
    Ok(state)
}

fn changed() -> Error {
    let message = "the data have changed while the lake was asked: ask again";
    Error::new(Code::Unavailable, message)
}

fn unavailable(message: &str) -> Error {
    Error::new(Code::LakeUnavailable, message)
}
