//! Conditions on lines, and on their groups, as the columns decide them. What they do not hold,
//! and all texts, are left to Postgres.

use super::super::decimal::{Scaled, scaled};
use super::super::groups::Groups;
use super::super::row_of::RowOf;
use super::super::shown::{SharedBy, total_of};
use super::super::total::Total;
use crate::catalog::Column;
use crate::columnar::{Among, Field, Having, OfTotal, SCALE, Test, Value as Held};
use crate::query::condition::{Comparison, Condition, Quantifier};
use crate::query::value::Value;

/// The same condition on a row; `None` where the columns cannot decide it.
pub(super) fn test(condition: &Condition, row: RowOf) -> Option<Test> {
    let each = |all: &[Condition]| all.iter().map(|one| test(one, row)).collect::<Option<_>>();
    Some(match condition {
        Condition::All(all) => Test::All(each(all)?),
        Condition::Any(any) => Test::Any(each(any)?),
        Condition::Not(inner) => Test::Not(Box::new(test(inner, row)?)),
        Condition::Compare { column, comparison, value } => {
            let (field, scale) = field(row, column)?;
            Test::Is(field, compared(*comparison, value, scale)?)
        }
        Condition::In { column, values, negated } => {
            let (field, scale) = field(row, column)?;
            Test::Is(field, listed(values, *negated, scale)?)
        }
        Condition::IsNull { column, is } => Test::Is(field(row, column)?.0, null(*is)),
        Condition::One { relation, condition } => {
            let one = row.joined(relation)?;
            // A line has these in any case. Others may be missing.
            let is_there = ["sales_order", "product", "special_offer_product", "customer"];
            let is_there = is_there.contains(&one.table());
            test(condition, one).filter(|_| is_there)?
        }
        Condition::Many { relation, quantifier, condition } => {
            let lines = lines_of(row, relation.table.name, condition)?;
            match quantifier {
                Quantifier::Some => Test::LinesOfOrder(lines, vec![from(1)]),
                Quantifier::None => Test::LinesOfOrder(lines, vec![only(0)]),
                Quantifier::Every => Test::LinesOfOrder(Box::new(Test::Not(lines)), vec![only(0)]),
            }
        }
        Condition::Count { relation, condition, comparisons } => {
            let lines = lines_of(row, relation.table.name, condition)?;
            let numbers = comparisons
                .iter()
                .map(|(comparison, number)| compared(*comparison, &Value::Int(*number), 0));
            Test::LinesOfOrder(lines, numbers.collect::<Option<_>>()?)
        }
        Condition::Matches { .. }
        | Condition::Word { .. }
        | Condition::EqIgnoreCase { .. }
        | Condition::InIgnoreCase { .. } => return None,
    })
}

/// A condition on the lines of an order.
fn lines_of(row: RowOf, table: &str, condition: &Condition) -> Option<Box<Test>> {
    let is_of_order = row.table() == "sales_order" && table == RowOf::LINE.table();
    test(condition, RowOf::LINE).filter(|_| is_of_order).map(Box::new)
}

/// The same condition on groups; `None` where it is about what only Postgres makes.
pub(super) fn having(groups: &Groups, totals: &[Total], condition: &Condition) -> Option<Having> {
    let each = |all: &[Condition]| {
        all.iter().map(|one| having(groups, totals, one)).collect::<Option<_>>()
    };
    let total = |column: &Column| {
        let SharedBy::Total { place, is_zero_of_nothing } = total_of(groups, totals, column)?
        else {
            return None;
        };
        let scale = totals.get(place)?.what.scale();
        Some((OfTotal { place, is_zero_of_nothing }, scale))
    };
    Some(match condition {
        Condition::All(all) => Having::All(each(all)?),
        Condition::Any(any) => Having::Any(each(any)?),
        Condition::Not(inner) => Having::Not(Box::new(having(groups, totals, inner)?)),
        Condition::Compare { column, comparison, value } => {
            let (total, scale) = total(column)?;
            Having::Is(total, compared(*comparison, value, scale)?)
        }
        Condition::In { column, values, negated } => {
            let (total, scale) = total(column)?;
            Having::Is(total, listed(values, *negated, scale)?)
        }
        Condition::IsNull { column, is } => Having::Is(total(column)?.0, null(*is)),
        _ => return None,
    })
}

/// Where a column of a row is, and how many digits it has after the point.
fn field(row: RowOf, column: &Column) -> Option<(Field, u8)> {
    if column.is_computed() {
        return None;
    }
    let whole = |field| Some((field, 0));
    match (row.table(), column.name) {
        ("sales_order_line" | "special_offer_product" | "product", "product_id") => {
            whole(Field::Product)
        }
        ("sales_order_line" | "special_offer_product", "special_offer_id") => {
            whole(Field::SpecialOffer)
        }
        ("sales_order_line", "order_quantity") => whole(Field::Quantity),
        ("sales_order_line", "unit_price") => Some((Field::UnitPrice, Held::UnitPrice.scale())),
        ("sales_order_line", "unit_price_discount") => Some((Field::Discount, SCALE)),
        ("sales_order_line", "line_total") => Some((Field::LineTotal, Held::LineTotal.scale())),
        ("sales_order_line" | "sales_order", "sales_order_id") => whole(Field::Order),
        ("sales_order", "order_date") => whole(Field::Date),
        ("sales_order" | "customer", "customer_id") => whole(Field::Customer),
        ("sales_order", "territory_id") => whole(Field::Territory),
        ("sales_order", "sales_person_id") => whole(Field::SalesPerson),
        ("sales_order", "online_order_flag") => whole(Field::Online),
        ("sales_order", "status") => whole(Field::Status),
        ("sales_order", "total_due") => Some((Field::TotalDue, SCALE)),
        ("customer", "person_id") => whole(Field::Person),
        ("customer", "store_id") => whole(Field::Store),
        ("product", "days_to_manufacture") => whole(Field::DaysToManufacture),
        _ => None,
    }
}

