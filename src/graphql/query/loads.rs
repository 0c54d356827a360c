//! Root fields of the load ledger.

use async_graphql::{ID, Object, Result};
use uuid::Uuid;

use crate::graphql::errors::field_error;
use crate::graphql::id;
use crate::graphql::model::Entity;
use crate::graphql::output::{ByKey, Listing};
use crate::graphql::types::{LOAD_FILE, LOAD_RUN, LoadParked, LoadReject, LoadRun};
use crate::query::{Column, Equals, Key, Kind};

static RUN_ID: Column = Column::new("run_id", Kind::Uuid);
static FILE_ID: Column = Column::new("file_id", Kind::Int);

/// The load ledger.
#[derive(Debug, Default)]
pub(super) struct LoadsQuery;

/// Reads the load ledger.
#[Object]
impl LoadsQuery {
    /// The load run with this id; null when there is none.
    async fn load_run(
        &self,
        #[graphql(desc = "Global id of the run, or its UUID as the command line shows it.")] id: ID,
    ) -> Option<Result<ByKey<LoadRun>>> {
        Some(key(&id, &LOAD_RUN, "id").map(ByKey::new))
    }

    /// All load runs, the newest first. Null only together with an error.
    async fn load_runs(
        &self,
        #[graphql(desc = "Most rows of the page: 0 to 1000, by default 50.")] first: Option<i32>,
        #[graphql(desc = "Cursor of the row the page comes after; by default the beginning.")]
        after: Option<String>,
    ) -> Option<Listing<LoadRun>> {
        Some(Listing::new("loadRuns", first, after))
    }

    /// Rows that could not be taken, by file and line. Null only together with an error.
    async fn load_rejects(
        &self,
        #[graphql(desc = "Only those of this run: its global id or UUID.")] run_id: Option<ID>,
        #[graphql(desc = "Only those of this file version: its global id.")] file_id: Option<ID>,
        #[graphql(desc = "Most rows of the page: 0 to 1000, by default 50.")] first: Option<i32>,
        #[graphql(desc = "Cursor of the row the page comes after; by default the beginning.")]
        after: Option<String>,
    ) -> Option<Result<Listing<LoadReject>>> {
        let list = Listing::new("loadRejects", first, after);
        Some(only(run_id, file_id).map(|only| list.only(only)))
    }

    /// Rows that wait for a parent, by file and line. Null only together with an error.
    async fn load_parked(
        &self,
        #[graphql(desc = "Only those of this run: its global id or UUID.")] run_id: Option<ID>,
        #[graphql(desc = "Only those of this file version: its global id.")] file_id: Option<ID>,
        #[graphql(desc = "Most rows of the page: 0 to 1000, by default 50.")] first: Option<i32>,
        #[graphql(desc = "Cursor of the row the page comes after; by default the beginning.")]
        after: Option<String>,
    ) -> Option<Result<Listing<LoadParked>>> {
        let list = Listing::new("loadParked", first, after);
        Some(only(run_id, file_id).map(|only| list.only(only)))
    }
}

fn only(run_id: Option<ID>, file_id: Option<ID>) -> Result<Vec<Equals>> {
    let mut only = Vec::new();
    for (id, entity, argument, column) in
        [(run_id, &LOAD_RUN, "runId", &RUN_ID), (file_id, &LOAD_FILE, "fileId", &FILE_ID)]
    {
        let Some(id) = id else { continue };
        let key = key(&id, entity, argument)?;
        only.extend(key.parts().iter().map(|value| Equals { column, value: *value }));
    }
    Ok(only)
}

fn key(id: &ID, entity: &'static Entity, argument: &'static str) -> Result<Key> {
    if std::ptr::eq(entity, &raw const LOAD_RUN)
        && let Ok(uuid) = Uuid::try_parse(id)
    {
        return Ok(Key::from(uuid));
    }
    id::decode(id, &[entity], argument).map(|(_, key)| key).map_err(field_error)
}
