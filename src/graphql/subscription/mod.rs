//! The root fields of subscriptions: rows that are followed while they change.

use entity::{load_run, report};

use crate::catalog::column;
use crate::graphql::schema::model::{Argument, RootField, RootValue};
use crate::graphql::types::{LOAD_RUN, REPORT};

pub(super) fn fields() -> Vec<RootField> {
    vec![
        RootField {
            name: "loadRun",
            description: "The load run with this id: as it is now, and again whenever what is selected of \
                  it has changed. Completes after its last state was sent. Null only together \
                  with an error, which is NOT_FOUND when there is no such run.",
            arguments: &[Argument {
                name: "id",
                ty: "ID!",
                description: "Global id of the run, or its UUID as the command line shows it.",
            }],
            value: RootValue::Followed {
                of: &LOAD_RUN,
                ended_when: column(load_run::Column::FinishedAt),
                not_found: "id: there is no such load run",
            },
        },
        RootField {
            name: "report",
            description: "The report with this id: as it is now, and again whenever what is selected of \
                  it has changed. Completes after its last state was sent. Null only together \
                  with an error, which is NOT_FOUND when there is no such report of the caller's.",
            arguments: &[Argument {
                name: "id",
                ty: "ID!",
                description: "Global id of the report, or its UUID.",
            }],
            value: RootValue::Followed {
                of: &REPORT,
                ended_when: column(report::Column::FinishedAt),
                not_found: "id: there is no such report",
            },
        },
    ]
}
