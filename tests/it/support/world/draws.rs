//! Random conditions and orders over the tables of the world.

use salesgraph::catalog::{Column, Kind, Table};
use salesgraph::query::{
    Comparison, Condition, Direction, Nulls, Order, OrderBy, OrderKey, Quantifier, TextMatch, Value,
};

use super::tables::{Meta, meta, random_value};
use super::{TEXTS, World};

const COMPARISONS: [Comparison; 6] = [
    Comparison::Eq,
    Comparison::Ne,
    Comparison::Lt,
    Comparison::Lte,
    Comparison::Gt,
    Comparison::Gte,
];

/// The variants of a condition, by name.
pub(crate) fn conditions() -> [&'static str; 12] {
    [
        "all", "any", "not", "compare", "in", "matches", "eq_ignore_case", "in_ignore_case",
        "is_null", "one", "many", "count",
    ]
}

/// A random condition of any variant.
pub(crate) fn random_condition(world: &mut World, meta: &'static Meta, depth: usize) -> Condition {
    let variant = *world.draw.one(&conditions());
    condition_of(world, meta, variant, depth)
}

/// A random condition of a variant; of another if the table has no such condition.
pub(crate) fn condition_of(
    world: &mut World,
    meta: &'static Meta,
    variant: &str,
    depth: usize,
) -> Condition {
    let texts: Vec<&'static Column> =
        meta.columns.iter().filter(|column| column.kind == Kind::Text).collect();
    let deeper = depth.saturating_sub(1);
    match variant {
        "all" | "any" if depth > 0 => {
            let count = world.draw.below(4);
            let inner = (0..count).map(|_| random_condition(world, meta, deeper)).collect();
            if variant == "all" { Condition::All(inner) } else { Condition::Any(inner) }
        }
        "not" if depth > 0 => Condition::Not(Box::new(random_condition(world, meta, deeper))),
        "in" => {
            let column = world.draw.one(meta.columns);
            let count = world.draw.below(4);
            let values = (0..count).map(|_| value_of(world, meta, column)).collect();
            Condition::In { column, values, negated: world.draw.flip() }
        }
        "matches" if !texts.is_empty() => Condition::Matches {
            column: world.draw.one::<&'static Column>(&texts),
            how: *world.draw.one(&[
                TextMatch::Contains,
                TextMatch::StartsWith,
                TextMatch::EndsWith,
            ]),
            text: text(world),
            ignore_case: world.draw.flip(),
        },
        "eq_ignore_case" if !texts.is_empty() => Condition::EqIgnoreCase {
            column: world.draw.one::<&'static Column>(&texts),
            text: text(world),
        },
        "in_ignore_case" if !texts.is_empty() => Condition::InIgnoreCase {
            column: world.draw.one::<&'static Column>(&texts),
            texts: (0..world.draw.below(4)).map(|_| text(world)).collect(),
            negated: world.draw.flip(),
        },
        "is_null" => {
            Condition::IsNull { column: world.draw.one(meta.columns), is: world.draw.flip() }
        }
        "one" if !meta.ones.is_empty() => {
            let relation = *world.draw.one(meta.ones);
            Condition::One { relation, condition: Box::new(related(world, relation.table, deeper)) }
        }
        "many" if !meta.manies.is_empty() => {
            let relation = *world.draw.one(meta.manies);
            Condition::Many {
                relation,
                quantifier: *world.draw.one(&[
                    Quantifier::Some,
                    Quantifier::Every,
                    Quantifier::None,
                ]),
                condition: Box::new(related(world, relation.table, deeper)),
            }
        }
        "count" if !meta.manies.is_empty() => {
            let relation = *world.draw.one(meta.manies);
            let comparisons = (0..world.draw.below(3))
                .map(|_| (*world.draw.one(&COMPARISONS), world.draw.between(-1, 4)));
            let comparisons = comparisons.collect();
            let condition = Box::new(related(world, relation.table, deeper));
            Condition::Count { relation, condition, comparisons }
        }
        _ => {
            let column = world.draw.one(meta.columns);
            let value = value_of(world, meta, column);
            Condition::Compare { column, comparison: *world.draw.one(&COMPARISONS), value }
        }
    }
}

fn related(world: &mut World, table: &'static Table, depth: usize) -> Condition {
    if world.draw.once_in(3) {
        return Condition::everything();
    }
    random_condition(world, meta(table.name), depth)
}

/// A value that some rows of the table have, no row has, or no row could have.
fn value_of(world: &mut World, meta: &'static Meta, column: &'static Column) -> Value {
    let is_int = matches!(column.kind, Kind::Small | Kind::Int | Kind::Long);
    match world.draw.below(8) {
        0 if is_int => Value::Int(*world.draw.one(&[i64::MIN, -40_000, 40_000, 3_000_000_000])),
        0 | 1 => random_value(&mut world.draw, &TEXTS, column),
        _ => {
            let rows = world.rows.get(meta.table.name).map_or(&[][..], Vec::as_slice);
            let row = world.draw.one(rows);
            row[column.name]
                .clone()
                .unwrap_or_else(|| random_value(&mut world.draw, &TEXTS, column))
        }
    }
}

fn text(world: &mut World) -> String {
    (*world.draw.one(&TEXTS)).to_owned()
}

/// A random order of up to three keys.
pub(crate) fn random_order(world: &mut World, meta: &'static Meta) -> Order {
    let mut keys: Vec<OrderKey> = Vec::new();
    for _ in 0..world.draw.below(4) {
        let key = random_key(world, meta);
        if keys.iter().all(|other| other.name != key.name) {
            keys.push(key);
        }
    }
    Order { keys }
}

fn random_key(world: &mut World, meta: &'static Meta) -> OrderKey {
    let (by, name) = match world.draw.below(4) {
        0 if !meta.ones.is_empty() => {
            let mut path = vec![*world.draw.one(meta.ones)];
            let mut to = super::meta(path[0].table.name);
            if !to.ones.is_empty() && world.draw.flip() {
                path.push(*world.draw.one(to.ones));
                to = super::meta(path[1].table.name);
            }
            let column = world.draw.one(to.columns);
            let names: Vec<&str> = path.iter().map(|one| one.table.name).collect();
            let name = format!("{}.{}", names.join("."), column.name);
            (OrderBy::Related { path, column }, name)
        }
        1 if !meta.manies.is_empty() => {
            let relation = *world.draw.one(meta.manies);
            let to = super::meta(relation.table.name);
            let numbers: Vec<&'static Column> = to
                .columns
                .iter()
                .filter(|column| matches!(column.kind, Kind::Small | Kind::Int | Kind::Decimal))
                .collect();
            if world.draw.flip() {
                (OrderBy::Count(relation), format!("count {}", relation.table.name))
            } else {
                let column = *world.draw.one(&numbers);
                let name = format!("sum {}.{}", relation.table.name, column.name);
                (OrderBy::Sum(relation, column), name)
            }
        }
        _ => {
            let column = world.draw.one(meta.columns);
            (OrderBy::Column(column), column.name.to_owned())
        }
    };
    OrderKey {
        by,
        direction: *world.draw.one(&[Direction::Asc, Direction::Desc]),
        nulls: *world.draw.one(&[Nulls::First, Nulls::Last]),
        name,
    }
}
