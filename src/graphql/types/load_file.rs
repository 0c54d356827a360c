//! `LoadFile`.

use super::common::ERROR;
use super::{LOAD_PARKED, LOAD_REJECT, LOAD_RUN, LOAD_RUN_FILE};
use crate::graphql::schema::model::{Entity, EnumValue, Enumeration, Field, Inputs, Shape};
use crate::query::{Column, Kind, tables};

/// One version of one file that was loaded.
pub(crate) static LOAD_FILE: Entity = Entity {
    table: &tables::LOAD_FILE,
    shape: Shape {
        name: "LoadFile",
        description: "One version of one file that was loaded.",
        fields: &[
            Field::id(),
            Field::column("fileId", Column::new("id", Kind::Int), "Number of the file version."),
            Field::column(
                "dataset",
                Column::new("dataset", Kind::Text),
                "The table the rows of this file go to.",
            ),
            Field::column(
                "bucket",
                Column::new("bucket", Kind::Text),
                "Bucket; empty when the file came from a folder.",
            ),
            Field::column(
                "objectKey",
                Column::new("object_key", Kind::Text),
                "Key of the object, or path below the source folder.",
            ),
            Field::column(
                "etag",
                Column::new("etag", Kind::Text),
                "ETag without quotes; of a file in a folder, size, modification time and inode.",
            ),
            Field::column(
                "versionId",
                Column::new("version_id", Kind::Text),
                "Version id of a versioned bucket; empty where there is none.",
            ),
            Field::column(
                "byteSize",
                Column::new("byte_size", Kind::Long),
                "Bytes of the object as stored, compressed or not.",
            ),
            Field::code(
                "state",
                Column::new("state", Kind::Text),
                &LOAD_FILE_STATE,
                "Where loading it stands.",
            ),
            Field::column(
                "startedAt",
                Column::new("started_at", Kind::DateTime),
                "When its first row was about to be read.",
            ),
            Field::column(
                "finishedAt",
                Column::new("finished_at", Kind::DateTime).nullable(),
                "When its last row was committed; null before.",
            ),
            Field::column(
                "rowsRead",
                Column::new("rows_read", Kind::Long),
                "Records read so far, without the header: the sum of the five counters that follow.",
            ),
            Field::column(
                "rowsInserted",
                Column::new("rows_inserted", Kind::Long),
                "Rows that were new.",
            ),
            Field::column(
                "rowsUpdated",
                Column::new("rows_updated", Kind::Long),
                "Rows that replaced an older or different one.",
            ),
            Field::column(
                "rowsUnchanged",
                Column::new("rows_unchanged", Kind::Long),
                "Rows that were there already, or older than the stored one.",
            ),
            Field::column(
                "rowsRejected",
                Column::new("rows_rejected", Kind::Long),
                "Rows that could not be taken; see rejects.",
            ),
            Field::column(
                "rowsParked",
                Column::new("rows_parked", Kind::Long),
                "Rows that wait for a parent; see parked.",
            ),
            ERROR,
            Field::one(
                "firstRun",
                &LOAD_RUN,
                &[Column::new("first_run_id", Kind::Uuid)],
                "Run that met this version first.",
            ),
            Field::one(
                "lastRun",
                &LOAD_RUN,
                &[Column::new("last_run_id", Kind::Uuid)],
                "Run that worked on it last.",
            ),
            Field::many(
                "runs",
                &LOAD_RUN_FILE,
                &[Column::new("file_id", Kind::Int)],
                "What each run did to it.",
            ),
            Field::many(
                "rejects",
                &LOAD_REJECT,
                &[Column::new("file_id", Kind::Int)],
                "Its rows that could not be taken.",
            ),
            Field::many(
                "parked",
                &LOAD_PARKED,
                &[Column::new("file_id", Kind::Int)],
                "Its rows that wait for a parent.",
            ),
        ],
    },
    inputs: Inputs::NONE,
};

/// State of a file version.
static LOAD_FILE_STATE: Enumeration = Enumeration {
    name: "LoadFileState",
    description: "State of a file version.",
    values: &[
        EnumValue { code: "loading", name: "LOADING", description: "Not at its end yet." },
        EnumValue { code: "loaded", name: "LOADED", description: "Loaded to its end." },
        EnumValue {
            code: "failed",
            name: "FAILED",
            description: "Failed; the error columns say why.",
        },
    ],
};
