//! The root fields of queries.

mod aggregate;
mod forecast;
mod loads;
mod node;
mod sales;

use crate::graphql::schema::model::RootField;

pub(super) const FIELDS: &[&[RootField]] =
    &[sales::FIELDS, aggregate::FIELDS, forecast::FIELDS, loads::FIELDS, node::FIELDS];
