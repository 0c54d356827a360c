//! The payloads of mutations that queue a load run or a job.

use entity::{job, load_run};

use crate::catalog::{column, table};
use crate::graphql::schema::model::{Field, FieldValue, Inputs, ObjectType, Roots, Type};
use crate::graphql::types::{JOB, LOAD_RUN};

/// A payload with the run that was queued.
pub(super) fn load_run(name: &'static str, description: &'static str) -> Type {
    let run = Field {
        name: "loadRun",
        description: "The run, queued: a worker begins it, and the subscription loadRun follows it. Null \
                      only together with an error.",
        value: FieldValue::GroupUnlessNull(&LOAD_RUN.shape, column(load_run::Column::Id)),
    };
    let shape = ObjectType { name, description, fields: vec![run].leak() };
    let (table, roots, inputs) = (table::<load_run::Entity>(), Roots::default(), Inputs::default());
    Type { table, shape, roots, inputs }
}

/// A payload with the job that was queued.
pub(super) fn job(name: &'static str, description: &'static str) -> Type {
    let job = Field {
        name: "job",
        description: "The job, queued: a worker begins it. Null only together with an error.",
        value: FieldValue::GroupUnlessNull(&JOB.shape, column(job::Column::Id)),
    };
    let shape = ObjectType { name, description, fields: vec![job].leak() };
    let (table, roots, inputs) = (table::<job::Entity>(), Roots::default(), Inputs::default());
    Type { table, shape, roots, inputs }
}
