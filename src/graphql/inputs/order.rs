//! Orders: what a list can be ordered by, and the order a value stands for.

use std::collections::HashMap;
use std::sync::LazyLock;

use async_graphql::Value;
use async_graphql::registry::{MetaEnumValue, MetaType, Registry};

use super::comparison::Operand;
use super::place::Place;
use super::scalar;
use super::schema::insert;
use super::type_names::order_name;
use crate::catalog::{Column, ToOne};
use crate::error::{Error, Result};
use crate::graphql::schema::meta::input;
use crate::graphql::schema::model::{Aggregate, FieldValue, ObjectType, Type};
use crate::graphql::types;
use crate::query::{Direction, Nulls, Order, OrderBy, OrderKey};

/// Most keys of an order.
pub(super) const KEYS: usize = 10;

pub(super) const DIRECTION: &str = "OrderDirection";
pub(super) const DIRECTIONS: [(&str, Direction, &str); 2] =
    [("ASC", Direction::Asc, "The least first."), ("DESC", Direction::Desc, "The greatest first.")];

pub(super) const NULLS: &str = "OrderNulls";
pub(super) const NULLS_PLACES: [(&str, Nulls, &str); 2] = [
    ("FIRST", Nulls::First, "Before all others, whatever the direction."),
    ("LAST", Nulls::Last, "After all others, whatever the direction."),
];

/// Something that rows can be ordered by.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: String,
    description: String,
    pub(super) by: OrderBy,
}

/// By the name of an entity, what its rows can be ordered by.
static ALL: LazyLock<HashMap<&'static str, Vec<Key>>> =
    LazyLock::new(|| types::ALL.iter().map(|entity| (entity.shape.name, keys(entity))).collect());

/// What rows of an entity can be ordered by.
pub(super) fn keys_of(entity: &Type) -> &'static [Key] {
    ALL.get(entity.shape.name).map_or(&[], Vec::as_slice)
}

/// Makes the order of an entity known.
pub(super) fn register(registry: &mut Registry, entity: &'static Type) {
    let name = order_name(entity);
    if registry.types.contains_key(&name) {
        return;
    }
    let field = field_name(entity);
    let keys = keys_of(entity).iter().map(|key| (key.name.as_str(), key.description.as_str()));
    values(registry, &field, "What rows of a list are ordered by.", keys);
    let directions = DIRECTIONS.iter().map(|(name, _, description)| (*name, *description));
    values(registry, DIRECTION, "Which way an order goes.", directions);
    let nulls = NULLS_PLACES.iter().map(|(name, _, description)| (*name, *description));
    values(registry, NULLS, "Where rows without a value stand in an order.", nulls);
    let mut fields = vec![
        input("field", &format!("{field}!"), "What to order by."),
        input("direction", &format!("{DIRECTION}!"), "Which way."),
        input("nulls", &format!("{NULLS}!"), "Where rows without a value stand."),
    ];
    for (field, default) in fields.iter_mut().skip(1).zip(["ASC", "LAST"]) {
        field.default_value = Some(default.to_owned());
    }
    let description = format!(
        "One key of an order of {}; texts go as the database sorts them. Where rows are equal the \
         next key of the list decides, in the end that of the table. At most {KEYS} keys, none \
         twice.",
        entity.shape.name
    );
    insert(registry, &name, &description, fields);
}

/// The order a value stands for.
///
/// # Errors
/// `BAD_USER_INPUT` that names the place.
pub(super) fn read(entity: &'static Type, value: &Value, place: Place<'_>) -> Result<Order> {
    let mut order = Order::default();
    if *value == Value::Null {
        return Ok(order);
    }
    for (index, element) in place.list(value, KEYS)?.iter().enumerate() {
        let here = place.element(index);
        let key = key(entity, element, &here)?;
        if order.keys.iter().any(|earlier| earlier.name == key.name) {
            return Err(here.refuse(format_args!("{} is given twice", key.name)));
        }
        order.keys.push(key);
    }
    Ok(order)
}

fn key(entity: &'static Type, value: &Value, place: &Place<'_>) -> Result<OrderKey> {
    let ty = order_name(entity);
    let (mut by, mut direction, mut nulls) = (None, Direction::Asc, Nulls::Last);
    for (name, value) in place.object(value, &ty)? {
        let here = place.field(name);
        let given = scalar::name(here.present(value)?);
        match name.as_str() {
            "field" => {
                let known = keys_of(entity).iter().find(|key| Some(key.name.as_str()) == given);
                by = Some(known.ok_or_else(|| {
                    here.refuse(format_args!("expected a value of {}", field_name(entity)))
                })?);
            }
            "direction" => direction = one_of(&DIRECTIONS, given, &here)?,
            "nulls" => nulls = one_of(&NULLS_PLACES, given, &here)?,
            _ => return Err(place.unknown(name, &ty)),
        }
    }
    let by = by.ok_or_else(|| place.refuse("field is missing"))?;
    Ok(OrderKey { by: by.by.clone(), direction, nulls, name: by.name.clone() })
}

