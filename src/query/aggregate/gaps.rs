//! Groups for the days on which nothing was sold.

use chrono::{NaiveDateTime, TimeDelta};

use super::dimension::{Bucket, Dimension};
use super::groups::Groups;
use super::measure::Measures;
use super::totals::{write_group_by, write_value};
use crate::catalog::table;
use crate::error::{Error, Result};
use crate::query::condition::{Comparison, Condition};
use crate::query::sql::statement::Statement;
use crate::query::value::Value;
use entity::sales_order;

/// From which to which moment orders are looked at.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Period {
    /// None is earlier.
    pub(super) from: Option<NaiveDateTime>,
    /// None is later.
    pub(super) to: Option<NaiveDateTime>,
}

/// The groups that there are, and for what else they are grouped by a group of each
/// bucket of days: from the first order to the last, kept to what the filter says of
/// the order's date.
pub(super) fn write(groups: &Groups, statement: &mut Statement<'_>) -> Result<()> {
    let mut of_dates = groups.dimensions.iter().filter(|dimension| dimension.is_of_dates());
    let (Some(dates), None) = (of_dates.next(), of_dates.next()) else {
        return Err(Error::internal("gaps are filled in one dimension of dates"));
    };
    let others: Vec<&Dimension> =
        groups.dimensions.iter().copied().filter(|one| one != dates).collect();
    statement.push("WITH there AS (");
    groups.write_made(statement)?;
    statement.push(") SELECT ");
    let names: Vec<String> =
        groups.dimensions.iter().map(|dimension| dimension.column.name.to_owned()).collect();
    for (index, name) in names.iter().enumerate() {
        statement.comma(index).push(name);
    }
    for (place, (_, measure)) in groups.measures.wanted.iter().enumerate() {
        let zero = measure.is_zero_of_nothing();
        statement.push(if zero { ", coalesce(max(" } else { ", (max(" });
        write_value(statement, place);
        statement.push(if zero { "), 0) AS " } else { ")) AS " });
        write_value(statement, place);
    }
    statement.push(" FROM (SELECT ");
    for (index, name) in names.iter().enumerate() {
        statement.comma(index).push(name);
    }
    for place in 0..groups.measures.wanted.len() {
        statement.push(", ");
        write_value(statement, place);
    }
    statement.push(" FROM there UNION ALL SELECT ");
    for (index, dimension) in groups.dimensions.iter().enumerate() {
        statement.comma(index).push(if dimension == dates { "days.bucket" } else { "other." });
        statement.push(if dimension == dates { "" } else { dimension.column.name });
    }
    for _ in &groups.measures.wanted {
        statement.push(", NULL::numeric");
    }
    statement.push(" FROM ");
    if !others.is_empty() {
        statement.push("(SELECT DISTINCT ");
        for (index, dimension) in others.iter().enumerate() {
            statement.comma(index).push(dimension.column.name);
        }
        statement.push(" FROM there) AS other CROSS JOIN ");
    }
    write_buckets(statement, dates.bucket, &Period::of(&groups.lines))?;
    statement.push(") AS filled");
    write_group_by(statement, "", &names, &[]);
    Ok(())
}

/// How many groups there would be, for the parts that are multiplied: what the groups
/// are by beside dates, and buckets of days.
pub(super) fn write_size(groups: &Groups, statement: &mut Statement<'_>) -> Result<()> {
    let (of_dates, others): (Vec<_>, Vec<_>) =
        groups.dimensions.iter().copied().partition(|dimension| dimension.is_of_dates());
    if others.is_empty() {
        statement.push("SELECT 1::bigint, (SELECT count(*) FROM ");
    } else {
        let others = Groups {
            lines: groups.lines.clone(),
            dimensions: others,
            measures: Measures::default(),
            top: None,
            fill_gaps: false,
            engine: groups.engine.clone(),
        };
        statement.push("SELECT (SELECT count(*) FROM (");
        others.write_made(statement)?;
        statement.push(") AS other), (SELECT count(*) FROM ");
    }
    let bucket = of_dates.first().and_then(|dimension| dimension.bucket);
    write_buckets(statement, bucket, &Period::of(&groups.lines))?;
    statement.push(")");
    Ok(())
}

