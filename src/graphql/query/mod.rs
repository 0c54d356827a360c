//! The root fields of queries.

mod aggregate;
mod forecast;
mod jobs;
mod lake;
mod loads;
mod node;
mod sales;
mod source_failures;
mod subgraph;

use crate::graphql::schema::model::RootField;

pub(super) use self::subgraph::fields as subgraph_fields;

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
