//! How sales are grouped: the arguments of `salesAggregate`, their types in the
//! schema and what they mean.

use async_graphql::Value;
use async_graphql::registry::Registry;

use super::filter::condition;
use super::having;
use super::measured::measured;
use super::names::{FILTER, HAVING};
use super::order::{DIRECTION, DIRECTIONS, KEYS, NULLS, NULLS_PLACES, one_of, values};
use super::place::Place;
use super::scalar;
use super::schema::{self, insert};
use crate::error::Result;
use crate::graphql::inputs::arguments::Given;
use crate::graphql::schema::meta::input;
use crate::graphql::types::{MEASURES, SALES_ORDER_LINE};
use crate::query::aggregate::{DIMENSIONS, Dimension, Engine, Groups, Measures, Top};
use crate::query::{Condition, Direction, Nulls, Order, OrderBy, OrderKey};

const DIMENSION: &str = "SalesDimension";
const MEASURE: &str = "SalesMeasure";
const ORDER: &str = "SalesGroupOrder";
const TOP: &str = "SalesTopPerGroup";

const GROUP_BY: &str = "groupBy";
const TOP_PER_GROUP: &str = "topPerGroup";
const FILL_GAPS: &str = "fillGaps";
/// What puts the lines together.
pub(in crate::graphql) const ENGINE: &str = "engine";
const ENGINES: &str = "AggregateEngine";

/// Groups, and which of them a list has in which order.
#[derive(Debug)]
pub(in crate::graphql) struct Grouping {
    pub(in crate::graphql) groups: Groups,
    pub(in crate::graphql) having: Condition,
    pub(in crate::graphql) order: Order,
}

/// Makes the types of the arguments known.
pub(in crate::graphql) fn register(registry: &mut Registry) {
    schema::filter(registry, &SALES_ORDER_LINE);
    let dimensions = DIMENSIONS.iter().map(|dimension| (dimension.name, dimension.description));
    values(registry, DIMENSION, "By what sales are grouped.", dimensions);
    let measures = MEASURES.iter().map(|(name, description, _)| (*name, *description));
    values(registry, MEASURE, "By what groups of sales are ordered.", measures);
    let mut fields = vec![
        input("dimension", DIMENSION, "What to order by: one of groupBy."),
        input("measure", MEASURE, "Or this: a measure, which need not be selected."),
        input("direction", &format!("{DIRECTION}!"), "Which way."),
        input("nulls", &format!("{NULLS}!"), "Where groups without a value stand."),
    ];
    for (field, default) in fields.iter_mut().skip(2).zip(["ASC", "LAST"]) {
        field.default_value = Some(default.to_owned());
    }
    let description = format!(
        "One key of an order of groups: a dimension or a measure. A product, customer, person, \
         store or territory goes by its key. Where groups are equal the next key decides, in the \
         end the dimensions of groupBy. At most {KEYS} keys, none twice."
    );
    insert(registry, ORDER, &description, fields);
    let fields = vec![
        input("by", &format!("[{DIMENSION}!]!"), "Within each value of these, some of groupBy."),
        input("first", "Int!", "So many, 1 or more."),
    ];
    let description = "Keeps the first groups within each value of some dimensions: the top \
                       products of each month. First in the order of orderBy, of those that \
                       having keeps.";
    insert(registry, TOP, description, fields);
    having::register(registry);
    let engines = [
        ("POSTGRES", "Postgres, from precomputed totals where they have the answer."),
        (
            "LAKE",
            "A worker, which reads the table sales of the lake by an engine for scans. The answer \
             is the same to the last digit. For callers with reports:read and all territories; \
             LAKE_OUTDATED where the lake lacks changes, LAKE_UNAVAILABLE where there is no lake \
             or no engine, LAKE_UNSUPPORTED what only Postgres can answer, LAKE_LIMIT what is too \
             large for the engine.",
        ),
    ];
    values(registry, ENGINES, "What puts order lines together.", engines.into_iter());
}

/// What the arguments ask for, with these measures selected.
///
/// # Errors
/// `BAD_USER_INPUT` that names the place.
pub(in crate::graphql) fn read(
    given: Given<'_>,
    mut measures: Measures,
    most: u32,
) -> Result<Grouping> {
    let lines = match given.get(FILTER) {
        Some(filter) => condition(&SALES_ORDER_LINE, &filter)?,
        None => Condition::everything(),
    };
    let dimensions = match given.get(GROUP_BY) {
        Some(list) => dimensions(&list, Place::of(GROUP_BY))?,
        None => Vec::new(),
    };
    let having = match given.get(HAVING) {
        Some(filter) => having::read(&filter, Place::of(HAVING), &mut measures)?,
        None => Condition::everything(),
    };
    let order = order(given, &dimensions, &mut measures)?;
    let fill_gaps = given.is_true(FILL_GAPS);
    let of_dates = dimensions.iter().filter(|dimension| dimension.is_of_dates()).count();
    if fill_gaps && of_dates != 1 {
        let message = format_args!(
            "needs exactly one of ORDER_DATE, ORDER_WEEK, ORDER_MONTH, ORDER_QUARTER, ORDER_YEAR \
             and ORDER_WEEKDAY in groupBy, which has {of_dates}"
        );
        return Err(Place::of(FILL_GAPS).refuse(message));
    }
    let engine = match given.name(ENGINE)?.as_deref() {
        Some("LAKE") => Engine::Lake(None),
        _ => Engine::Postgres,
    };
    let mut grouping = Grouping {
        groups: Groups { lines, dimensions, measures, top: None, fill_gaps, engine },
        having,
        order,
    };
    if let Some(value) = given.get(TOP_PER_GROUP) {
        grouping.keep_top(&value, most)?;
    }
    Ok(grouping)
}

