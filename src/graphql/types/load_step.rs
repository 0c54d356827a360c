//! `LoadStep`.

use std::sync::LazyLock;

use entity::load_step::{Column, Entity, Relation};

use super::LOAD_RUN;
use crate::graphql::schema::model::Type;

/// What a run brought up to date of what is made of the loaded rows.
pub(crate) static LOAD_STEP: LazyLock<Type> = LazyLock::new(|| {
    use Column::*;

    Type::over::<Entity>("LoadStep", |t| {
        t.columns([Step, DataVersion, Since, StartedAt, FinishedAt, RowsWritten]);
        t.one("run", &LOAD_RUN, Relation::LoadRun, "The run.");
    })
});
