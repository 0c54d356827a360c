//! `LoadStep`.

use super::LOAD_RUN;
use crate::graphql::schema::model::{Entity, Field, Inputs, Shape};
use crate::query::{Column, Kind, tables};

/// What a run brought up to date of what is made of the loaded rows.
pub(crate) static LOAD_STEP: Entity = Entity {
    table: &tables::LOAD_STEP,
    shape: Shape {
        name: "LoadStep",
        description: "What a run brought up to date, after its files, of what is made of the \
                      loaded rows. There is none for what was up to date.",
        fields: &[
            Field::id(),
            Field::column(
                "step",
                Column::new("step", Kind::Text),
                "What was brought up to date, such as demand_forecast.",
            ),
            Field::column(
                "dataVersion",
                Column::new("data_version", Kind::Long),
                "The data version it was made from.",
            ),
            Field::column(
                "since",
                Column::new("since", Kind::Date).nullable(),
                "First day whose sales had changed; null where there is no such day: everything was \
                 made anew, or only the inventory had changed.",
            ),
            Field::column("startedAt", Column::new("started_at", Kind::DateTime), "When it began."),
            Field::column(
                "finishedAt",
                Column::new("finished_at", Kind::DateTime),
                "When it was about to be committed.",
            ),
            Field::column(
                "rowsWritten",
                Column::new("rows_written", Kind::Long),
                "Rows inserted, updated or removed; what is right already is not written.",
            ),
            Field::one("run", &LOAD_RUN, &[Column::new("run_id", Kind::Uuid)], "The run."),
        ],
    },
    inputs: Inputs::NONE,
};
