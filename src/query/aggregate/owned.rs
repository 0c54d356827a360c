//! Measures of the lines that belong to rows: to a product, a customer.

use super::base::Base;
use super::by::By;
use super::measure::Measures;
use super::rollup::Origin;
use super::totals::{Totals, write_shown};
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

/// How measures are selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MeasureForm {
    /// As text.
    Text,
    /// As numbers.
    Number,
}

impl Reader {
    /// For each owner, in their order, what is measured of the lines that belong to
    /// it: a row with each measure at its place, in this form. One statement for all of them.
    ///
    /// # Errors
    /// As any query.
    pub async fn measure(
        &self,
        scope: &Scope,
        lines: &Condition,
        measures: &Measures,
        owners: Owners<'_>,
        form: MeasureForm,
    ) -> Result<Vec<Row>> {
        let Owners { path, columns, keys } = owners;
        let mut statement = Statement::over(scope, self.layout().await?);
        let by = By::Owners { path, columns, keys };
        statement.by_day = self.reads_by_day(Origin::of(scope, lines, measures, by)).await?;
        owners.write(&mut statement, lines, measures, form)?;
        Ok(statement.fetch_all(self).await?.into_iter().map(Row::new).collect())
    }
}

impl Owners<'_> {
    /// Whether a caller may read what is measured of these lines.
    ///
    /// # Errors
    /// `FORBIDDEN` with what is missing.
    pub fn check(self, scope: &Scope, lines: &Condition, measures: &Measures) -> Result<()> {
        let mut statement = Statement::new(scope);
        self.write(&mut statement, lines, measures, MeasureForm::Number)?;
        statement.check()
    }

    fn write(
        self,
        statement: &mut Statement<'_>,
        lines: &Condition,
        measures: &Measures,
        form: MeasureForm,
    ) -> Result<()> {
        let Owners { path, columns, keys } = self;
        let by = By::Owners { path, columns, keys };
        statement.push("SELECT ");
        for place in 0..measures.wanted.len() {
            statement.comma(place);
            write_shown(statement, "made", place, measures);
            statement.push(match form {
                MeasureForm::Text => "::text",
                MeasureForm::Number => "::numeric",
            });
        }
        statement.push(" FROM ").push_keys(columns, keys)?.push(" LEFT JOIN (");
        let base = Base::of(statement, lines, measures, by);
        Totals { base: &base, measures }.write(statement)?;
        statement.push(") AS made ON ");
        for number in 1..=columns.len() {
            statement.push(if number > 1 { " AND made.k" } else { "made.k" }).number(number);
            statement.push(" = parent.k").number(number);
        }
        statement.push(" ORDER BY parent.position");
        Ok(())
    }
}
