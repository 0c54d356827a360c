//! What only the coordinator of a cluster knows of rows that are on other machines: the ledger, as
//! where a row came from. Rows are read first, and then looked up there.

use migration::distribution;

use super::audience::{require_column, require_table};
use super::statement::{Place, Statement};
use crate::catalog::{Column, Kind};
use crate::db::layout::Layout;
use crate::error::{Error, Result};
use crate::query::selection::{Selection, Source};

/// How decimals are selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decimals {
    /// As text, to the last digit.
    Text,
    /// As numbers.
    Number,
}

/// A selection in two steps.
#[derive(Debug)]
pub(crate) struct Apart<'a> {
    selection: &'a Selection,
    /// What is read first.
    pub(crate) inner: Selection,
    /// Each value of the selection.
    values: Vec<Found>,
    /// Rows of the coordinator: of whose row, and where its reference is.
    joins: Vec<(Source, Place, Vec<Found>)>,
}

/// Where a value is.
#[derive(Debug, Clone)]
enum Found {
    /// Among what is read first.
    Inner(usize),
    /// Made of values that are.
    Made(&'static Column, Vec<(&'static str, usize)>),
    /// In a row of the coordinator.
    Local(Source, &'static Column),
}

impl<'a> Apart<'a> {
    /// `None` where one step does.
    pub(crate) fn of(selection: &'a Selection, layout: Layout) -> Result<Option<Self>> {
        let is_local = |source| distribution::is_on_coordinator(selection.table_of(source).name);
        if !layout.is_distributed() || is_local(Selection::ROW) {
            return Ok(None);
        }
        let needs_both = selection.joins().any(|(source, ..)| is_local(source))
            || selection.columns().iter().any(|(_, column)| column.is_of_coordinator);
        if !needs_both {
            return Ok(None);
        }
        let inner = Selection::of(selection.table());
        let mut apart = Self { selection, inner, values: Vec::new(), joins: Vec::new() };
        // The row that is read first for each row of the selection.
        let mut known = vec![Some(Selection::ROW)];
        for (source, of, relation) in selection.joins() {
            let first = known.get(of.number()).copied().flatten();
            match first {
                Some(first) if !is_local(source) => {
                    known.push(Some(apart.inner.join(first, relation)));
                }
                _ => {
                    known.push(None);
                    let row = Place { table: relation.table, alias: source.alias() };
                    let from = relation.from.iter();
                    let from = from.map(|column| apart.find(of, first, column)).collect();
                    apart.joins.push((of, row, from));
                }
            }
        }
        for (source, column) in selection.columns() {
            let first = known.get(source.number()).copied().flatten();
            let value = apart.find(*source, first, column);
            apart.values.push(value);
        }
        Ok(Some(apart))
    }

    fn find(&mut self, of: Source, first: Option<Source>, column: &'static Column) -> Found {
        let Some(first) = first else { return Found::Local(of, column) };
        let expression = column.expression.filter(|_| column.is_of_coordinator);
        let Some(expression) = expression else {
            return Found::Inner(self.inner.column(first, column));
        };
        let table = self.inner.table_of(first);
        let names = expression.split("@.").skip(1).filter_map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            rest.get(..end.unwrap_or(rest.len()))
        });
        let inputs = names.filter_map(|name| Some((name, table.column(name)?)));
        let inputs: Vec<_> = inputs.collect();
        let inputs =
            inputs.into_iter().map(|(name, input)| (name, self.inner.column(first, input)));
        Found::Made(column, inputs.collect())
    }

    /// Before the statement of the first step, which has so many values.
    pub(crate) fn begin(statement: &mut Statement<'_>, width: usize) {
        statement.push("WITH read (");
        for index in 0..width {
            statement.comma(index).push("c").number(index);
        }
        statement.push(") AS MATERIALIZED (");
    }

    /// After it: the selection, and values of the first step after it.
    pub(crate) fn end(
        &self,
        statement: &mut Statement<'_>,
        more: impl IntoIterator<Item = usize>,
        decimals: Decimals,
    ) -> Result<()> {
        // Those of the second step have names of their own.
        statement.hidden.clear();
        for (source, of, relation) in self.selection.joins() {
            if statement.is_hidden(of.alias())
                || require_table(statement.scope, relation.table).is_err()
            {
                statement.hidden.push(source.alias());
            }
        }
        statement.push(") SELECT ");
        for (index, value) in self.values.iter().enumerate() {
            statement.comma(index);
            self.write_value(statement, value, decimals)?;
        }
        for (index, more) in more.into_iter().enumerate() {
            statement.comma(self.values.len() + index).push("read.c").number(more);
        }
        statement.push(" FROM (SELECT *, row_number() OVER () AS place FROM read) AS read");
        for (of, row, from) in &self.joins {
            if statement.is_hidden(row.alias) || statement.is_hidden(of.alias()) {
                continue;
            }
            statement.push(" LEFT JOIN ").table(*row).push(" ON ");
            for (index, (own, from)) in row.table.key.iter().zip(from).enumerate() {
                statement.push(if index > 0 { " AND " } else { "" });
                statement.column(row.alias, own).push(" = ");
                write_found(statement, from)?;
            }
        }
        // A table of the coordinator, so that it and no other machine does this.
        statement.push(" CROSS JOIN data_state ORDER BY read.place");
        Ok(())
    }

    fn write_value(
        &self,
        statement: &mut Statement<'_>,
        value: &Found,
        decimals: Decimals,
    ) -> Result<()> {
        match value {
            Found::Inner(_) => return write_found(statement, value),
            Found::Local(source, column) => {
                statement.selected(source.alias(), column);
                match (column.kind, decimals) {
                    (Kind::Decimal, Decimals::Number) => statement.push("::numeric"),
                    (kind, _) => statement.readable(kind),
                };
            }
            Found::Made(column, _) if require_column(statement.scope, column).is_err() => {
                statement.push("NULL::").push(column.kind.sql_type());
            }
            Found::Made(..) => write_found(statement, value)?,
        }
        Ok(())
    }
}

fn write_found(statement: &mut Statement<'_>, value: &Found) -> Result<()> {
    match value {
        Found::Inner(index) => {
            statement.push("read.c").number(*index);
        }
        Found::Local(source, column) => {
            statement.column(source.alias(), column);
        }
        Found::Made(column, inputs) => {
            let missing = || Error::internal("a value of the coordinator has no row");
            let mut parts = column.expression.ok_or_else(missing)?.split("@.");
            statement.push(parts.next().unwrap_or_default());
            for (part, (name, index)) in parts.zip(inputs) {
                statement.push("read.c").number(*index);
                statement.push(part.strip_prefix(name).unwrap_or_default());
            }
        }
    }
    Ok(())
}
