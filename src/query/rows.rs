//! Where the rows of a list come from.

use super::aggregate::Groups;
use crate::error::Result;
use crate::query::sql::statement::{Place, Statement};

/// Where the rows of a list come from.
#[derive(Debug, Clone, Copy)]
pub enum Rows<'a> {
    /// From its table.
    Table,
    /// They are groups of sales.
    Groups(&'a Groups),
}

impl Rows<'_> {
    /// Writes them as they stand after FROM.
    pub(super) fn write(self, statement: &mut Statement<'_>, row: Place) -> Result<()> {
        match self {
            Self::Table => {
                statement.table(row);
            }
            Self::Groups(groups) => {
                statement.push("(");
                groups.write(statement)?;
                statement.push(") AS ").alias(row.alias);
            }
        }
        Ok(())
    }
}
