//! `startLoad`: queues a load of the source.

use std::sync::LazyLock;

use async_graphql::Value as Const;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::payload;
use crate::auth::Grant;
use crate::config::LoadMode;
use crate::error::{Code, Error, Result};
use crate::graphql::execute::command::{Command, Commands};
use crate::graphql::inputs::arguments::Given;
use crate::graphql::schema::model::{Argument, RootField, RootValue, Type};
use crate::job::loads::{NewLoad, below, start_load};
use crate::query::{Key, bad_argument};

const SOURCE: &str = "source";
const MODE: &str = "mode";
const CHECK: &str = "check";

pub(super) fn field() -> RootField {
    RootField {
        name: "startLoad",
        description: "Queues a load of the new and changed files of the source, and answers at once: a \
                      worker runs it, after the runs that were queued or begun before. Null only \
                      together with an error, which is FORBIDDEN without the scopes loads:write \
                      and loads:read, and UNAVAILABLE where the server has no source.",
        arguments: &[],
        value: RootValue::Command {
            needs: Grant::LoadsWrite,
            input: &INPUT,
            run,
            returns: &PAYLOAD,
        },
    }
}

static INPUT: [Argument; 3] = [
    Argument {
        name: SOURCE,
        ty: "String",
        description: "Only files below this part of the configured source, such as \
                      s3://bucket/prefix/2026. BAD_USER_INPUT for any other place.",
    },
    Argument {
        name: MODE,
        ty: "LoadMode",
        description: "What it does with the rows of a file; by default what is configured.",
    },
    Argument {
        name: CHECK,
        ty: "Boolean",
        description: "Only reads and validates all files, loaded before or not, and writes nothing but the \
                      findings of this run: counters and findings say what a load would do.",
    },
];

static PAYLOAD: LazyLock<Type> =
    LazyLock::new(|| payload::load_run("StartLoadPayload", "The result of startLoad."));

fn run(command: Command<'_>) -> BoxFuture<'_, Result<Key>> {
    async move {
        let Commands { pool, source: configured, mode, .. } = command.commands;
        let configured = configured.as_ref().ok_or_else(|| {
            Error::new(
                Code::Unavailable,
                "this server has no source to load: SOURCE_URI is not set",
            )
        })?;
        let source = match command.input.text(SOURCE)? {
            Some(named) => below(configured, &named)
                .map_err(|error| bad_argument(SOURCE, format!("source: {}", error.message())))?,
            None => configured.clone(),
        };
        let mode = named_mode(command.input)?.unwrap_or(*mode);
        let new = NewLoad {
            source: &source.to_string(),
            mode,
            check: command.input.is_true(CHECK),
            key: None,
        };
        let run = start_load(&mut *pool.acquire().await?, new).await?;
        run.map(Key::from).ok_or_else(|| Error::internal("the run is not queued"))
    }
    .boxed()
}

/// A literal is an enumeration, a variable may be a string.
fn named_mode(input: Given<'_>) -> Result<Option<LoadMode>> {
    let name = match input.get(MODE) {
        None => return Ok(None),
        Some(Const::Enum(name)) => name.to_string(),
        Some(Const::String(name)) => name,
        Some(_) => String::new(),
    };
    let mode = name.to_lowercase().parse();
    mode.map(Some).map_err(|error: String| bad_argument(MODE, format!("mode: {error}")))
}
