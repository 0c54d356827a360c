//! `LoadRun`.

use std::sync::LazyLock;

use entity::load_run::{Column, Entity};
use entity::{load_parked, load_reject, load_run_file, load_step};

use super::common::error;
use super::{LOAD_PARKED, LOAD_REJECT, LOAD_RUN_FILE, LOAD_STEP};
use crate::catalog::{Column as Value, Kind, column};
use crate::graphql::schema::model::Type;

/// One execution of the loader.
pub(crate) static LOAD_RUN: LazyLock<Type> = LazyLock::new(|| {
    use Column::*;
    use load_run_file::Column::{
        RowsInserted, RowsParked, RowsRead, RowsRejected, RowsUnchanged, RowsUpdated,
    };

    Type::over::<Entity>("LoadRun", |t| {
        t.column_as("runId", Id);
        t.columns([
            State, Mode, Atomic, SourceUri, Holder, StartedAt, FinishedAt, FilesFound, FilesSkipped,
        ]);
        error(t);
        let counters = [
            (RowsRead, "Records this run read, over all files."),
            (RowsInserted, "Rows it inserted."),
            (RowsUpdated, "Rows it updated."),
            (RowsUnchanged, "Rows it found unchanged."),
            (
                RowsRejected,
                "Rows it rejected, less those it took after all; so it may be negative.",
            ),
            (RowsParked, "Rows it parked, less those it resolved; so it may be negative."),
        ];
        for (counter, description) in counters {
            t.computed(over_files(counter), description);
        }
        t.many(
            "files",
            &LOAD_RUN_FILE,
            load_run_file::Relation::LoadRun,
            "What it did to each file.",
        );
        t.many(
            "steps",
            &LOAD_STEP,
            load_step::Relation::LoadRun,
            "What it brought up to date after its files.",
        );
        t.many(
            "rejects",
            &LOAD_REJECT,
            load_reject::Relation::LoadRun,
            "Rows it rejected that are still rejected.",
        );
        t.many(
            "parked",
            &LOAD_PARKED,
            load_parked::Relation::LoadRun,
            "Rows it parked that still wait.",
        );
    })
});

/// The sum of a counter over the files of a run.
fn over_files(counter: load_run_file::Column) -> Value {
    let name = column(counter).name;
    let sql = format!(
        "(SELECT coalesce(sum(f.{name}), 0)::bigint FROM load_run_file f WHERE f.run_id = @.id)"
    );
    Value::computed(name, Kind::Long, sql.leak())
}
