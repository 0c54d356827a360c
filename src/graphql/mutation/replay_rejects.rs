//! `replayRejects`: loads rejected rows again.

use std::sync::LazyLock;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sqlx::PgPool;

use super::payload;
use crate::auth::Grant;
use crate::error::{Code, Error, Result};
use crate::graphql::execute::command::Command;
use crate::graphql::inputs::arguments::Given;
use crate::graphql::schema::global_id::key_of;
use crate::graphql::schema::model::{Argument, RootField, RootValue, Type};
use crate::graphql::types::{LOAD_FILE, LOAD_REJECT, LOAD_RUN};
use crate::job::loads::start_replay;
use crate::load::{Reason, RejectSelection, list_rejects};
use crate::query::{BadArgument, Key, KeyPart, bad_argument};

const REJECT_ID: &str = "rejectId";
const RAW: &str = "raw";

pub(super) fn field() -> RootField {
    RootField {
        name: "replayRejects",
        description: "Loads rejected rows again after a fix: each is converted and merged again, and \
                  rejected again if it still does not fit. Parked rows whose parent has arrived \
                  are loaded, too. This is a load run of its own, even when no reject is selected. \
                  It is queued, and answered at once: a worker runs it after the runs that were \
                  queued or begun before. Null only together with an error, which is FORBIDDEN \
                  without the scopes loads:write and loads:read.",
        arguments: &[],
        value: RootValue::Command {
            needs: Grant::LoadsWrite,
            input: &INPUT,
            run,
            returns: &PAYLOAD,
        },
    }
}

static INPUT: [Argument; 4] = [
    Argument {
        name: "runId",
        ty: "ID",
        description: "Only the rejects of this run: its global id or UUID. Without any of runId, \
                      fileId and rejectId, all rejects are replayed; of several, all must fit.",
    },
    Argument {
        name: "fileId",
        ty: "ID",
        description: "Only the rejects of this file version: its global id.",
    },
    Argument {
        name: REJECT_ID,
        ty: "ID",
        description: "Only the reject with this global id. NOT_FOUND when there is none.",
    },
    Argument {
        name: RAW,
        ty: "String",
        description: "Corrected text of the whole record, in the dialect of its file, to load in \
                      place of the reject's own. Only together with rejectId.",
    },
];

static PAYLOAD: LazyLock<Type> =
    LazyLock::new(|| payload::load_run("ReplayRejectsPayload", "The result of replayRejects."));

fn run(command: Command<'_>) -> BoxFuture<'_, Result<Key>> {
    async move {
        let pool = &command.commands.pool;
        let selection = selection(command.input)?;
        let raw = command.input.text(RAW)?;
        check(&selection, raw.is_some(), pool).await?;
        let run = start_replay(&mut *pool.acquire().await?, selection, raw).await?;
        run.map(Key::from).ok_or_else(|| Error::internal("the run is not queued"))
    }
    .boxed()
}

fn selection(input: Given<'_>) -> Result<RejectSelection> {
    let run = named(input, "runId", &LOAD_RUN, |key| match key {
        [KeyPart::Uuid(run)] => Some(*run),
        _ => None,
    })?;
    let file = named(input, "fileId", &LOAD_FILE, |key| match key {
        [KeyPart::Int(file)] => i32::try_from(*file).ok(),
        _ => None,
    })?;
    let row = named(input, REJECT_ID, &LOAD_REJECT, |key| match key {
        [KeyPart::Int(file), KeyPart::Int(line), KeyPart::Int(part)] => {
            Some((i32::try_from(*file).ok()?, *line, i32::try_from(*part).ok()?))
        }
        _ => None,
    })?;
    let (part, row) = (row.map(|(_, _, part)| part), row.map(|(file, line, _)| (file, line)));
    Ok(RejectSelection { run, file, row, part, file_key: None })
}

/// The key that a field of the input names.
fn named<T>(
    input: Given<'_>,
    field: &'static str,
    of: &'static Type,
    key: fn(&[KeyPart]) -> Option<T>,
) -> Result<Option<T>> {
    let Some(id) = input.text(field)? else { return Ok(None) };
    let found = key(key_of(&id, of, field)?.parts());
    found.map(Some).ok_or_else(|| Error::internal("a key does not fit its table"))
}

/// Refuses before a run is queued what it could not replay.
async fn check(selection: &RejectSelection, is_corrected: bool, pool: &PgPool) -> Result<()> {
    if selection.row.is_none() {
        return if is_corrected {
            Err(bad_argument(RAW, "raw: is for one reject: name it by rejectId".to_owned()))
        } else {
            Ok(())
        };
    }
    let rejects = list_rejects(pool, selection, 1).await?;
    let Some(reject) = rejects.first() else {
        let message = "rejectId: there is no such reject among those selected";
        return Err(Error::new(Code::NotFound, message).with_source(BadArgument(REJECT_ID)));
    };
    if reject.reason == Reason::RecordTooLong.as_str() && !is_corrected {
        let message = "raw: must be given, because the record was too long to be kept whole";
        return Err(bad_argument(RAW, message.to_owned()));
    }
    Ok(())
}
