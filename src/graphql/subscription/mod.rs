//! The root fields of subscriptions: rows that are followed while they change.

use crate::graphql::schema::model::{Argument, RootField, RootValue};
use crate::graphql::types::LOAD_RUN;
use crate::query::{Column, Kind};

static FINISHED_AT: Column = Column::new("finished_at", Kind::DateTime).nullable();

pub(super) const FIELDS: &[&[RootField]] = &[LOADS];

static LOADS: &[RootField] = &[RootField {
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
        ended_when: &FINISHED_AT,
        not_found: "id: there is no such load run",
    },
}];
