//! `LakeTable` and `LakeSnapshot`.

use std::sync::LazyLock;

use entity::lake_snapshot;
use entity::lake_table::{Column, Entity};

use super::LOAD_RUN;
use crate::catalog::{Column as Value, Kind};
use crate::graphql::schema::model::Type;

/// A table of the lake.
pub(crate) static LAKE_TABLE: LazyLock<Type> = LazyLock::new(|| {
    use Column::*;

    Type::over::<Entity>("LakeTable", |t| {
        t.columns([Name, Location, MetadataLocation, WrittenAt]);
        t.computed(
            CURRENT,
            "Whether it has every change of its rows in Postgres; false from a change on until the \
             next load run has written it.",
        );
        t.many(
            "snapshots",
            &LAKE_SNAPSHOT,
            lake_snapshot::Relation::LakeTable,
            "What it can be read as; older ones have expired.",
        );
    })
});

/// A snapshot of such a table.
pub(crate) static LAKE_SNAPSHOT: LazyLock<Type> = LazyLock::new(|| {
    use lake_snapshot::Column::*;

    Type::over::<lake_snapshot::Entity>("LakeSnapshot", |t| {
        t.columns([
            SnapshotId, DataVersion, CommittedAt, RowCount, Files, Bytes, RowsWritten, FilesAdded,
            FilesRemoved,
        ]);
        t.one("table", &LAKE_TABLE, lake_snapshot::Relation::LakeTable, "The table.");
        t.one("run", &LOAD_RUN, lake_snapshot::Relation::LoadRun, "The run that has written it.");
    })
});

const CURRENT: Value = Value::computed(
    "is_current",
    Kind::Boolean,
    "(NOT EXISTS (SELECT FROM lake_behind b WHERE b.name = @.name))",
);