const fn only(number: i128) -> Among {
    Among::Between(number, number)
}

const fn from(number: i128) -> Among {
    Among::Between(number, i128::MAX)
}

const fn upto(number: i128) -> Among {
    Among::Between(i128::MIN, number)
}

const fn null(is: bool) -> Among {
    if is { Among::Null } else { Among::Any }
}

/// The numbers that compare so with a value, at so many digits after the point.
fn compared(comparison: Comparison, value: &Value, scale: u8) -> Option<Among> {
    let nothing = || Among::In(Vec::new());
    let Some(Scaled { floor, is_exact }) = number(value, scale)? else {
        // Beyond what there is.
        let is_negative =
            matches!(value, Value::Decimal(text) if text.trim_start().starts_with('-'));
        let holds = match comparison {
            Comparison::Eq => false,
            Comparison::Ne => true,
            Comparison::Lt | Comparison::Lte => !is_negative,
            Comparison::Gt | Comparison::Gte => is_negative,
        };
        return Some(if holds { Among::Any } else { nothing() });
    };
    Some(match (comparison, is_exact) {
        (Comparison::Eq, true) => only(floor),
        (Comparison::Eq, false) => nothing(),
        (Comparison::Ne, true) => Among::NotIn(vec![floor]),
        (Comparison::Ne, false) => Among::Any,
        (Comparison::Lt, true) => upto(floor - 1),
        (Comparison::Gte, true) => from(floor),
        // Between the floor and the number there is none.
        (Comparison::Lte, _) | (Comparison::Lt, false) => upto(floor),
        (Comparison::Gt, _) | (Comparison::Gte, false) => from(floor + 1),
    })
}

/// One of these values, or another.
fn listed(values: &[Value], negated: bool, scale: u8) -> Option<Among> {
    let mut all = Vec::with_capacity(values.len());
    for value in values {
        // What is no such number is none of the values.
        if let Some(Scaled { floor, is_exact: true }) = number(value, scale)? {
            all.push(floor);
        }
    }
    all.sort_unstable();
    all.dedup();
    Some(if negated { Among::NotIn(all) } else { Among::In(all) })
}

/// A value as a number; `None` if there is no such, and within, if it is beyond all.
fn number(value: &Value, scale: u8) -> Option<Option<Scaled>> {
    let exact = |floor: i64| Some(Some(Scaled { floor: floor.into(), is_exact: true }));
    match value {
        Value::Boolean(value) => exact((*value).into()),
        Value::Int(value) if scale == 0 => exact(*value),
        Value::Int(value) => scaled(&value.to_string(), scale).ok(),
        Value::Decimal(text) => scaled(text, scale).ok(),
        Value::LocalDateTime(time) => exact(time.and_utc().timestamp_micros()),
        Value::Text(_) | Value::Uuid(_) | Value::Date(_) | Value::DateTime(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use entity::{customer, product, sales_order, sales_order_line, special_offer_product};
    use sea_orm::{EntityName, EntityTrait, Iterable};

    use super::*;
    use crate::catalog::{Kind, table};

    /// Whether values of this kind are held as numbers.
    const fn is_number(kind: Kind) -> bool {
        use Kind::{Boolean, Decimal, Int, LocalDateTime, Long, Small};

        matches!(kind, Boolean | Small | Int | Long | Decimal | LocalDateTime)
    }

    fn held<E: EntityTrait + EntityName>() -> usize {
        let table = table::<E>();
        let columns = E::Column::iter().map(crate::catalog::column);
        let held = columns.filter_map(|column| {
            let (_, scale) = field(RowOf::of(table.name), column)?;
            assert!(is_number(column.kind), "{} of {}", column.name, table.name);
            let digits = column.digits.map_or(0, |(_, scale)| scale);
            assert_eq!(scale, digits, "{} of {}", column.name, table.name);
            Some(())
        });
        held.count()
    }

    #[test]
    fn what_is_held_has_the_digits_of_its_column() {
        let held = [
            held::<sales_order_line::Entity>(),
            held::<sales_order::Entity>(),
            held::<customer::Entity>(),
            held::<product::Entity>(),
            held::<special_offer_product::Entity>(),
        ];
        assert_eq!(held, [7, 8, 3, 2, 2]);
    }

    #[test]
    fn a_number_of_more_digits_falls_between_two_values() {
        let of = |comparison, text: &str| {
            compared(comparison, &Value::Decimal(text.to_owned()), 1).unwrap()
        };
        for (comparison, exact, between) in [
            (Comparison::Eq, only(15), Among::In(Vec::new())),
            (Comparison::Ne, Among::NotIn(vec![15]), Among::Any),
            (Comparison::Lt, upto(14), upto(15)),
            (Comparison::Lte, upto(15), upto(15)),
            (Comparison::Gt, from(16), from(16)),
            (Comparison::Gte, from(15), from(16)),
        ] {
            assert_eq!(of(comparison, "1.5"), exact);
            assert_eq!(of(comparison, "1.50"), exact);
            assert_eq!(of(comparison, "1.51"), between);
        }
        let huge = "9".repeat(60);
        assert_eq!(of(Comparison::Lt, &huge), Among::Any);
        assert_eq!(of(Comparison::Gte, &huge), Among::In(Vec::new()));
        assert_eq!(of(Comparison::Gte, &format!("-{huge}")), Among::Any);
    }
}
