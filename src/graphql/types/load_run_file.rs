//! `LoadRunFile`.

use std::sync::LazyLock;

use entity::load_run_file::{Column, Entity, Relation};

use super::{LOAD_FILE, LOAD_RUN};
use crate::graphql::schema::model::Type;

/// What one run did to one file version.
pub(crate) static LOAD_RUN_FILE: LazyLock<Type> = LazyLock::new(|| {
    use Column::*;

    Type::over::<Entity>("LoadRunFile", |t| {
        t.columns([
            RowsRead, RowsInserted, RowsUpdated, RowsUnchanged, RowsRejected, RowsParked,
            RowsRemoved, RowsKept,
        ]);
        t.column_as("elapsedMilliseconds", ElapsedMs);
        t.one("run", &LOAD_RUN, Relation::LoadRun, "The run.");
        t.one("file", &LOAD_FILE, Relation::LoadFile, "The file version.");
    })
});
