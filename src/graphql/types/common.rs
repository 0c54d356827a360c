//! Fields and groups that several entities share.

use super::{LOAD_FILE, LOAD_RUN};
use crate::graphql::schema::model::{Field, FieldValue, Shape};
use crate::query::{Column, Kind, ToOne, tables};

pub(super) const ROWGUID: Field = Field::column(
    "rowguid",
    Column::new("rowguid", Kind::Uuid),
    "The source system's own identifier of the row.",
);

pub(super) const MODIFIED_DATE: Field = Field::column(
    "modifiedDate",
    Column::new("modified_date", Kind::LocalDateTime),
    "When the source system last changed the row.",
);

pub(super) const SOURCE: Field = Field::group("source", &SOURCE_SHAPE, "Where the row came from.");

pub(super) const ERROR: Field = Field {
    name: "error",
    description: "Why it failed; null unless it did.",
    value: FieldValue::GroupUnlessNull(
        &ERROR_SHAPE,
        Column::new("error_code", Kind::Text).nullable(),
    ),
};

/// From an order.
pub(super) const TO_CUSTOMER: ToOne =
    ToOne { table: &tables::CUSTOMER, from: &[Column::new("customer_id", Kind::Int)] };

/// From a customer.
pub(super) const TO_PERSON: ToOne =
    ToOne { table: &tables::PERSON, from: &[Column::new("person_id", Kind::Int).nullable()] };

static SOURCE_SHAPE: Shape = Shape {
    name: "Source",
    description: "Where a row came from.",
    fields: &[
        Field::one(
            "file",
            &LOAD_FILE,
            &[Column::new("source_file_id", Kind::Int)],
            "The version of the file it was read from.",
        ),
        Field::column(
            "line",
            Column::new("source_line", Kind::Long),
            "Line of the file on which its record begins; the header is line 1.",
        ),
        Field::column(
            "loadedAt",
            Column::new("loaded_at", Kind::DateTime),
            "When the row was last written.",
        ),
        Field::one("loadRun", &LOAD_RUN, &[RUN], "The run that wrote it; null if none did."),
    ],
};

/// Runs never overlap, so a row was written by the last that had begun by then.
const RUN: Column = Column::computed(
    "load_run_id",
    Kind::Uuid,
    "(SELECT run.id FROM load_run run WHERE run.started_at <= @.loaded_at \
     ORDER BY run.started_at DESC, run.id DESC LIMIT 1)",
)
.nullable();

static ERROR_SHAPE: Shape = Shape {
    name: "LoadError",
    description: "Why a load run or a file failed.",
    fields: &[
        Field::column("code", Column::new("error_code", Kind::Text), "Constant code."),
        Field::column(
            "message",
            Column::new("error_message", Kind::Text).nullable(),
            "What happened; null when there is no more to say.",
        ),
    ],
};
