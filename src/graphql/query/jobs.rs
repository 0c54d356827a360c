//! Root fields of jobs.

use crate::graphql::schema::model::{Argument, RootField, RootValue};
use crate::graphql::types::JOB;

const ID: Argument = Argument {
    name: "id",
    ty: "ID!",
    description: "Global id of the job, or its UUID as the command line shows it.",
};

pub(super) fn fields() -> Vec<RootField> {
    vec![
        RootField {
            name: "job",
            description: "The job with this id; null when there is none.",
            arguments: &[ID],
            value: RootValue::Id(&JOB),
        },
        RootField {
            name: "jobs",
            description: "All jobs that are kept, the newest first: those that ended for a week, or three \
                          months if they failed. Null only together with an error.",
            arguments: &[],
            value: RootValue::List { of: &JOB, only: &[] },
        },
    ]
}
