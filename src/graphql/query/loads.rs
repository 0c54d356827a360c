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
        Some(run_key(&id, "id").map(ByKey::new))
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
    let run = run_id.map(|id| run_key(&id, "runId")).transpose()?;
    let file = file_id.map(|id| key(&id, &LOAD_FILE, "fileId")).transpose()?;
    let keys = [(run, &RUN_ID), (file, &FILE_ID)];
    let equals = keys.iter().filter_map(|(key, column)| Some((key.as_ref()?, *column))).flat_map(
        |(key, column)| key.parts().iter().map(move |value| Equals { column, value: *value }),
    );
    Ok(equals.collect())
}

/// A run may be named by its UUID, too.
fn run_key(id: &ID, argument: &'static str) -> Result<Key> {
    match Uuid::try_parse(id) {
        Ok(uuid) => Ok(Key::from(uuid)),
        Err(_) => key(id, &LOAD_RUN, argument),
    }
}

fn key(id: &ID, entity: &'static Entity, argument: &'static str) -> Result<Key> {
    id::decode(id, &[entity], argument).map(|(_, key)| key).map_err(field_error)
}
