//! Orders as SQL: what rows are sorted by, and which come after a position.

use super::alias::Alias;
use super::statement::{Place, Statement};
use crate::catalog::ToMany;
use crate::catalog::{Column, Kind, Table};
use crate::error::{Error, Result};
use crate::query::cursor::Position;
use crate::query::order::{Direction, Nulls, Order, OrderBy, OrderKey};
use crate::query::page::Page;
use crate::query::selection::{Selection, Source};
use crate::query::value::Value;

/// An order, to the last key, over the rows of a statement.
#[derive(Debug)]
pub(crate) struct Sort {
    keys: Vec<SortKey>,
    /// The rows it refers to.
    sources: Vec<Source>,
    aggregates: Vec<Aggregate>,
}

/// How the children of rows are aggregated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aggregation {
    /// All at once, in one pass over them: for lists over a whole table.
    AtOnce,
    /// For each row: for lists below parents, which have few.
    RowByRow,
}

#[derive(Debug)]
struct SortKey {
    term: Term,
    kind: Kind,
    nullable: bool,
    descending: bool,
    nulls_first: bool,
}

#[derive(Debug, Clone, Copy)]
enum Term {
    Column(Alias, &'static Column),
    Aggregate(Alias),
}

#[derive(Debug)]
struct Aggregate {
    relation: ToMany,
    /// What is added up; rows are counted where it is none.
    sum: Option<&'static Column>,
}

/// The columns of the table's key that an order must end with, for it does not
/// have them.
pub(crate) fn ties<'a>(
    order: &'a Order,
    table: &'static Table,
) -> impl Iterator<Item = (usize, &'static Column)> + 'a {
    table
        .key
        .iter()
        .enumerate()
        .filter(|(_, column)| !order.keys.iter().any(|key| key.is_column(column)))
}

impl Sort {
    /// The order of a page; adds the rows it refers to.
    pub(crate) fn of(page: &Page, selection: &mut Selection) -> Self {
        let table = selection.table();
        let mut sort = Self { keys: Vec::new(), sources: Vec::new(), aggregates: Vec::new() };
        for key in &page.order.keys {
            let term = sort.term(key, selection);
            sort.keys.push(SortKey {
                term,
                kind: key.by.kind(),
                nullable: key.by.is_nullable(),
                descending: key.direction == Direction::Desc,
                nulls_first: key.nulls == Nulls::First,
            });
        }
        sort.keys.extend(ties(&page.order, table).map(|(_, column)| SortKey {
            term: Term::Column(Selection::ROW.alias(), column),
            kind: column.kind,
            nullable: false,
            descending: table.newest_first(),
            nulls_first: false,
        }));
        sort
    }

    fn term(&mut self, key: &OrderKey, selection: &mut Selection) -> Term {
        let (relation, sum) = match &key.by {
            OrderBy::Column(column) => return Term::Column(Selection::ROW.alias(), column),
            OrderBy::Related { path, column } => {
                let mut source = Selection::ROW;
                for relation in path {
                    source = selection.join(source, *relation);
                    self.sources.push(source);
                }
                return Term::Column(source.alias(), column);
            }
            OrderBy::Count(relation) => (*relation, None),
            OrderBy::Sum(relation, column) => (*relation, Some(*column)),
        };
        self.aggregates.push(Aggregate { relation, sum });
        Term::Aggregate(Alias::aggregate(self.aggregates.len()))
    }

    /// Whether the row is needed to sort by: the table's own, and those it refers to.
    pub(crate) fn needs(&self, source: Source) -> bool {
        source == Selection::ROW || self.sources.contains(&source)
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The value of the key at an index.
    pub(crate) fn write_term(&self, index: usize, statement: &mut Statement<'_>) -> Result<()> {
        write_term(self.key(index)?.term, statement);
        Ok(())
    }

    pub(crate) fn kind(&self, index: usize) -> Result<Kind> {
        Ok(self.key(index)?.kind)
    }

    fn key(&self, index: usize) -> Result<&SortKey> {
        self.keys.get(index).ok_or_else(|| Error::internal("an order has too few keys"))
    }

    /// Joins the aggregates to the table's row.
    pub(crate) fn join_aggregates(
        &self,
        statement: &mut Statement<'_>,
        row: Place,
        how: Aggregation,
    ) -> Result<()> {
        for (index, aggregate) in self.aggregates.iter().enumerate() {
            let alias = Alias::aggregate(index + 1);
            let child = statement.inner(aggregate.relation.table);
            let by = aggregate.relation.by;
            let at_once = how == Aggregation::AtOnce;
            statement.push(if at_once {
                " LEFT JOIN (SELECT "
            } else {
                " LEFT JOIN LATERAL (SELECT "
            });
            match aggregate.sum {
                None => statement.push("count(*)"),
                Some(column) => statement.push("sum(").column(child.alias, column).push(")"),
            };
            statement.push(" AS value");
            for (position, column) in by.iter().enumerate().filter(|_| at_once) {
                statement.push(", ").column(child.alias, column).push(" AS k").number(position + 1);
            }
            statement.push(" FROM ").table(child);
            statement.conditions(" WHERE ", |statement| {
                if !at_once {
                    statement.link((child.alias, by), (row.alias, row.table.key));
                }
                Ok(())
            })?;
            for (position, column) in by.iter().enumerate().filter(|_| at_once) {
                statement.push(if position > 0 { ", " } else { " GROUP BY " });
                statement.column(child.alias, column);
            }
            statement.push(") AS ").alias(alias);
            if !at_once {
                statement.push(" ON true");
                continue;
            }
            statement.conditions(" ON ", |statement| {
                for (position, column) in row.table.key.iter().enumerate() {
                    statement.condition().alias(alias).push(".k").number(position + 1);
                    statement.push(" = ").column(row.alias, column);
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// The keys as a list for ORDER BY, in the direction of paging; `write` writes
    /// the key at an index.
    pub(crate) fn write_order(
        &self,
        statement: &mut Statement<'_>,
        backwards: bool,
        write: impl Fn(usize, &mut Statement<'_>) -> Result<()>,
    ) -> Result<()> {
        for (index, key) in self.keys.iter().enumerate() {
            statement.comma(index);
            write(index, statement)?;
            if key.descending != backwards {
                statement.push(" DESC");
            }
            // Not for columns that are never null: no index is in this order then.
            if key.nullable {
                let first = key.nulls_first != backwards;
                statement.push(if first { " NULLS FIRST" } else { " NULLS LAST" });
            }
        }
        Ok(())
    }

    /// The conditions that rows are within the bounds of a page.
    pub(crate) fn bound(
        &self,
        statement: &mut Statement<'_>,
        page: &Page,
        table: &'static Table,
    ) -> Result<()> {
        if let Some(after) = &page.after {
            self.beyond(statement, page, after, table, false)?;
        }
        if let Some(before) = &page.before {
            self.beyond(statement, page, before, table, true)?;
        }
        Ok(())
    }

    /// The condition that rows come after a position or, `flipped`, before it.
    fn beyond(
        &self,
        statement: &mut Statement<'_>,
        page: &Page,
        position: &Position,
        table: &'static Table,
        flipped: bool,
    ) -> Result<()> {
        let ties = ties(&page.order, table).map(|(index, _)| {
            let part = position.key.parts().get(index).copied();
            part.map(|part| Some(Value::from(part)))
                .ok_or_else(|| Error::internal("a key does not fit its table"))
        });
        let values = position.values.iter().cloned().map(Ok).chain(ties);
        let mut steps = Vec::with_capacity(self.keys.len());
        for (key, value) in self.keys.iter().zip(values) {
            let value = value?.map(|value| statement.send(key.kind, &value)).transpose()?;
            steps.push(Step {
                term: key.term,
                kind: key.kind,
                nullable: key.nullable,
                word: if key.descending == flipped { " > " } else { " < " },
                nulls_first: key.nulls_first != flipped,
                value,
            });
        }
        statement.condition();
        let one_way = steps.windows(2).all(|pair| matches!(pair, [a, b] if a.word == b.word));
        match steps.first() {
            Some(first) if one_way && steps.iter().all(|step| !step.nullable) => {
                // It follows from the rest, which is no condition of any table in a view.
                if table.is_view {
                    first.write(statement, if first.word == " > " { " >= " } else { " <= " });
                    statement.push(" AND ");
                }
                write_rows(statement, &steps, first.word);
            }
            Some(first) => {
                // It follows from the rest, but in this form an index can begin there.
                if first.value.is_some() && (!first.nullable || first.nulls_first) {
                    first.write(statement, if first.word == " > " { " >= " } else { " <= " });
                    statement.push(" AND ");
                }
                write_steps(statement, &steps);
            }
            None => return Err(Error::internal("a table has no key")),
        }
        Ok(())
    }
}

/// A key of an order against its value in a position.
struct Step {
    term: Term,
    kind: Kind,
    nullable: bool,
    /// How values that come later compare.
    word: &'static str,
    /// Whether nulls come before all values.
    nulls_first: bool,
    /// The number of the value that was sent; none is null.
    value: Option<usize>,
}

impl Step {
    fn write(&self, statement: &mut Statement<'_>, word: &str) {
        write_term(self.term, statement);
        statement.push(word);
        self.write_value(statement);
    }

    fn write_value(&self, statement: &mut Statement<'_>) {
        match self.value {
            Some(number) => statement.sent(self.kind, number),
            None => statement.push("NULL"),
        };
    }
}

/// `(a, b) > ($1, $2)`
fn write_rows(statement: &mut Statement<'_>, steps: &[Step], word: &str) {
    statement.push("(");
    for (index, step) in steps.iter().enumerate() {
        statement.comma(index);
        write_term(step.term, statement);
    }
    statement.push(")").push(word).push("(");
    for (index, step) in steps.iter().enumerate() {
        statement.comma(index);
        step.write_value(statement);
    }
    statement.push(")");
}

/// `(a > $1 OR (a = $1 AND …))`, and what nulls make of it.
fn write_steps(statement: &mut Statement<'_>, steps: &[Step]) {
    let Some((step, rest)) = steps.split_first() else {
        statement.push("false");
        return;
    };
    statement.push("(");
    match (step.value, step.nulls_first) {
        (Some(_), nulls_first) => {
            step.write(statement, step.word);
            if step.nullable && !nulls_first {
                statement.push(" OR ");
                write_term(step.term, statement);
                statement.push(" IS NULL");
            }
            if !rest.is_empty() {
                statement.push(" OR (");
                step.write(statement, " = ");
                statement.push(" AND ");
                write_steps(statement, rest);
                statement.push(")");
            }
        }
        (None, nulls_first) => {
            if nulls_first {
                write_term(step.term, statement);
                statement.push(" IS NOT NULL OR ");
            }
            statement.push("(");
            write_term(step.term, statement);
            statement.push(" IS NULL AND ");
            write_steps(statement, rest);
            statement.push(")");
        }
    }
    statement.push(")");
}

fn write_term(term: Term, statement: &mut Statement<'_>) {
    match term {
        Term::Column(alias, column) => statement.column(alias, column),
        Term::Aggregate(alias) => statement.push("coalesce(").alias(alias).push(".value, 0)"),
    };
}
