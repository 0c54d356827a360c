//! Measures of the lines that belong to rows: to a product, a customer.

use super::base::Base;
use super::by::By;
use super::measure::{Measures, value};
use super::rollup::Origin;
use super::totals::Totals;
use crate::auth::Scope;
use crate::catalog::Column;
use crate::catalog::ToOne;
use crate::error::Result;
use crate::query::condition::Condition;
use crate::query::executor::Reader;
use crate::query::key::Key;
use crate::query::row::Row;
use crate::query::sql::statement::Statement;

/// Rows that lines belong to.
#[derive(Debug, Clone, Copy)]
pub struct Owners<'a> {
    /// The references from a line to the row that holds their key.
    pub path: &'a [ToOne],
    /// The columns that hold it there.
    pub columns: &'a [Column],
    /// Their keys.
    pub keys: &'a [Key],
}

impl Reader {
    /// For each owner, in their order, what is measured of the lines that belong to
    /// it: a row with each measure at its place. One statement for all of them.
    ///
    /// # Errors
    /// As any query.
    pub async fn measure(
        &self,
        scope: &Scope,
        lines: &Condition,
        measures: &Measures,
        owners: Owners<'_>,
    ) -> Result<Vec<Row>> {
        let Owners { path, columns, keys } = owners;
        let mut statement = Statement::new(scope);
        let by = By::Owners { path, columns, keys };
        statement.by_day = self.reads_by_day(Origin::of(scope, lines, measures, by)).await?;
        statement.push("SELECT ");
        for (place, (_, measure)) in measures.wanted.iter().enumerate() {
            statement.comma(place);
            let zero = measure.is_zero_of_nothing();
            statement.push(if zero { "coalesce(made." } else { "(made." });
            statement.push(value(place).map_or("", |column| column.name));
            statement.push(if zero { ", 0)::text" } else { ")::text" });
        }
        statement.push(" FROM ").push_keys(columns, keys)?.push(" LEFT JOIN (");
        let base = Base::of(&statement, lines, measures, by);
        Totals { base: &base, measures }.write(&mut statement)?;
        statement.push(") AS made ON ");
        for number in 1..=columns.len() {
            statement.push(if number > 1 { " AND made.k" } else { "made.k" }).number(number);
            statement.push(" = parent.k").number(number);
        }
        statement.push(" ORDER BY parent.position");
        Ok(statement.fetch_all(self.connections()).await?.into_iter().map(Row::new).collect())
    }
}
