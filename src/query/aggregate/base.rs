//! The lines that are grouped, with what the grouping needs of each: one row a line,
//! whatever it refers to. A line names one order, one product and one offer, an
//! order one customer, and a customer at most one person: joining these never
//! multiplies lines.

use super::by::By;
use super::dimension::TO_ORDER;
use super::measure::{Measure, Measures, Subset};
use super::rollup::{DAY, Origin};
use crate::error::Result;
use entity::{sales_order, sales_order_line};

use crate::catalog::{Column, ToOne, column, table};
use crate::query::condition::Condition;
use crate::query::currency::Currency;
use crate::query::key::Key;
use crate::query::selection::{Selection, Source};
use crate::query::sql::alias::Alias;
use crate::query::sql::filter::{require, write_whether};
use crate::query::sql::statement::{Place, Statement};

/// What the subquery of the lines is called.
pub(super) const LINES: &str = "b";

/// An order's total, in the order.
fn total_due() -> &'static Column {
    column(sales_order::Column::TotalDue)
}

/// Its customer.
fn customer_id() -> &'static Column {
    column(sales_order::Column::CustomerId)
}

/// Lines, and what is read of each.
#[derive(Debug)]
pub(super) struct Base<'a> {
    /// Where they are read from: themselves, or what they come to by day.
    pub(super) origin: Origin,
    filter: &'a Condition,
    subsets: &'a [Subset],
    by: By<'a>,
    joins: Selection,
    /// Of each dimension, or of the owner's key.
    sources: Vec<Source>,
    total_due: Option<Source>,
    customer_id: Option<Source>,
    /// The currencies that amounts are converted to.
    currencies: Vec<Currency>,
    /// The row that has the day of a line.
    day: Source,
}

impl<'a> Base<'a> {
    pub(super) fn of(
        statement: &Statement<'_>,
        filter: &'a Condition,
        measures: &'a Measures,
        by: By<'a>,
    ) -> Self {
        let origin = if statement.by_day {
            Origin::of(statement.scope, filter, measures, by)
        } else {
            Origin::Lines
        };
        let mut joins = Selection::of(table::<sales_order_line::Entity>());
        let reach = |joins: &mut Selection, path: &[ToOne]| {
            path.iter()
                .filter(|relation| is_joined(origin, relation))
                .fold(Selection::ROW, |of, relation| joins.join(of, *relation))
        };
        let sources = match by {
            By::Dimensions(dimensions) => {
                dimensions.iter().map(|dimension| reach(&mut joins, &dimension.path)).collect()
            }
            By::Owners { path, .. } => vec![reach(&mut joins, path)],
        };
        let is_of_lines = origin == Origin::Lines;
        let has =
            |wanted| is_of_lines && measures.wanted.iter().any(|(_, measure)| *measure == wanted);
        let mut of_order = |wanted: bool| wanted.then(|| joins.join(Selection::ROW, *TO_ORDER));
        let total_due = of_order(has(Measure::OrderTotal));
        let customer_id = of_order(has(Measure::CustomerCount));
        for condition in std::iter::once(filter).chain(measures.lines()) {
            add_joins(&mut joins, Selection::ROW, condition, origin);
        }
        let subsets = &measures.subsets;
        let currencies = measures.currencies();
        let of_order = is_of_lines && !currencies.is_empty();
        let day = if of_order { joins.join(Selection::ROW, *TO_ORDER) } else { Selection::ROW };
        Self {
            origin,
            filter,
            subsets,
            by,
            joins,
            sources,
            total_due,
            customer_id,
            currencies,
            day,
        }
    }

    /// The names by which the lines are grouped.
    pub(super) fn names(&self) -> Vec<String> {
        match self.by {
            By::Dimensions(dimensions) => {
                dimensions.iter().map(|dimension| dimension.column.name.to_owned()).collect()
            }
            By::Owners { columns, .. } => {
                (1..=columns.len()).map(|number| format!("k{number}")).collect()
            }
        }
    }

    /// Whether this column of a line's order is among what is read.
    pub(super) fn reads(&self, column: &str) -> bool {
        [(self.total_due, total_due()), (self.customer_id, customer_id())]
            .iter()
            .any(|(source, known)| source.is_some() && known.name == column)
    }

    /// `(SELECT …) AS b`
    pub(super) fn write(&self, statement: &mut Statement<'_>) -> Result<()> {
        let row =
            Place { table: table::<sales_order_line::Entity>(), alias: Selection::ROW.alias() };
        let outer = std::mem::replace(&mut statement.joined, self.joined());
        statement.push("(SELECT ");
        let columns = if self.origin == Origin::Lines { OF_LINES } else { OF_DAYS };
        for (index, name) in columns.iter().enumerate() {
            statement.comma(index).alias(row.alias).push(".").push(name);
        }
        self.write_by(statement);
        for (source, column) in [(self.total_due, total_due()), (self.customer_id, customer_id())] {
            if let Some(source) = source {
                statement.push(", ").column(source.alias(), column).push(" AS of_");
                statement.push(column.name);
            }
        }
        for index in 0..self.currencies.len() {
            for part in ["numerator", "denominator"] {
                statement.push(", c").number(index).push(".").push(part).push(" AS ");
                write_rate(statement, part, index);
            }
        }
        let mut parts = 0;
        for (index, subset) in self.subsets.iter().enumerate().filter(|(_, part)| part.leaves_out())
        {
            statement.push(", ");
            write_whether(statement, &subset.lines, row)?;
            statement.push(" AS f").number(index);
            parts += 1;
        }
        statement.push(" FROM ").table(Place { table: self.origin.table(), ..row });
        statement.join(self.joins.joins())?;
        self.write_rates(statement)?;
        statement.conditions(" WHERE ", |statement| {
            if let By::Owners { columns, keys, .. } = self.by {
                self.write_owners(statement, columns, keys)?;
            }
            require(statement, self.filter, row)
        })?;
        // Keeps Postgres from asking anew for each measure whether a line is of its part.
        statement.push(if parts > 0 { " OFFSET 0) AS " } else { ") AS " }).push(LINES);
        statement.joined = outer;
        Ok(())
    }

