//! Names of arguments and of the types of filters and orders.

use crate::graphql::schema::model::{Inputs, Type};

/// The argument of a list that keeps it to some rows.
pub(in crate::graphql) const FILTER: &str = "filter";
/// The argument of a list that orders it.
pub(in crate::graphql) const ORDER_BY: &str = "orderBy";

/// The argument of a command.
pub(in crate::graphql) const INPUT: &str = "input";

/// The name of an entity's filter type.
pub(in crate::graphql) fn filter_name(entity: &Type) -> String {
    let Inputs { filter, .. } = entity.inputs;
    filter.map_or_else(|| format!("{}Filter", entity.shape.name), str::to_owned)
}

/// The name of an entity's order type.
pub(in crate::graphql) fn order_name(entity: &Type) -> String {
    format!("{}Order", entity.shape.name)
}
