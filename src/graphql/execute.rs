//! Carries out a plan, level by level: all rows of a level are there before the
//! next is read, so each selected relation costs one statement, however many
//! rows refer to it.

use std::collections::HashMap;

use async_graphql::indexmap::IndexMap;
use async_graphql::{Name, Value};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, try_join_all};
use tokio::try_join;

use super::limits::Budget;
use super::plan::{
    ConnectionPlan, ConnectionStep, EdgeStep, ManyPlan, OnePlan, PageInfoStep, Plan, Related,
    RowPlan, Step,
};
use super::{id, scalars};
use crate::auth::Scope;
use crate::error::{Error, Result};
use crate::query::{Below, Columns, Equals, Key, Reader, Row, Rows};

/// Carries out plans for one caller.
#[derive(Clone, Copy)]
pub(super) struct Execution<'a> {
    pub(super) reader: &'a Reader,
    pub(super) scope: &'a Scope,
    pub(super) budget: &'a Budget,
}

/// Which lists a connection pages through.
#[derive(Clone, Copy)]
enum Lists<'a> {
    Root(&'a [Equals]),
    Below(Below<'a>),
}

type Object = IndexMap<Name, Value>;

impl<'a> Execution<'a> {
    /// The objects of these keys, of which each may come once, in their order; null
    /// where there is none.
    pub(super) async fn by_keys(&self, plan: &RowPlan, keys: &[Key]) -> Result<Vec<Value>> {
        let table = plan.columns.table;
        let rows = self.reader.by_keys(self.scope, &plan.columns, keys).await?;
        let rows: Vec<&Row> = rows.iter().collect();
        let values = self.objects(&plan.plan, &plan.columns, &rows).await?;
        let mut found = HashMap::with_capacity(rows.len());
        for (row, value) in rows.iter().zip(values) {
            if let Some(key) = row.key(table.key, plan.columns.key_indexes())? {
                found.insert(key, value);
            }
        }
        Ok(keys.iter().map(|key| found.remove(key).unwrap_or(Value::Null)).collect())
    }

    /// A connection of the schema's root.
    pub(super) async fn list(&self, plan: &ConnectionPlan, only: &[Equals]) -> Result<Value> {
        let mut pages = self.connection(plan, Lists::Root(only)).await?;
        pages.pop().ok_or_else(lost)
    }

    /// A value once more: rows many others refer to are read once, but each has
    /// its place in the answer.
    pub(super) fn copy(&self, value: &Value) -> Result<Value> {
        self.budget.take(objects_in(value))?;
        Ok(value.clone())
    }

    /// One object for each row. Boxed, because plans contain plans.
    fn objects<'b>(
        &'b self,
        plan: &'b Plan,
        columns: &'b Columns,
        rows: &'b [&'b Row],
    ) -> BoxFuture<'b, Result<Vec<Value>>> {
        async move {
            self.budget.take(u64::try_from(rows.len()).unwrap_or(u64::MAX))?;
            let related =
                try_join_all(plan.related.iter().map(|step| self.related(step, columns, rows)))
                    .await?;
            let mut related: Vec<_> = related.into_iter().map(Vec::into_iter).collect();
            rows.iter()
                .map(|row| {
                    let mut object = Object::with_capacity(plan.steps.len());
                    for (key, step) in &plan.steps {
                        let value = match step {
                            Step::Related(index) => {
                                related.get_mut(*index).and_then(Iterator::next).ok_or_else(lost)?
                            }
                            step => scalar(plan, columns, row, step)?,
                        };
                        object.insert(key.clone(), value);
                    }
                    Ok(Value::Object(object))
                })
                .collect()
        }
        .boxed()
    }

    async fn related(
        &self,
        related: &Related,
        columns: &Columns,
        rows: &[&Row],
    ) -> Result<Vec<Value>> {
        match related {
            Related::One(one) => self.one(one, rows).await,
            Related::Many(many) => self.many(many, columns, rows).await,
            Related::Group(None, plan) => self.objects(plan, columns, rows).await,
            Related::Group(Some(index), plan) => {
                self.group_unless_null(plan, columns, rows, *index).await
            }
        }
    }

    async fn group_unless_null(
        &self,
        plan: &Plan,
        columns: &Columns,
        rows: &[&Row],
        index: usize,
    ) -> Result<Vec<Value>> {
        let null: Vec<bool> = rows.iter().map(|row| row.is_null(index)).collect::<Result<_>>()?;
        let there: Vec<&Row> =
            rows.iter().zip(&null).filter(|(_, null)| !**null).map(|(row, _)| *row).collect();
        let mut values = self.objects(plan, columns, &there).await?.into_iter();
        null.into_iter()
            .map(|null| if null { Ok(Value::Null) } else { values.next().ok_or_else(lost) })
            .collect()
    }

    async fn one(&self, one: &OnePlan, rows: &[&Row]) -> Result<Vec<Value>> {
        let key_columns = one.row.columns.table.key;
        let named: Vec<Option<Key>> = rows
            .iter()
            .map(|row| row.key(key_columns, one.from.iter().copied()))
            .collect::<Result<_>>()?;
        let mut keys: Vec<Key> = named.iter().flatten().cloned().collect();
        keys.sort_unstable();
        keys.dedup();
        if keys.is_empty() {
            return Ok(vec![Value::Null; rows.len()]);
        }
        let values = self.by_keys(&one.row, &keys).await?;
        named
            .into_iter()
            .map(|key| {
                let value = key
                    .and_then(|key| keys.binary_search(&key).ok())
                    .and_then(|index| values.get(index))
                    .map_or(Ok(Value::Null), |value| self.copy(value))?;
                if matches!(value, Value::Null) && !one.nullable {
                    return Err(
                        Error::internal("a row is missing").with_source(one.row.columns.table.name)
                    );
                }
                Ok(value)
            })
            .collect()
    }

    async fn many(&self, many: &ManyPlan, columns: &Columns, rows: &[&Row]) -> Result<Vec<Value>> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let parents: Vec<Key> = rows
            .iter()
            .map(|row| row.key(columns.table.key, columns.key_indexes())?.ok_or_else(lost))
            .collect::<Result<_>>()?;
        let below = Below { columns: many.by, parents: &parents };
        self.connection(&many.connection, Lists::Below(below)).await
    }

    /// One connection for each list.
    async fn connection(&self, plan: &ConnectionPlan, lists: Lists<'_>) -> Result<Vec<Value>> {
        let (pages, counts) = try_join!(self.pages(plan, lists), self.counts(plan, lists))?;
        let rows: Vec<&Row> = pages.iter().flat_map(|page| &page.rows).collect();
        let nodes =
            try_join_all(plan.nodes.iter().map(|node| self.objects(node, &plan.columns, &rows)))
                .await?;
        let mut nodes: Vec<_> = nodes.into_iter().map(Vec::into_iter).collect();
        pages
            .iter()
            .zip(counts)
            .map(|(page, count)| {
                let mut object = Object::with_capacity(plan.steps.len());
                for (key, step) in &plan.steps {
                    let value = match step {
                        ConnectionStep::Typename(name) => Value::String(name.clone()),
                        ConnectionStep::TotalCount => Value::from(count),
                        ConnectionStep::PageInfo(steps) => page_info(plan, page, steps)?,
                        ConnectionStep::Nodes(index) => {
                            let nodes = nodes.get_mut(*index).ok_or_else(lost)?;
                            Value::List(nodes.take(page.rows.len()).collect())
                        }
                        ConnectionStep::Edges(steps) => edges(plan, page, steps, &mut nodes)?,
                    };
                    object.insert(key.clone(), value);
                }
                Ok(Value::Object(object))
            })
            .collect()
    }

    async fn pages(&self, plan: &ConnectionPlan, lists: Lists<'_>) -> Result<Vec<Rows>> {
        if !plan.needs_rows() {
            return Ok((0..lists.len()).map(|_| Rows::default()).collect());
        }
        match lists {
            Lists::Root(only) => {
                let rows = self.reader.list(self.scope, &plan.columns, only, &plan.page).await?;
                Ok(vec![rows])
            }
            Lists::Below(below) => {
                self.reader.list_below(self.scope, &plan.columns, below, &plan.page).await
            }
        }
    }

    async fn counts(&self, plan: &ConnectionPlan, lists: Lists<'_>) -> Result<Vec<i64>> {
        if !plan.needs_count() {
            return Ok(vec![0; lists.len()]);
        }
        match lists {
            Lists::Root(only) => {
                Ok(vec![self.reader.count(self.scope, plan.columns.table, only).await?])
            }
            Lists::Below(below) => {
                self.reader.count_below(self.scope, plan.columns.table, below).await
            }
        }
    }
}