    /// Joins the rates of each currency. Of a day they are asked for once.
    fn write_rates(&self, statement: &mut Statement<'_>) -> Result<()> {
        for (index, currency) in self.currencies.iter().enumerate() {
            let of = match self.origin {
                Origin::Lines => table::<sales_order::Entity>(),
                days => days.table(),
            };
            let of = statement.inner(of);
            statement.push(" JOIN (SELECT days.order_date, rate.numerator, rate.denominator FROM ");
            statement.push("(SELECT DISTINCT ").alias(of.alias).push(".order_date FROM ");
            statement.table(of).push(") AS days CROSS JOIN LATERAL conversion_rate(");
            statement.bind(currency.code().to_owned())?.push(", days.order_date) AS rate) AS c");
            statement.number(index).push(" ON c").number(index).push(".order_date = ");
            statement.alias(self.day.alias()).push(".order_date");
        }
        Ok(())
    }

    /// Where the rate of a currency is among what is read.
    pub(super) fn rate(&self, currency: Currency) -> Option<usize> {
        self.currencies.iter().position(|known| *known == currency)
    }

    fn write_by(&self, statement: &mut Statement<'_>) {
        let owner = self.sources.first().copied().unwrap_or(Selection::ROW);
        match self.by {
            By::Dimensions(dimensions) => {
                for (dimension, source) in dimensions.iter().zip(&self.sources) {
                    statement.push(", ").column(source.alias(), &dimension.value).push(" AS ");
                    statement.push(dimension.column.name);
                }
            }
            By::Owners { columns, .. } => {
                for (index, column) in columns.iter().enumerate() {
                    statement.push(", ").column(owner.alias(), column).push(" AS k");
                    statement.number(index + 1);
                }
            }
        }
    }

    fn write_owners(
        &self,
        statement: &mut Statement<'_>,
        columns: &[Column],
        keys: &[Key],
    ) -> Result<()> {
        let owner = self.sources.first().copied().unwrap_or(Selection::ROW);
        statement.condition();
        if let [column] = columns {
            statement.column(owner.alias(), column).push(" = ANY(");
            statement.bind_parts(column.kind, keys, 0)?.push(")");
            return Ok(());
        }
        statement.push("(");
        for (index, column) in columns.iter().enumerate() {
            statement.comma(index).column(owner.alias(), column);
        }
        statement.push(") IN (SELECT * FROM unnest(");
        for (index, column) in columns.iter().enumerate() {
            statement.comma(index).bind_parts(column.kind, keys, index)?;
        }
        statement.push("))");
        Ok(())
    }

    fn joined(&self) -> Vec<(Alias, ToOne, Place)> {
        let joins = self.joins.joins().map(|(source, of, relation)| {
            (of.alias(), relation, Place { table: relation.table, alias: source.alias() })
        });
        let row = Selection::ROW.alias();
        let day = (row, *TO_ORDER, Place { table: &DAY, alias: row });
        joins.chain((self.origin != Origin::Lines).then_some(day)).collect()
    }
}

/// The name of a part of a rate.
pub(super) fn write_rate(statement: &mut Statement<'_>, part: &str, index: usize) {
    statement.push(part).push("_").number(index);
}

/// What is read of lines.
const OF_LINES: &[&str] = &["sales_order_id", "order_quantity", "unit_price", "line_total"];
/// What is read of days, or of products and days.
const OF_DAYS: &[&str] = &[
    "line_count", "order_count", "order_total", "order_quantity_sum", "order_quantity_min",
    "order_quantity_max", "unit_price_sum", "unit_price_min", "unit_price_max", "line_total_sum",
    "line_total_min", "line_total_max",
];

/// Whether rows that it leads to are joined. A day stands for its orders.
fn is_joined(origin: Origin, relation: &ToOne) -> bool {
    origin == Origin::Lines || *relation != *TO_ORDER
}

/// Joins the rows that a condition is about, so that it asks them and not, line by
/// line, a subquery.
fn add_joins(joins: &mut Selection, of: Source, condition: &Condition, origin: Origin) {
    match condition {
        Condition::All(all) | Condition::Any(all) => {
            all.iter().for_each(|one| add_joins(joins, of, one, origin));
        }
        Condition::Not(inner) => add_joins(joins, of, inner, origin),
        Condition::One { relation, condition } if is_joined(origin, relation) => {
            let source = joins.join(of, *relation);
            add_joins(joins, source, condition, origin);
        }
        _ => {}
    }
}
