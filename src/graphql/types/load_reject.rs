//! `LoadReject`.

use super::{LOAD_FILE, LOAD_RUN};
use crate::graphql::schema::model::{Entity, Field, Inputs, Shape};
use crate::query::{Column, Kind, tables};

/// A row that could not be taken, as it was, with the reason.
pub(crate) static LOAD_REJECT: Entity = Entity {
    table: &tables::LOAD_REJECT,
    shape: Shape {
        name: "LoadReject",
        description: "A row that could not be taken, as it was, with the reason.",
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
                "column",
                Column::new("column_name", Kind::Text).nullable(),
                "Column at fault; null where the whole record is.",
            ),
            Field::column(
                "reason",
                Column::new("reason", Kind::Text),
                "Constant reason code, such as invalid_integer.",
            ),
            Field::column(
                "message",
                Column::new("message", Kind::Text),
                "What was found and what was expected.",
            ),
            Field::column(
                "raw",
                Column::new("raw", Kind::Bytes),
                "The record as it was, without its line end. Bytes that are no UTF-8 appear as replacement characters.",
            ),
            Field::column(
                "rejectedAt",
                Column::new("rejected_at", Kind::DateTime),
                "When it was rejected.",
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
                "Run that rejected it.",
            ),
        ],
    },
    inputs: Inputs::NONE,
};
