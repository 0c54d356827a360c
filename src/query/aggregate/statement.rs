//! The statement that groups are read by: the first of each, with gaps filled.

use sqlx::Row as _;

use super::by::By;
use super::dimension::{DIMENSIONS, SALES_GROUP};
use super::gaps;
use super::groups::Groups;
use super::rollup::Origin;
use super::totals::{write_shown, write_value};
use crate::auth::Scope;
use crate::error::{Error, Result};
use crate::query::argument::bad_argument;
use crate::query::executor::Reader;
use crate::query::order::{Direction, Nulls, Order, OrderBy};
use crate::query::selection::Selection;
use crate::query::sql::filter::require;
use crate::query::sql::statement::{Place, Statement};

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
        statement.push("SELECT ");
        for (index, dimension) in self.dimensions.iter().enumerate() {
            statement.comma(index).push("made.").push(dimension.column.name);
        }
        for place in 0..self.measures.wanted.len() {
            statement.comma(self.dimensions.len() + place);
            write_shown(statement, "made", place, &self.measures);
            statement.push(" AS ");
            write_value(statement, place);
        }
        let shown = self.dimensions.len() + self.measures.wanted.len();
        let others = DIMENSIONS.iter().filter(|one| !self.dimensions.contains(one));
        for (index, dimension) in others.enumerate() {
            statement.comma(shown + index).push("NULL::");
            statement.push(dimension.column.kind.sql_type()).push(" AS ");
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
}

/// Most groups when gaps are filled.
const MOST_FILLED: i64 = 1_000_000;

impl Reader {
    /// What there is to know before groups are read: whether they are read by day.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` when there would be too many to fill the gaps between them.
    pub(in crate::query) async fn prepare(&self, scope: &Scope, groups: &Groups) -> Result<bool> {
        let by = By::Dimensions(&groups.dimensions);
        let origin = Origin::of(scope, &groups.lines, &groups.measures, by);
        let by_day = groups.is_of_postgres() && self.reads_by_day(origin).await?;
        if groups.fill_gaps {
            let mut statement = Statement::over(scope, self.layout().await?);
            statement.by_day = by_day;
            gaps::write_size(groups, &mut statement)?;
            let rows = statement.fetch_all(self).await?;
            let row = rows.first().ok_or_else(|| Error::internal("the gaps gave no row"))?;
            let (others, buckets): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
            let all = others.saturating_mul(buckets);
            if all > MOST_FILLED {
                let message = format!(
                    "fillGaps: {others} groups for each of {buckets} days, weeks or so would be \
                     {all}; the limit is {MOST_FILLED}: ask for a shorter period or group by less"
                );
                return Err(bad_argument("fillGaps", message));
            }
        }
        Ok(by_day)
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
