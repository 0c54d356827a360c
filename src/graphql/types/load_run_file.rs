//! `LoadRunFile`.

use super::{LOAD_FILE, LOAD_RUN};
use crate::graphql::schema::model::{Entity, Field, Inputs, Shape};
use crate::query::{Column, Kind, tables};

/// What one run did to one file version.
pub(crate) static LOAD_RUN_FILE: Entity = Entity {
    table: &tables::LOAD_RUN_FILE,
    shape: Shape {
        name: "LoadRunFile",
        description: "What one run did to one file version.",
        fields: &[
            Field::id(),
            Field::column(
                "rowsRead",
                Column::new("rows_read", Kind::Long),
                "Records this run read from it.",
            ),
            Field::column(
                "rowsInserted",
                Column::new("rows_inserted", Kind::Long),
                "Rows this run inserted, also those that had been parked or rejected before.",
            ),
            Field::column(
                "rowsUpdated",
                Column::new("rows_updated", Kind::Long),
                "Rows this run updated.",
            ),
            Field::column(
                "rowsUnchanged",
                Column::new("rows_unchanged", Kind::Long),
                "Rows this run found unchanged.",
            ),
            Field::column(
                "rowsRejected",
                Column::new("rows_rejected", Kind::Long),
                "Rows this run rejected; negative where it replayed more than it rejected.",
            ),
            Field::column(
                "rowsParked",
                Column::new("rows_parked", Kind::Long),
                "Rows this run parked; negative where it resolved more than it parked.",
            ),
            Field::column(
                "elapsedMilliseconds",
                Column::new("elapsed_ms", Kind::Long),
                "Milliseconds this run spent on the file.",
            ),
            Field::one("run", &LOAD_RUN, &[Column::new("run_id", Kind::Uuid)], "The run."),
            Field::one(
                "file",
                &LOAD_FILE,
                &[Column::new("file_id", Kind::Int)],
                "The file version.",
            ),
        ],
    },
    inputs: Inputs::NONE,
};