pub(super) fn one_of<T: Copy>(
    known: &[(&str, T, &str)],
    given: Option<&str>,
    place: &Place<'_>,
) -> Result<T, Error> {
    let found = known.iter().find(|(name, ..)| Some(*name) == given);
    found.map(|(_, value, _)| *value).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(name, ..)| *name).collect();
        place.refuse(format_args!("expected one of {}", names.join(", ")))
    })
}

fn field_name(entity: &Type) -> String {
    format!("{}Field", order_name(entity))
}

fn keys(entity: &'static Type) -> Vec<Key> {
    let mut keys = Vec::new();
    columns(&entity.shape, None, &mut |name, column| {
        keys.push(Key {
            name: screaming(&name),
            description: describe(&name, column),
            by: OrderBy::Column(column),
        });
    });
    for field in entity.shape.fields {
        if let FieldValue::One(to, from) = &field.value {
            related(&mut keys, field.name, to, &[ToOne { table: to.table, from }]);
        }
    }
    for path in &entity.inputs.paths {
        related(&mut keys, path.name, path.to, &path.through);
    }
    keys.extend(entity.inputs.aggregates.iter().map(aggregate));
    keys
}

/// The columns of a row a list's rows refer to.
fn related(keys: &mut Vec<Key>, name: &str, to: &'static Type, way: &[ToOne]) {
    columns(&to.shape, None, &mut |column_name, column| {
        let name = format!("{name}.{column_name}");
        keys.push(Key {
            name: screaming(&name),
            description: describe(&name, column),
            by: OrderBy::Related { path: way.to_vec(), column },
        });
    });
}

/// Shows each column that has an order, with the name of its field.
fn columns(
    shape: &'static ObjectType,
    guard: Option<&'static Column>,
    show: &mut dyn FnMut(String, &'static Column),
) {
    for field in shape.fields {
        match &field.value {
            FieldValue::Column(column) if Operand::of(column).is_some() => {
                let column = guard.filter(|it| it.name == column.name).unwrap_or(column);
                show(field.name.to_owned(), column);
            }
            FieldValue::Group(group) => within(field.name, group, None, show),
            FieldValue::GroupUnlessNull(group, guard) => {
                within(field.name, group, Some(guard), show);
            }
            _ => {}
        }
    }
}

fn within(
    name: &str,
    group: &'static ObjectType,
    guard: Option<&'static Column>,
    show: &mut dyn FnMut(String, &'static Column),
) {
    columns(group, guard, &mut |inner, column| show(format!("{name}.{inner}"), column));
}

fn aggregate(aggregate: &'static Aggregate) -> Key {
    Key {
        name: aggregate.name.to_owned(),
        description: aggregate.description.clone(),
        by: match aggregate.sum {
            None => OrderBy::Count(aggregate.of),
            Some(column) => OrderBy::Sum(aggregate.of, column),
        },
    }
}

/// Codes are ordered as they are stored, which their names do not show.
fn describe(name: &str, column: &Column) -> String {
    let Some(codes) = column.codes else { return format!("By {name}.") };
    let mut values: Vec<_> = codes.values.iter().collect();
    values.sort_by_key(|value| value.code);
    let names: Vec<&str> = values.iter().map(|value| value.name).collect();
    format!("By {name}, in the order {}.", names.join(", "))
}

/// `customer.accountNumber` as `CUSTOMER_ACCOUNT_NUMBER`.
fn screaming(name: &str) -> String {
    let mut out = String::new();
    for character in name.chars() {
        if character == '.' {
            out.push('_');
            continue;
        }
        if character.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(character.to_ascii_uppercase());
    }
    out
}

pub(super) fn values<'a>(
    registry: &mut Registry,
    name: &str,
    description: &str,
    values: impl Iterator<Item = (&'a str, &'a str)>,
) {
    let meta = |(name, description): (&str, &str)| MetaEnumValue {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        deprecation: Default::default(),
        visible: None,
        inaccessible: false,
        tags: Vec::new(),
        directive_invocations: Vec::new(),
    };
    let list = MetaType::Enum {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        enum_values: values.map(meta).map(|value| (value.name.clone(), value)).collect(),
        visible: None,
        inaccessible: false,
        tags: Vec::new(),
        rust_typename: None,
        directive_invocations: Vec::new(),
        requires_scopes: Vec::new(),
    };
    registry.types.insert(name.to_owned(), list);
}
