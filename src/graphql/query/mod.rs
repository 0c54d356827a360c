//! The root fields that read.

mod loads;
mod node;
mod sales;

use async_graphql::MergedObject;

/// Everything that can be read.
#[derive(Debug, Default, MergedObject)]
pub struct Query(sales::SalesQuery, loads::LoadsQuery, node::NodeQuery);
