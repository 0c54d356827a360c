//! Reads what a plan says, level by level: all rows of a level are there before
//! the next is read, so each selected list costs one statement, however many
//! rows it is below of.

pub(crate) mod budget;
pub(crate) mod command;
pub(crate) mod subscription;

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::Variables;
use async_graphql::parser::types::OperationType;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join_all};
use tokio::join;
use tokio::time::Instant;

use self::budget::Budget;
use self::command::{Command, Commands};
use super::plan::{Connection, Fetch, Many, Object, Operation, Root, RootStep, Sales, count};
use crate::auth::Scope;
use crate::catalog::Column;
use crate::error::{Code, Error, Result};
use crate::graphql::inputs::arguments::{Arguments, Given};
use crate::graphql::plan::bind::{Asks, Wanted};
use crate::graphql::schema::model::{RootField, RootValue};
use crate::query::aggregate::Owners;
use crate::query::{Below, Extent, Key, List, Pages, Reader, Row};

/// Reads for one request.
#[derive(Debug)]
pub(crate) struct Execution<'a> {
    pub(crate) reader: &'a Reader,
    pub(crate) scope: &'a Scope,
    pub(crate) budget: &'a Budget,
    pub(crate) asks: &'a Asks,
    /// With the time by which they are to be answered.
    pub(crate) commands: Option<(&'a Commands, Instant)>,
}

/// What was read, or why it was not.
#[derive(Debug)]
pub(crate) enum Read<T> {
    There(T),
    Failed(Arc<Error>),
}

/// What a root field read.
#[derive(Debug)]
pub(crate) enum RootData {
    Nothing,
    /// By the field's fetches; `None` for those of which no row was wanted.
    Keys(Vec<Option<Read<Found>>>),
    List(Read<Lists>),
}

/// Rows by their keys.
#[derive(Debug)]
pub(crate) struct Found {
    /// Where they are among the rows.
    pub(crate) at: HashMap<Key, usize>,
    pub(crate) fetched: Fetched,
}

/// The rows of a statement and what is below them.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) rows: Vec<Row>,
    /// By [`Fetch::below`].
    pub(crate) below: Vec<Read<Lists>>,
    /// By [`Fetch::sales`].
    pub(crate) sales: Vec<Read<Sold>>,
}

/// Measures of sales, for each of the rows they belong to.
#[derive(Debug)]
pub(crate) struct Sold {
    /// Which are those of a row. `None` where that row refers to nothing that sells.
    pub(crate) of: Vec<Option<usize>>,
    pub(crate) rows: Vec<Row>,
}

/// The pages of a connection, one for each of its parents.
#[derive(Debug)]
pub(crate) struct Lists {
    /// Which page is that of a row of the level above. `None` where that row
    /// refers to no parent.
    pub(crate) of: Vec<Option<usize>>,
    pub(crate) pages: Vec<Extent>,
    pub(crate) counts: Vec<i64>,
    pub(crate) fetched: Fetched,
}

impl Read<Found> {
    /// The row with this key; `None` where the rows could not be read, too.
    fn row(&self, key: &Key) -> Option<&Row> {
        let Self::There(found) = self else { return None };
        found.at.get(key).and_then(|index| found.fetched.rows.get(*index))
    }
}

impl<T> From<Result<T>> for Read<T> {
    fn from(result: Result<T>) -> Self {
        match result {
            Ok(there) => Self::There(there),
            Err(error) => Self::Failed(Arc::new(error)),
        }
    }
}

