//! Filters and orders: their types in the schema, and what they mean in SQL.

pub(crate) mod arguments;
mod comparison;
mod filter;
mod groups;
mod having;
mod order;
mod place;
pub(crate) mod root_arguments;
mod scalar;
mod schema;
#[cfg(test)]
mod tests;

use async_graphql::Value;
use async_graphql::registry::Registry;

use self::filter::Budget;
use self::place::Place;
use crate::error::Result;
use crate::graphql::schema::model::{Entity, Inputs};
use crate::query::{Condition, Kind, Order, Value as Bound};

/// The argument of a list that keeps it to some rows.
pub(super) const FILTER: &str = "filter";
/// The argument of a list that orders it.
pub(super) const ORDER_BY: &str = "orderBy";
/// The argument of a command.
pub(super) const INPUT: &str = "input";

/// The name of an entity's filter type.
pub(super) fn filter_name(entity: &Entity) -> String {
    let Inputs { filter, .. } = entity.inputs;
    filter.map_or_else(|| format!("{}Filter", entity.shape.name), str::to_owned)
}

/// The name of an entity's order type.
pub(super) fn order_name(entity: &Entity) -> String {
    format!("{}Order", entity.shape.name)
}

pub(super) use groups::{Grouping, read as grouping, register as register_groups};
pub(super) use schema::insert as register_object;

/// Makes the filter and the order of an entity known, and all they refer to but
/// the enumerations, which the entity's own fields make known.
pub(super) fn register(registry: &mut Registry, entity: &'static Entity) {
    schema::filter(registry, entity);
    order::register(registry, entity);
}

/// What a filter means. Null as a whole it is none.
///
/// # Errors
/// `BAD_USER_INPUT` that names the argument and the place in it.
pub(super) fn condition(entity: &'static Entity, filter: &Value) -> Result<Condition> {
    if *filter == Value::Null {
        return Ok(Condition::everything());
    }
    Budget::default().entity(entity, filter, Place::of(FILTER))
}

/// The value of an argument that is compared with a column of this kind.
///
/// # Errors
/// As [`condition`].
pub(super) fn value(kind: Kind, value: &Value, argument: &'static str) -> Result<Bound> {
    scalar::value(kind, value, &Place::of(argument))
}

/// The values of an argument that is a list; one alone is a list of one.
///
/// # Errors
/// As [`condition`]; also when there are too many.
pub(super) fn values(kind: Kind, value: &Value, argument: &'static str) -> Result<Vec<Bound>> {
    comparison::each(value, &Place::of(argument), |value, place| scalar::value(kind, value, place))
}

/// What an order means. Null as a whole it is that of the table's key.
///
/// # Errors
/// As [`condition`].
pub(super) fn order(entity: &'static Entity, order: &Value) -> Result<Order> {
    order::read(entity, order, Place::of(ORDER_BY))
}
