//! `replaySourceFailures`: stores answers again that did not fit.

use std::sync::LazyLock;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::payload;
use super::refresh_currency_rates::no_lake;
use crate::auth::Grant;
use crate::error::{Code, Error, Result};
use crate::graphql::execute::command::{Command, Commands};
use crate::graphql::schema::global_id::key_of;
use crate::graphql::schema::model::{Argument, RootField, RootValue, Type};
use crate::graphql::types::SOURCE_FAILURE;
use crate::job::rates::start_store;
use crate::query::{BadArgument, Key, KeyPart};
use crate::rates::{FailureSelection, raw_of_failures};

const FAILURE_ID: &str = "failureId";
const REASON: &str = "reason";

pub(super) fn field() -> RootField {
    RootField {
        name: "replaySourceFailures",
        description: "Stores the raw answers of failures again, after a fix: what fits now is stored, and its \
                      failure is gone; what still does not stays. A rate that an answer no longer \
                      gives is removed, also if an older answer has it: the command reprocess \
                      brings that one back. At most a thousand answers are taken, the oldest \
                      first. It is queued, and answered at once. NOT_FOUND when nothing is \
                      selected. Null only together with an error, which is FORBIDDEN without the \
                      scopes loads:write and loads:read, and UNAVAILABLE where the server has no \
                      lake.",
        arguments: &[],
        value: RootValue::Command {
            needs: Grant::LoadsWrite,
            input: &INPUT,
            run,
            returns: &PAYLOAD,
        },
    }
}

static INPUT: [Argument; 2] = [
    Argument {
        name: FAILURE_ID,
        ty: "ID",
        description: "Only the answer of this failure: its global id or UUID. Without it and reason, all \
                      failures are replayed.",
    },
    Argument {
        name: REASON,
        ty: "String",
        description: "Only the answers of failures of this reason, such as not_positive.",
    },
];

static PAYLOAD: LazyLock<Type> = LazyLock::new(|| {
    payload::job("ReplaySourceFailuresPayload", "The result of replaySourceFailures.")
});

fn run(command: Command<'_>) -> BoxFuture<'_, Result<Key>> {
    async move {
        let Commands { pool, rates, .. } = command.commands;
        rates.as_ref().ok_or_else(no_lake)?;
        let input = command.input;
        let id = match input.text(FAILURE_ID)? {
            Some(id) => match key_of(&id, &SOURCE_FAILURE, FAILURE_ID)?.parts() {
                [KeyPart::Uuid(id)] => Some(*id),
                _ => return Err(Error::internal("a key does not fit its table")),
            },
            None => None,
        };
        let selection = FailureSelection { id, reason: input.text(REASON)? };
        let mut connection = pool.acquire().await?;
        let answers = raw_of_failures(&mut connection, &selection).await?;
        if answers.is_empty() {
            let argument = if id.is_some() { FAILURE_ID } else { REASON };
            let error = Error::new(Code::NotFound, "there is no such failure");
            return Err(error.with_source(BadArgument(argument)));
        }
        start_store(&mut connection, &answers).await.map(Key::from)
    }
    .boxed()
}
