//! The root fields of queries.

mod aggregate;
mod forecast;
mod jobs;
mod lake;
mod loads;
mod node;
mod sales;
mod source_failures;

use crate::graphql::schema::model::RootField;

pub(super) fn fields() -> Vec<RootField> {
    [
        sales::fields(),
        aggregate::fields(),
        forecast::fields(),
        loads::fields(),
        lake::fields(),
        jobs::fields(),
        source_failures::fields(),
        node::fields(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
