//! The root fields of queries.

mod aggregate;
mod forecast;
mod loads;
mod node;
mod sales;

use crate::graphql::schema::model::RootField;

pub(super) fn fields() -> Vec<RootField> {
    [sales::fields(), aggregate::fields(), forecast::fields(), loads::fields(), node::fields()]
        .into_iter()
        .flatten()
        .collect()
}
