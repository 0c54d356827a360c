//! Groups of sales as the rows of a list.

use super::base::{Base, By};
use super::dimension::{ALL, Dimension, SALES_GROUP, sql_type};
use super::gaps;
use super::measure::Measures;
use super::totals::Totals;
use crate::error::{Error, Result};
use crate::query::condition::Condition;
use crate::query::filter::require;
use crate::query::order::{Direction, Nulls, Order, OrderBy};
use crate::query::selection::Selection;
use crate::query::statement::{Place, Statement};

/// Lines put together, and what is measured of them. The rows of
/// [`SALES_GROUP`] that a list of it reads.
#[derive(Debug, Clone)]
pub struct Groups {
    /// Which lines.
    pub lines: Condition,
    /// By what; without any there is one group, also of no line.
    pub dimensions: Vec<&'static Dimension>,
    /// What is measured.
    pub measures: Measures,
    /// Keeps the first groups of each.
    pub top: Option<Top>,
    /// Whether there are also groups for days without sales.
    pub fill_gaps: bool,
}

/// The first groups within each value of some of the dimensions.
#[derive(Debug, Clone)]
pub struct Top {
    /// Within each value of these.
    pub by: Vec<&'static Dimension>,
    /// So many.
    pub first: u32,
    /// Of the groups that fulfil this.
    pub having: Condition,
    /// In this order, to the last key.
    pub order: Order,
}

impl Groups {
    /// The groups as a subquery.
    pub(in crate::query) fn write(&self, statement: &mut Statement<'_>) -> Result<()> {
        let Some(top) = &self.top else { return self.write_filled(statement) };
        let row = Place { table: &SALES_GROUP, alias: Selection::ROW.alias() };
        statement.push("SELECT * FROM (SELECT *, row_number() OVER (");
        for (index, dimension) in top.by.iter().enumerate() {
            statement.push(if index == 0 { "PARTITION BY " } else { ", " });
            statement.column(row.alias, &dimension.column);
        }
        statement.push(" ORDER BY ");
        write_order(statement, &top.order, row)?;
        statement.push(") AS place FROM (");
        self.write_filled(statement)?;
        statement.push(") AS ").alias(row.alias);
        statement.conditions(" WHERE ", |statement| require(statement, &top.having, row))?;
        statement.push(") AS ").alias(row.alias).push(" WHERE ").alias(row.alias);
        let first = usize::try_from(top.first).unwrap_or(usize::MAX);
        statement.push(".place <= ").number(first);
        Ok(())
    }

    /// Each dimension and each measure a column; null what is not grouped by.
    fn write_filled(&self, statement: &mut Statement<'_>) -> Result<()> {
        statement.push("SELECT *");
        for dimension in ALL.iter().filter(|one| !self.dimensions.contains(one)) {
            statement.push(", NULL::").push(sql_type(dimension.column.kind)).push(" AS ");
            statement.push(dimension.column.name);
        }
        statement.push(" FROM (");
        if self.fill_gaps {
            gaps::write(self, statement)?;
        } else {
            self.write_made(statement)?;
        }
        statement.push(") AS made");
        Ok(())
    }

    /// The groups that there are, without what they are not grouped by.
    pub(super) fn write_made(&self, statement: &mut Statement<'_>) -> Result<()> {
        let base = Base::of(
            statement.scope,
            &self.lines,
            &self.measures,
            By::Dimensions(&self.dimensions),
        );
        Totals { base: &base, measures: &self.measures }.write(statement)
    }
}

/// An order of groups as a list for ORDER BY.
fn write_order(statement: &mut Statement<'_>, order: &Order, row: Place) -> Result<()> {
    for (index, key) in order.keys.iter().enumerate() {
        let OrderBy::Column(column) = key.by else {
            return Err(Error::internal("groups are ordered by their own columns"));
        };
        statement.comma(index).column(row.alias, column);
        statement.push(match key.direction {
            Direction::Asc => " ASC",
            Direction::Desc => " DESC",
        });
        statement.push(match key.nulls {
            Nulls::First => " NULLS FIRST",
            Nulls::Last => " NULLS LAST",
        });
    }
    Ok(())
}