impl Lists<'_> {
    const fn len(&self) -> usize {
        match self {
            Self::Root(_) => 1,
            Self::Below(below) => below.parents.len(),
        }
    }
}

fn scalar(plan: &Plan, columns: &Columns, row: &Row, step: &Step) -> Result<Value> {
    match step {
        Step::Typename => Ok(Value::String(plan.type_name.to_owned())),
        Step::Id => {
            let key = row.key(columns.table.key, columns.key_indexes())?.ok_or_else(lost)?;
            Ok(Value::String(id::encode(plan.type_name, &key)))
        }
        Step::Column(index, column) => scalars::value(row, *index, column),
        Step::Code(index, column, codes) => scalars::code(row, *index, column, codes),
        Step::Related(_) => Err(lost()),
    }
}

fn edges(
    plan: &ConnectionPlan,
    page: &Rows,
    steps: &[(Name, EdgeStep)],
    nodes: &mut [std::vec::IntoIter<Value>],
) -> Result<Value> {
    page.rows
        .iter()
        .map(|row| {
            let mut edge = Object::with_capacity(steps.len());
            for (key, step) in steps {
                let value = match step {
                    EdgeStep::Typename(name) => Value::String(name.clone()),
                    EdgeStep::Cursor => cursor(plan, row)?,
                    EdgeStep::Node(index) => {
                        nodes.get_mut(*index).and_then(Iterator::next).ok_or_else(lost)?
                    }
                };
                edge.insert(key.clone(), value);
            }
            Ok(Value::Object(edge))
        })
        .collect::<Result<Vec<_>>>()
        .map(Value::List)
}