impl Execution<'_> {
    /// Reads all root fields: at the same time, but those of a mutation one after the
    /// other, each once its command has run. A command in `wanted` gives way to the key
    /// of its row, and what must be found but is not to an error.
    pub(crate) async fn read(
        &self,
        operation: &Operation,
        wanted: &mut [Result<Wanted>],
    ) -> Vec<RootData> {
        let roots = operation.roots.iter().zip(wanted);
        if operation.kind != OperationType::Mutation {
            return join_all(roots.map(|(root, wanted)| self.root(root, wanted))).await;
        }
        let mut read = Vec::with_capacity(roots.len());
        for (root, wanted) in roots {
            read.push(self.root(root, wanted).await);
        }
        read
    }

    async fn root(&self, root: &Root, wanted: &mut Result<Wanted>) -> RootData {
        if let (RootStep::Keys { field, .. }, Ok(Wanted::Command(input))) = (&root.step, &*wanted) {
            *wanted = self.run(field, input).await.map(|key| Wanted::One(0, key));
        }
        let data = self.rows(root, wanted).await;
        if let Some(error) = missing(root, wanted, &data) {
            *wanted = Err(error);
        }
        data
    }

    async fn run(&self, field: &RootField, input: &Arguments) -> Result<Key> {
        let (RootValue::Command { run, .. }, Some((commands, deadline))) =
            (&field.value, self.commands)
        else {
            return Err(Error::new(Code::Unavailable, "this server only reads"));
        };
        let input = Given { arguments: input, variables: &Variables::default() };
        run(Command { input, commands, deadline }).await
    }

    async fn rows(&self, root: &Root, wanted: &Result<Wanted>) -> RootData {
        match (&root.step, wanted) {
            (RootStep::List { connection, .. }, Ok(_)) => {
                RootData::List(self.lists(connection, None).await.into())
            }
            (RootStep::Keys { fetches, .. }, Ok(Wanted::One(of, key))) => {
                let wanted = [(*of, key)];
                RootData::Keys(self.keys(fetches, &wanted).await)
            }
            (RootStep::Keys { fetches, .. }, Ok(Wanted::Each(keys))) => {
                let wanted: Vec<_> = keys.iter().map(|(of, key)| (*of, key)).collect();
                RootData::Keys(self.keys(fetches, &wanted).await)
            }
            _ => RootData::Nothing,
        }
    }

    /// One statement for each of the fetches that is wanted.
    async fn keys(&self, fetches: &[Fetch], wanted: &[(usize, &Key)]) -> Vec<Option<Read<Found>>> {
        join_all(fetches.iter().enumerate().map(async |(index, fetch)| {
            let mut keys: Vec<Key> = wanted
                .iter()
                .filter(|(of, _)| *of == index)
                .map(|(_, key)| (*key).clone())
                .collect();
            keys.sort_unstable();
            keys.dedup();
            if keys.is_empty() { None } else { Some(self.by_keys(fetch, &keys).await.into()) }
        }))
        .await
    }

    async fn by_keys(&self, fetch: &Fetch, keys: &[Key]) -> Result<Found> {
        let turn = self.budget.turn().await?;
        let rows = self.reader.by_keys(self.scope, &fetch.selection, keys).await?;
        drop(turn);
        let columns = fetch.entity.table.key;
        let mut at = HashMap::with_capacity(rows.len());
        for (index, row) in rows.iter().enumerate() {
            if let Some(key) = row.key(columns, 0..columns.len())? {
                at.insert(key, index);
            }
        }
        let fetched = self.fetched(fetch, rows).await?;
        Ok(Found { at, fetched })
    }

    /// The rows with what is below them. Boxed, because plans contain plans.
    fn fetched<'b>(&'b self, fetch: &'b Fetch, rows: Vec<Row>) -> BoxFuture<'b, Result<Fetched>> {
        async move {
            let values = fetch.nodes.iter().map(Object::least_values);
            let values = values.fold(0, u64::saturating_add);
            self.budget.take(count(rows.len()).saturating_mul(values))?;
            let below = join_all(fetch.below.iter().map(|many| self.many(many, &rows)));
            let sales = join_all(fetch.sales.iter().map(|sales| self.sales(sales, &rows)));
            let (below, sales) = join!(below, sales);
            Ok(Fetched { rows, below, sales })
        }
        .boxed()
    }

    async fn many(&self, many: &Many, rows: &[Row]) -> Read<Lists> {
        let read = async {
            let (of, parents) = parents(rows, many.columns, &many.parent)?;
            let below = Below { columns: many.by, parents: &parents };
            let lists = self.lists(&many.connection, Some(below)).await?;
            Ok(Lists { of, ..lists })
        };
        read.await.into()
    }

    async fn sales(&self, sales: &Sales, rows: &[Row]) -> Read<Sold> {
        let read = async {
            let (of, keys) = parents(rows, sales.columns, &sales.parent)?;
            if keys.is_empty() || sales.measured.wanted.is_empty() {
                return Ok(Sold { of, rows: Vec::new() });
            }
            let (lines, measures) = self.asks.sales(sales.number)?;
            let owners =
                Owners { path: sales.owner.path, columns: sales.owner.columns, keys: &keys };
            let _turn = self.budget.turn().await?;
            let rows = self.reader.measure(self.scope, lines, measures, owners).await?;
            Ok(Sold { of, rows })
        };
        read.await.into()
    }

    /// The pages of a connection: of the root, or one for each parent.
    async fn lists(&self, connection: &Connection, below: Option<Below<'_>>) -> Result<Lists> {
        // Both to their ends: one that is dropped meanwhile costs its connection.
        let (pages, counts) = join!(self.pages(connection, below), self.counts(connection, below));
        let (Pages { rows, pages }, counts) = (pages?, counts?);
        self.budget.take(count(rows.len()).saturating_mul(connection.edge_values()))?;
        let fetched = self.fetched(&connection.fetch, rows).await?;
        Ok(Lists { of: Vec::new(), pages, counts, fetched })
    }

    async fn pages(&self, connection: &Connection, below: Option<Below<'_>>) -> Result<Pages> {
        let lists = below.map_or(1, |below| below.parents.len());
        if lists == 0 || !connection.needs_rows() {
            let nothing = Extent { start: 0, end: 0, has_more: false };
            return Ok(Pages { rows: Vec::new(), pages: vec![nothing; lists] });
        }
        let ask = self.asks.of(connection.number)?;
        let list = List {
            rows: ask.rows(),
            selection: &connection.fetch.selection,
            condition: &ask.condition,
            page: &ask.page,
            cursors: connection.needs_cursors(),
        };
        let _turn = self.budget.turn().await?;
        match below {
            None => self.reader.list(self.scope, &list).await,
            Some(below) => {
                let most = self.budget.left() / connection.row_values();
                let pages = self.reader.list_below(self.scope, &list, below, most).await?;
                pages.ok_or_else(|| self.budget.exceeded())
            }
        }
    }

    async fn counts(&self, connection: &Connection, below: Option<Below<'_>>) -> Result<Vec<i64>> {
        let lists = below.map_or(1, |below| below.parents.len());
        if lists == 0 || !connection.needs_count() {
            return Ok(vec![0; lists]);
        }
        let ask = self.asks.of(connection.number)?;
        let table = connection.fetch.entity.table;
        let _turn = self.budget.turn().await?;
        match below {
            None => {
                Ok(vec![self.reader.count(self.scope, table, ask.rows(), &ask.condition).await?])
            }
            Some(below) => self.reader.count_below(self.scope, table, &ask.condition, below).await,
        }
    }
}

