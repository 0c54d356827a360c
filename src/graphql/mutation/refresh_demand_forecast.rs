//! `refreshDemandForecast`: queues a run that only brings derived tables up to date.

use std::sync::LazyLock;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::payload;
use crate::auth::Grant;
use crate::error::{Error, Result};
use crate::graphql::execute::command::Command;
use crate::graphql::schema::model::{RootField, RootValue, Type};
use crate::job::loads::start_refresh;
use crate::query::Key;

pub(super) fn field() -> RootField {
    RootField {
        name: "refreshDemandForecast",
        description: "Queues a load run without files, which brings the demand forecast up to date if sales \
                      or the inventory have changed since, and answers at once. Every load does \
                      that, too: it is needed after changes by other hands. Null only together \
                      with an error, which is FORBIDDEN without the scopes loads:write and \
                      loads:read.",
        arguments: &[],
        value: RootValue::Command { needs: Grant::LoadsWrite, input: &[], run, returns: &PAYLOAD },
    }
}

static PAYLOAD: LazyLock<Type> = LazyLock::new(|| {
    payload::load_run("RefreshDemandForecastPayload", "The result of refreshDemandForecast.")
});

fn run(command: Command<'_>) -> BoxFuture<'_, Result<Key>> {
    async move {
        let run = start_refresh(&mut *command.commands.pool.acquire().await?, None).await?;
        run.map(Key::from).ok_or_else(|| Error::internal("the run is not queued"))
    }
    .boxed()
}
