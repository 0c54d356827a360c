//! Pages of many parents, by one statement.

use super::Paging;
use crate::db::layout::Layout;
use crate::error::Result;
use crate::query::list::{Below, List};
use crate::query::selection::Selection;
use crate::query::sql::apart::{Apart, Decimals};
use crate::query::sql::sort::Aggregation;
use crate::query::sql::statement::Statement;

impl Paging<'_> {
    /// The whole statement: what is selected and then the parent's place, from 1. At most so many
    /// rows of all.
    pub(crate) fn write_below(
        &self,
        statement: &mut Statement<'_>,
        below: Below<'_>,
        most: i64,
    ) -> Result<()> {
        if let Some(apart) = Apart::of(self.list.selection, self.layout)? {
            let list = List { selection: &apart.inner, ..*self.list };
            let inner = Paging::of(&list, self.layout);
            Apart::begin(statement, inner.width() + 1);
            inner.write_below(statement, below, most)?;
            let more = self.extra_of(&inner).into_iter().chain([inner.width()]);
            return apart.end(statement, more, Decimals::Text);
        }
        self.hide(statement);
        statement.push("SELECT ");
        self.write_items(statement)?;
        statement.comma(self.width()).push("parent.position FROM ");
        statement.push_keys(below.columns, below.parents)?;
        match self.layout {
            Layout::Single => {
                statement.push(" CROSS JOIN LATERAL (");
                self.write_page(statement, |statement, row| {
                    statement.match_parent(row.alias, below.columns);
                })?;
                statement.push(") AS child");
            }
            Layout::Distributed => self.write_placed(statement, below)?,
        }
        self.write_late(statement)?;
        statement.push(" ORDER BY parent.position, ");
        self.write_child_order(statement)?;
        statement.push(" LIMIT ").bind(most)?;
        Ok(())
    }

    /// ` JOIN (…) AS child ON …`, to the keys of the parents. On a cluster there is no subquery
    /// for each parent: the rows of all are numbered by parent, and those of the pages stay.
    fn write_placed(&self, statement: &mut Statement<'_>, below: Below<'_>) -> Result<()> {
        let row = Selection::ROW.alias();
        statement.push(" JOIN (SELECT * FROM (");
        self.write_page_items(statement)?;
        for (index, column) in below.columns.iter().enumerate() {
            statement.push(", ").column(row, column).push(" AS p").number(index + 1);
        }
        statement.push(", row_number() OVER (PARTITION BY ");
        for (index, column) in below.columns.iter().enumerate() {
            statement.comma(index).column(row, column);
        }
        statement.push(" ORDER BY ");
        let page = self.list.page;
        self.sort.write_order(statement, page.backwards, |index, statement| {
            self.sort.write_term(index, statement)
        })?;
        statement.push(") AS place");
        let mut bound = Ok(());
        self.write_from(statement, Aggregation::AtOnce, |statement, _| {
            bound = write_parents(statement, below);
        })?;
        bound?;
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX).saturating_add(1);
        statement.push(") AS placed WHERE placed.place <= ").number(limit).push(") AS child ON ");
        for number in 1..=below.columns.len() {
            statement.push(if number > 1 { " AND child.p" } else { "child.p" }).number(number);
            statement.push(" = parent.k").number(number);
        }
        Ok(())
    }
}

/// The condition that a row is below one of the parents, as far as the first column of their keys
/// tells: the join does the rest.
fn write_parents(statement: &mut Statement<'_>, below: Below<'_>) -> Result<()> {
    let Some(first) = below.columns.first() else { return Ok(()) };
    statement.condition().column(Selection::ROW.alias(), first).push(" = ANY (");
    statement.bind_parts(first.kind, below.parents, 0)?.push(")");
    Ok(())
}
