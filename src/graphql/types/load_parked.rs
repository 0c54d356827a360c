//! `LoadParked`.

use super::{LOAD_FILE, LOAD_RUN};
use crate::graphql::schema::model::{Entity, Field, Inputs, Shape};
use crate::query::{Column, Kind, tables};

/// A good row whose parent is missing. Each run takes those whose parent has arrived.
pub(crate) static LOAD_PARKED: Entity = Entity {
    table: &tables::LOAD_PARKED,
    shape: Shape {
        name: "LoadParked",
        description: "A good row whose parent is missing. Each run takes those whose parent has arrived.",
        fields: &[
            Field::id(),
            Field::column(
                "line",
                Column::new("line", Kind::Long),
                "Line on which its record begins; the header is line 1.",
            ),
            Field::column(
                "byteOffset",
                Column::new("byte_offset", Kind::Long),
                "Where the record begins, in bytes of the decompressed file.",
            ),
            Field::column(
                "dataset",
                Column::new("dataset", Kind::Text),
                "Table the row will go to.",
            ),
            Field::column(
                "parent",
                Column::new("parent", Kind::Text),
                "Table that lacks the parent.",
            ),
            Field::column(
                "parentKey",
                Column::new("parent_key", Kind::IntList),
                "Key of the missing parent.",
            ),
            Field::column(
                "raw",
                Column::new("raw", Kind::Bytes),
                "The record as it was, without its line end. Bytes that are no UTF-8 appear as replacement characters.",
            ),
            Field::column(
                "parkedAt",
                Column::new("parked_at", Kind::DateTime),
                "When it was parked.",
            ),
            Field::one(
                "file",
                &LOAD_FILE,
                &[Column::new("file_id", Kind::Int)],
                "File version the row is from.",
            ),
            Field::one(
                "run",
                &LOAD_RUN,
                &[Column::new("run_id", Kind::Uuid)],
                "Run that parked it.",
            ),
        ],
    },
    inputs: Inputs::NONE,
};
