//! `LoadFile`.

use std::sync::LazyLock;

use entity::load_file::{Column, Entity, Relation};
use entity::{load_parked, load_reject, load_run_file};

use super::common::error;
use super::{LOAD_PARKED, LOAD_REJECT, LOAD_RUN, LOAD_RUN_FILE};
use crate::graphql::schema::model::Type;

/// One version of one file that was loaded.
pub(crate) static LOAD_FILE: LazyLock<Type> = LazyLock::new(|| {
    use Column::*;

    Type::over::<Entity>("LoadFile", |t| {
        t.column_as("fileId", Id);
        t.columns([
            Dataset, Bucket, ObjectKey, Etag, VersionId, ByteSize, State, Mode, StartedAt,
            FinishedAt, RowsRead, RowsInserted, RowsUpdated, RowsUnchanged, RowsRejected,
            RowsParked, RowsRemoved, RowsKept,
        ]);
        error(t);
        t.one("firstRun", &LOAD_RUN, Relation::FirstRun, "The run that found this version first.");
        t.one("lastRun", &LOAD_RUN, Relation::LastRun, "The run that worked on it last.");
        t.many(
            "runs",
            &LOAD_RUN_FILE,
            load_run_file::Relation::LoadFile,
            "What each run did to it.",
        );
        t.many(
            "rejects",
            &LOAD_REJECT,
            load_reject::Relation::LoadFile,
            "Its rows that could not be taken.",
        );
        t.many(
            "parked",
            &LOAD_PARKED,
            load_parked::Relation::LoadFile,
            "Its rows that wait for a parent.",
        );
    })
});
