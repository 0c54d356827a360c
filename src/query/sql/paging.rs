//! The statement of a page, or of one page for each of many parents.
//!
//! Rows that are only read, and neither sorted by nor filtered, are joined to the
//! page when it is cut, not to the whole list: Postgres would join them all and
//! then throw most of them away.

use super::apart::{Apart, Decimals};
use super::cursor_places::CursorPlaces;
use super::filter::require;
use super::sort::{Aggregation, Sort, ties};
use super::statement::{Place, Statement};
use crate::catalog::{Kind, ToOne};
use crate::db::layout::Layout;
use crate::error::Result;
use crate::query::list::List;
use crate::query::selection::{Selection, Source};

/// What the statement of a list is made of.
pub(crate) struct Paging<'a> {
    list: &'a List<'a>,
    sort: Sort,
    /// The list's selection with the rows that the order refers to.
    joined: Selection,
    /// Keys of the order that are read for cursors, after the selection.
    extra: Vec<usize>,
    layout: Layout,
}

impl<'a> Paging<'a> {
    pub(crate) fn of(list: &'a List<'a>, layout: Layout) -> Self {
        let mut joined = list.selection.clone();
        let sort = Sort::of(list.page, &mut joined);
        let places = list.cursors.then(|| CursorPlaces::of(list.selection, &list.page.order));
        let extra = places.map(|places| places.extra).unwrap_or_default();
        Self { list, sort, joined, extra, layout }
    }

    /// How many values a row has.
    pub(crate) fn width(&self) -> usize {
        self.list.selection.columns().len() + self.extra.len()
    }

    /// The last key of the order. It is of the table's key, so it is never null.
    pub(crate) fn last_key(&self) -> usize {
        self.sort.len().saturating_sub(1)
    }

    /// The places of the values of cursors that are read after the selection.
    fn extra_of(&self, inner: &Self) -> Vec<usize> {
        let (page, table) = (self.list.page, self.list.selection.table());
        let places = CursorPlaces::of(inner.list.selection, &page.order);
        let tied: Vec<usize> = ties(&page.order, table).map(|(index, _)| index).collect();
        let of = |key: &usize| match key.checked_sub(page.order.keys.len()) {
            None => places.values.get(*key).copied(),
            Some(tie) => tied.get(tie).and_then(|index| places.key.get(*index)).copied(),
        };
        self.extra.iter().filter_map(of).collect()
    }

    /// A statement in two steps, of which `write` writes the first.
    fn write_apart(
        &self,
        statement: &mut Statement<'_>,
        apart: &Apart<'_>,
        decimals: Decimals,
        write: impl FnOnce(&Paging<'_>, &mut Statement<'_>) -> Result<()>,
    ) -> Result<()> {
        let list = List { selection: &apart.inner, ..*self.list };
        let inner = Paging::of(&list, self.layout);
        Apart::begin(statement, inner.width());
        write(&inner, statement)?;
        apart.end(statement, self.extra_of(&inner), decimals)
    }

    /// Leaves out rows that the caller may not see at all; before anything is written.
    pub(crate) fn hide(&self, statement: &mut Statement<'_>) {
        statement.hide(&self.joined);
    }

    /// The whole statement of one page.
    pub(crate) fn write(&self, statement: &mut Statement<'_>) -> Result<()> {
        if let Some(apart) = Apart::of(self.list.selection, self.layout)? {
            return self.write_apart(statement, &apart, Decimals::Text, |inner, statement| {
                inner.write(statement)
            });
        }
        self.hide(statement);
        statement.push("SELECT ");
        if self.late().next().is_some() {
            self.write_items(statement)?;
            statement.push(" FROM (");
            self.write_page_items(statement)?;
            self.write_from(statement, Aggregation::AtOnce, |_, _| {})?;
            self.write_cut(statement)?;
            statement.push(") AS child");
            self.write_late(statement)?;
            statement.push(" ORDER BY ");
            return self.write_child_order(statement);
        }
        for (index, (source, column)) in self.list.selection.columns().iter().enumerate() {
            statement.comma(index).selected(source.alias(), column).readable(column.kind);
        }
        for (index, key) in self.extra.iter().enumerate() {
            statement.comma(self.list.selection.columns().len() + index);
            self.sort.write_term(*key, statement)?;
            statement.readable(self.sort.kind(*key)?);
        }
        self.write_from(statement, Aggregation::AtOnce, |_, _| {})?;
        self.write_cut(statement)
    }

    /// The statement of the whole list, whatever the page. Decimals are selected as numbers.
    pub(crate) fn write_whole(&self, statement: &mut Statement<'_>) -> Result<()> {
        if let Some(apart) = Apart::of(self.list.selection, self.layout)? {
            return self.write_apart(statement, &apart, Decimals::Number, |inner, statement| {
                inner.write_whole(statement)
            });
        }
        self.hide(statement);
        statement.push("SELECT ");
        for (index, (source, column)) in self.list.selection.columns().iter().enumerate() {
            statement.comma(index).selected(source.alias(), column);
            statement.push(if column.kind == Kind::Decimal { "::numeric" } else { "" });
        }
        let row = Place { table: self.joined.table(), alias: Selection::ROW.alias() };
        statement.push(" FROM ");
        self.list.rows.write(statement, row)?;
        // Nothing is cut, so nothing is gained by joining late.
        let hidden = statement.hidden.clone();
        let joins = self.joined.joins();
        statement.join(joins.filter(|(source, ..)| !hidden.contains(&source.alias())))?;
        self.sort.join_aggregates(statement, row, Aggregation::AtOnce)?;
        require(statement, self.list.condition, row)?;
        statement.push(" ORDER BY ");
        self.sort.write_order(statement, false, |index, statement| {
            self.sort.write_term(index, statement)
        })
    }

