//! Filters and orders: their types in the schema, and what they mean in SQL.

pub(crate) mod arguments;
mod borrowed;
mod comparison;
mod filter;
mod groups;
mod having;
mod measured;
mod names;
mod order;
mod place;
mod representations;
pub(crate) mod root_arguments;
mod scalar;
mod schema;
#[cfg(test)]
mod tests;
mod type_names;

use async_graphql::Value;
use async_graphql::registry::Registry;

use self::place::Place;
use crate::error::Result;
use crate::graphql::schema::model::Type;
use crate::query::Order;

pub(super) use filter::condition;
pub(super) use groups::{ENGINE, Grouping, read as grouping, register as register_groups};
pub(super) use names::{CURRENCY, EXPIRES_IN, FILTER, IN, INPUT, ORDER_BY};
pub(super) use representations::{REPRESENTATIONS, representations};
pub(super) use schema::insert as register_object;
pub(super) use type_names::{filter_name, order_name};

/// Makes the filter and the order of an entity known, and all they refer to but
/// the enumerations, which the entity's own fields make known.
pub(super) fn register(registry: &mut Registry, entity: &'static Type) {
    schema::filter(registry, entity);
    order::register(registry, entity);
}

/// What an order means. Null as a whole it is that of the table's key.
///
/// # Errors
/// As [`condition`].
pub(super) fn order(entity: &'static Type, order: &Value) -> Result<Order> {
    order::read(entity, order, Place::of(ORDER_BY))
}