fn page_info(plan: &ConnectionPlan, page: &Rows, steps: &[(Name, PageInfoStep)]) -> Result<Value> {
    let cursor_of = |row: Option<&Row>| row.map_or(Ok(Value::Null), |row| cursor(plan, row));
    let mut info = Object::with_capacity(steps.len());
    for (key, step) in steps {
        let value = match step {
            PageInfoStep::Typename => Value::from("PageInfo"),
            PageInfoStep::HasNextPage => Value::Boolean(page.has_next),
            PageInfoStep::HasPreviousPage => Value::Boolean(plan.page.after.is_some()),
            PageInfoStep::StartCursor => cursor_of(page.rows.first())?,
            PageInfoStep::EndCursor => cursor_of(page.rows.last())?,
        };
        info.insert(key.clone(), value);
    }
    Ok(Value::Object(info))
}

fn cursor(plan: &ConnectionPlan, row: &Row) -> Result<Value> {
    let columns = &plan.columns;
    let key = row.key(columns.table.key, columns.key_indexes())?.ok_or_else(lost)?;
    Ok(Value::String(plan.list().encode(&key)))
}

fn objects_in(value: &Value) -> u64 {
    match value {
        Value::Object(object) => 1 + object.values().map(objects_in).sum::<u64>(),
        Value::List(list) => list.iter().map(objects_in).sum(),
        _ => 0,
    }
}

fn lost() -> Error {
    Error::internal("a row was lost on its way into the answer")
}
