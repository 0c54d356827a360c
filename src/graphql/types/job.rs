//! `Job`.

use std::sync::LazyLock;

use entity::job::{Column, Entity};

use super::common::error;
use crate::graphql::schema::model::Type;

/// A job, without what it was given: that may be personal.
pub(crate) static JOB: LazyLock<Type> = LazyLock::new(|| {
    use Column::*;

    Type::over::<Entity>("Job", |t| {
        t.column_as("jobId", Id);
        t.column_as("key", JobKey);
        t.columns([
            Task, State, Attempts, MaxAttempts, CreatedAt, RunAt, StartedAt, FinishedAt, Worker,
        ]);
        error(t);
    })
});