    /// A page of one of many parents as a subquery, which is called `child`.
    pub(crate) fn write_page(
        &self,
        statement: &mut Statement<'_>,
        bound: impl FnOnce(&mut Statement<'_>, Place),
    ) -> Result<()> {
        self.write_page_items(statement)?;
        self.write_from(statement, Aggregation::RowByRow, bound)?;
        self.write_cut(statement)
    }

    /// What is selected of the rows of a page.
    fn write_page_items(&self, statement: &mut Statement<'_>) -> Result<()> {
        statement.push("SELECT ");
        for index in 0..self.sort.len() {
            statement.comma(index);
            self.sort.write_term(index, statement)?;
            statement.push(" AS s").number(index);
        }
        for (index, (source, column)) in self.list.selection.columns().iter().enumerate() {
            if self.is_early(*source) {
                statement.push(", ").selected(source.alias(), column).push(" AS c").number(index);
            }
        }
        for (source, of, relation) in self.late().filter(|(_, of, _)| self.is_early(*of)) {
            if statement.is_hidden(source.alias()) {
                continue;
            }
            for (index, column) in relation.from.iter().enumerate() {
                statement.push(", ").selected(of.alias(), column).push(" AS ");
                write_link(statement, source, index);
            }
        }
        Ok(())
    }

    /// From FROM on, before rows are cut off.
    fn write_from(
        &self,
        statement: &mut Statement<'_>,
        how: Aggregation,
        bound: impl FnOnce(&mut Statement<'_>, Place),
    ) -> Result<()> {
        let row = Place { table: self.joined.table(), alias: Selection::ROW.alias() };
        statement.push(" FROM ");
        self.list.rows.write(statement, row)?;
        let early = self.joined.joins().filter(|(source, ..)| self.is_early(*source));
        statement.join(early)?;
        self.sort.join_aggregates(statement, row, how)?;
        bound(statement, row);
        require(statement, self.list.condition, row)?;
        let page = self.list.page;
        self.sort.bound(statement, page, row.table)
    }

    /// One row more than the page holds is asked for, to know whether there are more.
    fn write_cut(&self, statement: &mut Statement<'_>) -> Result<()> {
        let page = self.list.page;
        statement.push(" ORDER BY ");
        self.sort.write_order(statement, page.backwards, |index, statement| {
            self.sort.write_term(index, statement)
        })?;
        // As text: it is a number and no one else's, and if it were bound Postgres would
        // plan the statement anew each time, for it expects that many rows are wanted.
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX).saturating_add(1);
        statement.push(" LIMIT ").number(limit);
        Ok(())
    }

    /// What is selected, of `child` and the rows that are joined to it.
    pub(crate) fn write_items(&self, statement: &mut Statement<'_>) -> Result<()> {
        for (index, (source, column)) in self.list.selection.columns().iter().enumerate() {
            statement.comma(index);
            if self.is_early(*source) {
                statement.push("child.c").number(index);
            } else {
                statement.selected(source.alias(), column);
            }
            statement.readable(column.kind);
        }
        for (index, key) in self.extra.iter().enumerate() {
            statement.comma(self.list.selection.columns().len() + index);
            statement.push("child.s").number(*key).readable(self.sort.kind(*key)?);
        }
        Ok(())
    }

    /// Joins to `child` what it does not have.
    pub(crate) fn write_late(&self, statement: &mut Statement<'_>) -> Result<()> {
        for (source, of, relation) in self.late() {
            if statement.is_hidden(source.alias()) {
                continue;
            }
            let row = Place { table: relation.table, alias: source.alias() };
            statement.push(" LEFT JOIN ").table(row);
            statement.conditions(" ON ", |statement| {
                for (index, (own, from)) in row.table.key.iter().zip(relation.from).enumerate() {
                    statement.condition().column(row.alias, own).push(" = ");
                    if self.is_early(of) {
                        statement.push("child.");
                        write_link(statement, source, index);
                    } else {
                        statement.column(of.alias(), from);
                    }
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// The order of `child` as a list for ORDER BY.
    pub(crate) fn write_child_order(&self, statement: &mut Statement<'_>) -> Result<()> {
        self.sort.write_order(statement, self.list.page.backwards, |index, statement| {
            statement.push("child.s").number(index);
            Ok(())
        })
    }

    /// Whether a row is there before rows are cut off: those that the order needs and, on a
    /// cluster, where each machine joins its own rows, all.
    fn is_early(&self, source: Source) -> bool {
        self.layout.is_distributed() || self.sort.needs(source)
    }

    /// Joined rows that the order does not need.
    fn late(&self) -> impl Iterator<Item = (Source, Source, ToOne)> {
        self.joined.joins().filter(|(source, ..)| !self.is_early(*source))
    }
}

/// The name in `child` of a column that refers to a row.
fn write_link(statement: &mut Statement<'_>, source: Source, index: usize) {
    statement.push("j").number(source.number()).push("_").number(index);
}

mod below;
#[cfg(test)]
mod tests;