/// `(SELECT … AS bucket) AS days`
fn write_buckets(
    statement: &mut Statement<'_>,
    bucket: Option<Bucket>,
    period: &Period,
) -> Result<()> {
    statement.push("(SELECT ").push(match bucket {
        Some(Bucket::Week) => "generate_series(date_trunc('week', a), z, interval '7 days')::date",
        Some(Bucket::Month) => {
            "generate_series(date_trunc('month', a), z, interval '1 month')::date"
        }
        Some(Bucket::Quarter) => {
            "generate_series(date_trunc('quarter', a), z, interval '3 months')::date"
        }
        Some(Bucket::Year) => {
            "generate_series(extract(year FROM a)::integer, extract(year FROM z)::integer)"
        }
        Some(Bucket::Weekday) => "generate_series(1, 7)",
        Some(Bucket::Day) | None => "generate_series(a::date, z::date, interval '1 day')::date",
    });
    statement.push(" AS bucket FROM (SELECT greatest(");
    let order = statement.inner(table::<sales_order::Entity>());
    statement.push("min(").alias(order.alias).push(".order_date)");
    if let Some(from) = period.from {
        statement.push(", ").bind(from)?;
    }
    statement.push(") AS a, least(max(").alias(order.alias).push(".order_date)");
    if let Some(to) = period.to {
        statement.push(", ").bind(to)?;
    }
    statement.push(") AS z FROM ").table(order);
    // Without any order the bounds alone are no period.
    statement.push(" HAVING min(").alias(order.alias);
    statement.push(".order_date) IS NOT NULL) AS period WHERE a <= z) AS days");
    Ok(())
}

impl Period {
    /// What a condition says of the order's date of every line.
    pub(super) fn of(lines: &Condition) -> Self {
        let mut period = Self::default();
        period.narrow(lines);
        period
    }

    fn narrow(&mut self, lines: &Condition) {
        match lines {
            Condition::All(all) => all.iter().for_each(|one| self.narrow(one)),
            Condition::One { relation, condition }
                if relation.table.name == table::<sales_order::Entity>().name =>
            {
                self.narrow_by_order(condition);
            }
            Condition::Any(any) => {
                if let [only] = any.as_slice() {
                    self.narrow(only);
                }
            }
            _ => {}
        }
    }

    fn narrow_by_order(&mut self, order: &Condition) {
        match order {
            Condition::All(all) => all.iter().for_each(|one| self.narrow_by_order(one)),
            Condition::Any(any) => {
                if let [only] = any.as_slice() {
                    self.narrow_by_order(only);
                }
            }
            Condition::In { column, values, negated: false } if column.name == "order_date" => {
                let times = values.iter().filter_map(|value| match value {
                    Value::LocalDateTime(time) => Some(*time),
                    _ => None,
                });
                let (first, last) = (times.clone().min(), times.max());
                self.keep(first, last);
            }
            Condition::Compare { column, comparison, value: Value::LocalDateTime(time) }
                if column.name == "order_date" =>
            {
                let (from, to) = match comparison {
                    Comparison::Eq => (Some(*time), Some(*time)),
                    Comparison::Gt | Comparison::Gte => (Some(*time), None),
                    Comparison::Lte => (None, Some(*time)),
                    Comparison::Lt => (None, time.checked_sub_signed(TimeDelta::microseconds(1))),
                    Comparison::Ne => (None, None),
                };
                self.keep(from, to);
            }
            _ => {}
        }
    }

    fn keep(&mut self, from: Option<NaiveDateTime>, to: Option<NaiveDateTime>) {
        self.from = self.from.max(from);
        self.to = match (self.to, to) {
            (Some(known), Some(new)) => Some(known.min(new)),
            (known, new) => known.or(new),
        };
    }
}