/// The error of a row that must be there: one that is followed, or a command's.
fn missing(root: &Root, wanted: &Result<Wanted>, data: &RootData) -> Option<Error> {
    let (RootStep::Keys { field, .. }, Ok(Wanted::One(of, key)), RootData::Keys(found)) =
        (&root.step, wanted, data)
    else {
        return None;
    };
    match found.get(*of) {
        Some(Some(Read::There(found))) if !found.at.contains_key(key) => match &field.value {
            RootValue::Followed { not_found, .. } => Some(Error::new(Code::NotFound, *not_found)),
            RootValue::Command { .. } => Some(Error::internal("the row of a command is missing")),
            _ => None,
        },
        _ => None,
    }
}

/// The keys of the parents of rows, each once, and for each row which is its own.
fn parents(
    rows: &[Row],
    columns: &[Column],
    indexes: &[usize],
) -> Result<(Vec<Option<usize>>, Vec<Key>)> {
    let mut parents = Vec::new();
    let mut known: HashMap<Key, usize> = HashMap::with_capacity(rows.len());
    let mut of = Vec::with_capacity(rows.len());
    for row in rows {
        let key = row.key(columns, indexes.iter().copied())?;
        of.push(key.map(|key| {
            *known.entry(key).or_insert_with_key(|key| {
                parents.push(key.clone());
                parents.len() - 1
            })
        }));
    }
    Ok((of, parents))
}