impl Grouping {
    fn keep_top(&mut self, value: &Value, most: u32) -> Result<()> {
        let place = Place::of(TOP_PER_GROUP);
        let (mut by, mut first) = (None, None);
        for (name, value) in place.object(value, TOP)? {
            let here = place.field(name);
            match name.as_str() {
                "by" => by = Some(dimensions(value, here)?),
                "first" => {
                    let number = match value {
                        Value::Number(number) => {
                            number.as_u64().and_then(|number| u32::try_from(number).ok())
                        }
                        _ => None,
                    };
                    first = number.filter(|number| (1..=most).contains(number));
                    if first.is_none() {
                        return Err(here.refuse(format_args!("expected a number from 1 to {most}")));
                    }
                }
                _ => return Err(place.unknown(name, TOP)),
            }
        }
        let (Some(by), Some(first)) = (by, first) else {
            return Err(place.refuse("by and first must be given"));
        };
        if let Some(other) = by.iter().find(|one| !self.groups.dimensions.contains(one)) {
            let name = other.name;
            return Err(place.field("by").refuse(format_args!("{name} is not in groupBy")));
        }
        let having = std::mem::replace(&mut self.having, Condition::everything());
        self.groups.top = Some(Top { by, first, having, order: self.order.clone() });
        Ok(())
    }
}

fn dimensions(value: &Value, place: Place<'_>) -> Result<Vec<&'static Dimension>> {
    let mut found: Vec<&'static Dimension> = Vec::new();
    for (index, element) in place.list(value, DIMENSIONS.len())?.iter().enumerate() {
        let here = place.element(index);
        let dimension = dimension_of(element, &here)?;
        if found.contains(&dimension) {
            return Err(here.refuse(format_args!("{} is given twice", dimension.name)));
        }
        found.push(dimension);
    }
    Ok(found)
}

fn dimension_of(value: &Value, place: &Place<'_>) -> Result<&'static Dimension> {
    let given = scalar::name(place.present(value)?);
    let found = DIMENSIONS.iter().find(|dimension| Some(dimension.name) == given);
    found.ok_or_else(|| place.refuse(format_args!("expected a value of {DIMENSION}")))
}

/// The order asked for, to the last key: then come the dimensions, as no two groups
/// are equal in all of them.
fn order(
    given: Given<'_>,
    dimensions: &[&'static Dimension],
    measures: &mut Measures,
) -> Result<Order> {
    let mut order = Order::default();
    if let Some(value) = given.get(super::names::ORDER_BY) {
        let place = Place::of(super::names::ORDER_BY);
        for (index, element) in place.list(&value, KEYS)?.iter().enumerate() {
            let here = place.element(index);
            let key = key(element, &here, dimensions, measures)?;
            if order.keys.iter().any(|earlier| earlier.name == key.name) {
                return Err(here.refuse(format_args!("{} is given twice", key.name)));
            }
            order.keys.push(key);
        }
    }
    let ascending = |dimension: &'static Dimension| OrderKey {
        by: OrderBy::Column(&dimension.column),
        direction: Direction::Asc,
        nulls: Nulls::Last,
        name: dimension.name.to_owned(),
    };
    for dimension in dimensions {
        if !order.keys.iter().any(|key| key.name == dimension.name) {
            order.keys.push(ascending(dimension));
        }
    }
    if order.keys.is_empty() {
        // There is one group, in whatever order.
        order.keys.extend(DIMENSIONS.first().map(ascending));
    }
    Ok(order)
}

fn key(
    value: &Value,
    place: &Place<'_>,
    dimensions: &[&'static Dimension],
    measures: &mut Measures,
) -> Result<OrderKey> {
    let (mut by, mut direction, mut nulls) = (None, Direction::Asc, Nulls::Last);
    for (name, value) in place.object(value, ORDER)? {
        let here = place.field(name);
        let given = scalar::name(here.present(value)?);
        let found = match name.as_str() {
            "dimension" => {
                let dimension = dimension_of(value, &here)?;
                let name = dimension.name;
                if !dimensions.contains(&dimension) {
                    return Err(here.refuse(format_args!("{name} is not in groupBy")));
                }
                (name, &dimension.column)
            }
            "measure" => {
                let measure = MEASURES.iter().find(|(name, ..)| Some(*name) == given);
                let (name, _, measure) = measure
                    .ok_or_else(|| here.refuse(format_args!("expected a value of {MEASURE}")))?;
                (*name, measured(measures, *measure, super::names::ORDER_BY)?)
            }
            "direction" => {
                direction = one_of(&DIRECTIONS, given, &here)?;
                continue;
            }
            "nulls" => {
                nulls = one_of(&NULLS_PLACES, given, &here)?;
                continue;
            }
            _ => return Err(place.unknown(name, ORDER)),
        };
        if by.replace(found).is_some() {
            return Err(place.refuse("give either dimension or measure, not both"));
        }
    }
    let (name, column) = by.ok_or_else(|| place.refuse("dimension or measure is missing"))?;
    Ok(OrderKey { by: OrderBy::Column(column), direction, nulls, name: name.to_owned() })
}
