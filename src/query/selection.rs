//! What a statement reads.

use crate::catalog::ToOne;
use crate::catalog::{Column, Table};

/// What one statement reads: columns of a table's rows and of the rows these
/// refer to. Where there is no such row its columns are null, its key among them.
#[derive(Debug, Clone)]
pub struct Selection {
    table: &'static Table,
    joins: Vec<(Source, ToOne)>,
    columns: Vec<(Source, &'static Column)>,
}

/// One of the rows a statement joins: [`Selection::ROW`] is the table's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Source(usize);

impl Selection {
    /// The table's own row.
    pub const ROW: Source = Source(0);

    /// Nothing yet of this table.
    #[must_use]
    pub const fn of(table: &'static Table) -> Self {
        Self { table, joins: Vec::new(), columns: Vec::new() }
    }

    /// The table of [`Selection::ROW`].
    #[must_use]
    pub const fn table(&self) -> &'static Table {
        self.table
    }

    /// The table of a source.
    #[must_use]
    pub fn table_of(&self, source: Source) -> &'static Table {
        let join = source.0.checked_sub(1).and_then(|index| self.joins.get(index));
        join.map_or(self.table, |(_, relation)| relation.table)
    }

    /// The row that `of` refers to. The same relation of the same source is joined
    /// once.
    pub fn join(&mut self, of: Source, relation: ToOne) -> Source {
        self.find_join(of, relation).unwrap_or_else(|| {
            self.joins.push((of, relation));
            Source(self.joins.len())
        })
    }

    /// Where in the row the column of a source is; adds it when it is new.
    pub fn column(&mut self, of: Source, column: &'static Column) -> usize {
        self.find(of, column).unwrap_or_else(|| {
            self.columns.push((of, column));
            self.columns.len() - 1
        })
    }

    /// Where in the row the columns of a source's key are; adds the missing.
    pub fn key(&mut self, of: Source) -> Vec<usize> {
        self.table_of(of).key.iter().map(|column| self.column(of, column)).collect()
    }

    pub(super) fn find_join(&self, of: Source, relation: ToOne) -> Option<Source> {
        let index = self.joins.iter().position(|known| *known == (of, relation))?;
        Some(Source(index + 1))
    }

    pub(super) fn find(&self, of: Source, column: &Column) -> Option<usize> {
        self.columns.iter().position(|(source, known)| *source == of && known.name == column.name)
    }

    pub(super) fn columns(&self) -> &[(Source, &'static Column)] {
        &self.columns
    }

    /// Each joined row, with the row that refers to it, in an order in which they
    /// can be joined.
    pub(crate) fn joins(&self) -> impl Iterator<Item = (Source, Source, ToOne)> {
        self.joins
            .iter()
            .enumerate()
            .map(|(index, (of, relation))| (Source(index + 1), *of, *relation))
    }
}

impl Source {
    pub(super) const fn alias(self) -> crate::query::sql::alias::Alias {
        crate::query::sql::alias::Alias::row(self.0)
    }

    /// Its place among the rows that are joined.
    pub(super) const fn number(self) -> usize {
        self.0
    }
}
