//! `LoadRun`.

use std::sync::LazyLock;

use entity::load_run::{Column, Entity};
use entity::{load_finding, load_parked, load_reject, load_run_file, load_step};

use super::common::error;
use super::{LOAD_FINDING, LOAD_PARKED, LOAD_REJECT, LOAD_RUN_FILE, LOAD_STEP};
use crate::catalog::{Column as Value, Kind, column};
use crate::graphql::schema::model::Type;

/// One execution of the loader.
pub(crate) static LOAD_RUN: LazyLock<Type> = LazyLock::new(|| {
    use Column::*;
    use load_run_file::Column::{
        RowsInserted, RowsKept, RowsParked, RowsRead, RowsRejected, RowsRemoved, RowsUnchanged,
        RowsUpdated,
    };

    Type::over::<Entity>("LoadRun", |t| {
        t.column_as("runId", Id);
        t.columns([
            State, Mode, IsCheck, Atomic, SourceUri, Holder, RequestedAt, StartedAt, FinishedAt,
            FilesFound, FilesSkipped,
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
            (RowsRemoved, "Rows it removed because a mirrored file lacks them."),
            (RowsKept, "Rows mirrored files lack that stay, as other rows refer to them."),
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
        t.many(
            "findings",
            &LOAD_FINDING,
            load_finding::Relation::LoadRun,
            "What it found, if it is a check: the first rows of each file that would be rejected, and \
             files that would fail.",
        );
    })
});

/// The sum of a counter over the files of a run; of a check, what it found.
fn over_files(counter: load_run_file::Column) -> Value {
    let name = column(counter).name;
    let counted = name.trim_start_matches("rows_");
    let sql = format!(
        "coalesce((@.check_counts ->> '{counted}')::bigint, \
         (SELECT coalesce(sum(f.{name}), 0)::bigint FROM load_run_file f WHERE f.run_id = @.id))"
    );
    Value::computed(name, Kind::Long, sql.leak())
}
