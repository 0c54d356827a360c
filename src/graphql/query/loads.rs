//! Root fields of the load ledger.

use entity::{load_parked, load_reject};

use crate::catalog::{Column, column};
use crate::graphql::schema::model::{Argument, Only, RootField, RootValue, Takes};
use crate::graphql::types::{LOAD_FILE, LOAD_PARKED, LOAD_REJECT, LOAD_RUN};

const ID: Argument = Argument {
    name: "id",
    ty: "ID!",
    description: "Global id of the run, or its UUID as the command line shows it.",
};
const OF_RUN: Argument = Argument {
    name: "runId",
    ty: "ID",
    description: "Only those of this run: its global id or UUID.",
};
const OF_FILE: Argument = Argument {
    name: "fileId",
    ty: "ID",
    description: "Only those of this file version: its global id.",
};

fn only(run: &'static Column, file: &'static Column) -> &'static [Only] {
    vec![
        Only { argument: OF_RUN.name, takes: Takes::Id(&LOAD_RUN), column: run },
        Only { argument: OF_FILE.name, takes: Takes::Id(&LOAD_FILE), column: file },
    ]
    .leak()
}

pub(super) fn fields() -> Vec<RootField> {
    let rejects = only(column(load_reject::Column::RunId), column(load_reject::Column::FileId));
    let parked = only(column(load_parked::Column::RunId), column(load_parked::Column::FileId));
    vec![
        RootField {
            name: "loadRun",
            description: "The load run with this id; null when there is none.",
            arguments: &[ID],
            value: RootValue::Id(&LOAD_RUN),
        },
        RootField {
            name: "loadRuns",
            description: "All load runs, the newest first. Null only together with an error.",
            arguments: &[],
            value: RootValue::List { of: &LOAD_RUN, only: &[] },
        },
        RootField {
            name: "loadRejects",
            description: "Rows that could not be taken, by file and line. Null only together with an \
                      error.",
            arguments: &[OF_RUN, OF_FILE],
            value: RootValue::List { of: &LOAD_REJECT, only: rejects },
        },
        RootField {
            name: "loadParked",
            description: "Rows that wait for a parent, by file and line. Null only together with an \
                      error.",
            arguments: &[OF_RUN, OF_FILE],
            value: RootValue::List { of: &LOAD_PARKED, only: parked },
        },
    ]
}
