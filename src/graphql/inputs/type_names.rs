//! Names of the types of filters and orders.

use crate::graphql::schema::model::{Inputs, Type};

/// The name of an entity's filter type.
pub(in crate::graphql) fn filter_name(entity: &Type) -> String {
    let Inputs { filter, .. } = entity.inputs;
    filter.map_or_else(|| format!("{}Filter", entity.shape.name), str::to_owned)
}

/// The name of an entity's order type.
pub(in crate::graphql) fn order_name(entity: &Type) -> String {
    format!("{}Order", entity.shape.name)
}
