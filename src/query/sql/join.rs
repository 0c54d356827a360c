//! Joins to the rows that a row refers to.

use super::statement::{Place, Statement};
use crate::catalog::ToOne;
use crate::error::Result;
use crate::query::selection::Source;

impl Statement<'_> {
    /// Joins visible rows to those that refer to them; where there is none it is all nulls.
    pub(crate) fn join(
        &mut self,
        joins: impl Iterator<Item = (Source, Source, ToOne)>,
    ) -> Result<()> {
        for (source, of, relation) in joins {
            let row = Place { table: relation.table, alias: source.alias() };
            self.push(" LEFT JOIN ").table(row);
            self.conditions(" ON ", |statement| {
                statement.link((row.alias, row.table.key), (of.alias(), relation.from));
                Ok(())
            })?;
        }
        Ok(())
    }
}
