//! Whether a row has related ones, on a cluster. A subquery that names the row around it is
//! refused there unless both are on one machine; one that does not is executed first.

use super::statement::{Place, Statement};
use crate::catalog::{Column, Table};
use crate::error::Result;

/// Between the name and the text of what is read before a statement.
const AHEAD: &str = " AS MATERIALIZED (";

impl Statement<'_> {
    /// Has the subquery that was written from here on read before the statement.
    fn read_ahead(&mut self, from: usize) {
        let query = self.text.split_off(from);
        let name = format!("ahead{}", self.ahead.matches(AHEAD).count());
        self.push("SELECT * FROM ").push(&name);
        self.ahead.push_str(if self.ahead.is_empty() { "WITH " } else { ", " });
        self.ahead.push_str(&[&name, AHEAD, &query, ")"].concat());
    }

    /// The text, after what is read before.
    pub(super) fn whole_text(&mut self) -> String {
        let text = std::mem::take(&mut self.text);
        match (self.ahead.as_str(), text.strip_prefix("WITH ")) {
            ("", _) => text,
            (ahead, Some(rest)) => [ahead, ", ", rest].concat(),
            (ahead, None) => [ahead, " ", &text].concat(),
        }
    }
}

/// `(a IN (SELECT b …))`: whether columns of a row are those of a row that fulfils what
/// `conditions` writes. True or false, never null.
pub(super) fn write_in(
    statement: &mut Statement<'_>,
    (row, columns): (Place, &[Column]),
    (table, by): (&'static Table, &[Column]),
    conditions: impl FnOnce(&mut Statement<'_>, Place) -> Result<()>,
) -> Result<()> {
    let other = statement.inner(table);
    statement.push("(");
    for column in columns.iter().filter(|column| column.nullable) {
        statement.column(row.alias, column).push(" IS NOT NULL AND ");
    }
    write_columns(statement, row, columns);
    statement.push(" IN (");
    let from = statement.text.len();
    statement.push("SELECT ");
    for (index, column) in by.iter().enumerate() {
        statement.comma(index).column(other.alias, column);
    }
    statement.push(" FROM ").table(other);
    statement.conditions(" WHERE ", |statement| {
        for column in by.iter().filter(|column| column.nullable) {
            statement.condition().column(other.alias, column).push(" IS NOT NULL");
        }
        conditions(statement, other)
    })?;
    if statement.reads_ahead {
        statement.read_ahead(from);
    }
    statement.push("))");
    Ok(())
}

/// `a`, or `(a, b)`.
fn write_columns(statement: &mut Statement<'_>, row: Place, columns: &[Column]) {
    statement.push("(");
    for (index, column) in columns.iter().enumerate() {
        statement.comma(index).column(row.alias, column);
    }
    statement.push(")");
}
