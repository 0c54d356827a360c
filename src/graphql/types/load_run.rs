//! `LoadRun`.

use super::common::ERROR;
use super::{LOAD_PARKED, LOAD_REJECT, LOAD_RUN_FILE, LOAD_STEP};
use crate::graphql::schema::model::{Entity, EnumValue, Enumeration, Field, Inputs, Shape};
use crate::query::{Column, Kind, tables};

/// One execution of the loader.
pub(crate) static LOAD_RUN: Entity = Entity {
    table: &tables::LOAD_RUN,
    shape: Shape {
        name: "LoadRun",
        description: "One execution of the loader.",
        fields: &[
            Field::id(),
            Field::column(
                "runId",
                Column::new("id", Kind::Uuid),
                "UUID of the run, as the command line shows it. UUIDs sort by time.",
            ),
            Field::code(
                "state",
                Column::new("state", Kind::Text),
                &LOAD_RUN_STATE,
                "Where the run stands.",
            ),
            Field::code(
                "mode",
                Column::new("mode", Kind::Text),
                &LOAD_MODE,
                "What it does with the rows of a file.",
            ),
            Field::column(
                "atomic",
                Column::new("atomic", Kind::Boolean),
                "Whether each file is loaded as a whole or not at all.",
            ),
            Field::column(
                "sourceUri",
                Column::new("source_uri", Kind::Text),
                "Where the files were looked for: s3://bucket/prefix or file:///dir.",
            ),
            Field::column(
                "holder",
                Column::new("holder", Kind::Text),
                "Host and process id of the loader.",
            ),
            Field::column(
                "startedAt",
                Column::new("started_at", Kind::DateTime),
                "When the run began.",
            ),
            Field::column(
                "finishedAt",
                Column::new("finished_at", Kind::DateTime).nullable(),
                "When it ended; null while it runs.",
            ),
            Field::column(
                "filesFound",
                Column::new("files_found", Kind::Int),
                "Files whose name is that of a dataset.",
            ),
            Field::column(
                "filesSkipped",
                Column::new("files_skipped", Kind::Int),
                "Of these, versions that had been loaded before.",
            ),
            ERROR,
            Field::column(
                "rowsRead",
                Column::computed(
                    "rows_read",
                    Kind::Long,
                    "(SELECT coalesce(sum(f.rows_read), 0)::bigint FROM load_run_file f WHERE f.run_id = @.id)",
                ),
                "Records this run read, over all files.",
            ),
            Field::column(
                "rowsInserted",
                Column::computed(
                    "rows_inserted",
                    Kind::Long,
                    "(SELECT coalesce(sum(f.rows_inserted), 0)::bigint FROM load_run_file f WHERE f.run_id = @.id)",
                ),
                "Rows it inserted.",
            ),
            Field::column(
                "rowsUpdated",
                Column::computed(
                    "rows_updated",
                    Kind::Long,
                    "(SELECT coalesce(sum(f.rows_updated), 0)::bigint FROM load_run_file f WHERE f.run_id = @.id)",
                ),
                "Rows it updated.",
            ),
            Field::column(
                "rowsUnchanged",
                Column::computed(
                    "rows_unchanged",
                    Kind::Long,
                    "(SELECT coalesce(sum(f.rows_unchanged), 0)::bigint FROM load_run_file f WHERE f.run_id = @.id)",
                ),
                "Rows it found unchanged.",
            ),
            Field::column(
                "rowsRejected",
                Column::computed(
                    "rows_rejected",
                    Kind::Long,
                    "(SELECT coalesce(sum(f.rows_rejected), 0)::bigint FROM load_run_file f WHERE f.run_id = @.id)",
                ),
                "Rows it rejected, less those it took after all; so it may be negative.",
            ),
            Field::column(
                "rowsParked",
                Column::computed(
                    "rows_parked",
                    Kind::Long,
                    "(SELECT coalesce(sum(f.rows_parked), 0)::bigint FROM load_run_file f WHERE f.run_id = @.id)",
                ),
                "Rows it parked, less those it resolved; so it may be negative.",
            ),
            Field::many(
                "files",
                &LOAD_RUN_FILE,
                &[Column::new("run_id", Kind::Uuid)],
                "What it did to each file.",
            ),
            Field::many(
                "steps",
                &LOAD_STEP,
                &[Column::new("run_id", Kind::Uuid)],
                "What it brought up to date after its files.",
            ),
            Field::many(
                "rejects",
                &LOAD_REJECT,
                &[Column::new("run_id", Kind::Uuid)],
                "Rows it rejected that are still rejected.",
            ),
            Field::many(
                "parked",
                &LOAD_PARKED,
                &[Column::new("run_id", Kind::Uuid)],
                "Rows it parked that still wait.",
            ),
        ],
    },
    inputs: Inputs::NONE,
};

/// State of a load run.
static LOAD_RUN_STATE: Enumeration = Enumeration {
    name: "LoadRunState",
    description: "State of a load run.",
    values: &[
        EnumValue { code: "running", name: "RUNNING", description: "Running." },
        EnumValue {
            code: "succeeded",
            name: "SUCCEEDED",
            description: "Ended well, every row taken.",
        },
        EnumValue {
            code: "succeeded_with_rejects",
            name: "SUCCEEDED_WITH_REJECTS",
            description: "Ended well; some rows were rejected or parked.",
        },
        EnumValue {
            code: "failed",
            name: "FAILED",
            description: "Failed; the error columns say why.",
        },
    ],
};

/// What a load run does with the rows of a file.
static LOAD_MODE: Enumeration = Enumeration {
    name: "LoadMode",
    description: "What a load run does with the rows of a file.",
    values: &[EnumValue {
        code: "merge",
        name: "MERGE",
        description: "Inserts and updates, never removes.",
    }],
};
