//! Executes a plan level by level: all rows of a level are read before the next level, so
//! each selected connection costs one statement, whatever the number of its parents.

pub(crate) mod budget;
mod columns;
pub(crate) mod command;
pub(crate) mod data;
mod lake;
mod lists;
pub(crate) mod subscription;
mod together;

use std::collections::HashMap;

use async_graphql::Variables;
use async_graphql::parser::types::OperationType;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join_all};
use tokio::join;

use self::budget::Budget;
use self::command::{Command, Commands, Files};
use self::data::{Columns, Fetched, KeyedRows, Lists, Read, RootData, SalesRows};
use super::hooks::Hooks;
use super::plan::{Converted, Fetch, Link, Many, Object, Operation, Root, RootStep, Sales, count};
use crate::audit::{Asked, Caller};
use crate::auth::Scope;
use crate::catalog::Column;
use crate::error::{Code, Error, Result};
use crate::graphql::inputs::arguments::{Arguments, Given};
use crate::graphql::plan::bind::Bindings;
use crate::graphql::plan::target::RootTarget;
use crate::graphql::schema::model::{RootField, RootValue};
use crate::job::LakeAnswers;
use crate::query::aggregate::{MeasureForm, Owners};
use crate::query::{Amount, Below, Key, Pages, Reader, Row, is_volatile_table, require_table};
use crate::report::Reports;

/// The execution of one request.
pub(crate) struct Execution<'a> {
    pub(crate) reader: &'a Reader,
    pub(crate) scope: &'a Scope,
    pub(crate) budget: &'a Budget,
    pub(crate) bindings: &'a Bindings,
    pub(crate) hooks: Option<&'a dyn Hooks>,
    /// Where reports are.
    pub(crate) reports: Option<&'a Reports>,
    pub(crate) files: &'a dyn Files,
    pub(crate) commands: Option<&'a Commands>,
    /// Where questions to the lake are asked.
    pub(crate) lake: Option<&'a LakeAnswers>,
    /// Columns in memory, if there may be some.
    pub(crate) columns: Option<Columns<'a>>,
}

impl Execution<'_> {
    /// Reads all root fields, side by side; those of a mutation one after the other, each
    /// once its command has run. The target of a command becomes its row; the target of
    /// a missing row that must exist becomes an error.
    pub(crate) async fn read(
        &self,
        operation: &Operation,
        targets: &mut [Result<RootTarget>],
    ) -> Vec<RootData> {
        let roots = operation.roots.iter().zip(targets);
        if operation.kind != OperationType::Mutation {
            return join_all(roots.map(|(root, target)| self.root(root, target))).await;
        }
        let mut data = Vec::with_capacity(roots.len());
        for (root, target) in roots {
            data.push(self.root(root, target).await);
        }
        data
    }

    async fn root(&self, root: &Root, target: &mut Result<RootTarget>) -> RootData {
        let RootStep::Keys { field, fetches, .. } = &root.step else {
            return match (&root.step, target) {
                (RootStep::List { connection, .. }, Ok(_)) => {
                    RootData::List(self.lists(connection, None).await.into())
                }
                _ => RootData::Nothing,
            };
        };
        if let Ok(RootTarget::Command(input)) = &*target {
            *target = self.run(field, input).await.map(|key| RootTarget::Row(0, key));
        }
        let data = match &*target {
            Ok(RootTarget::Row(fetch, key)) => self.keys(fetches, &[(*fetch, key)]).await,
            Ok(RootTarget::Rows(keys)) => {
                let keys = keys.iter().flatten().map(|(fetch, key)| (*fetch, key));
                self.keys(fetches, &keys.collect::<Vec<_>>()).await
            }
            _ => return RootData::Nothing,
        };
        let data = RootData::Keys(data);
        if let Some(error) = missing(field, target, &data) {
            *target = Err(error);
        }
        data
    }

    async fn run(&self, field: &RootField, input: &Arguments) -> Result<Key> {
        let input = Given { arguments: input, variables: &Variables::default() };
        let caller = self.hooks.map(Hooks::caller);
        let asked = caller
            .as_ref()
            .map(|caller| Asked::new(caller.clone(), field.name, object(field, input)));
        let ended = self.command(field, input, &caller.unwrap_or_default()).await;
        if let Some(asked) = asked {
            asked.end(&ended);
        }
        ended
    }

    async fn command(&self, field: &RootField, input: Given<'_>, caller: &Caller) -> Result<Key> {
        let RootValue::Command { needs, run, returns, .. } = &field.value else {
            return Err(Error::internal("a field is no command"));
        };
        self.scope.require(*needs)?;
        // Nothing is done of which the caller may not see the result.
        require_table(self.scope, returns.table)?;
        let Some(commands) = self.commands else {
            return Err(Error::new(Code::Unavailable, "this server only reads"));
        };
        let (scope, files) = (self.scope, self.files);
        run(Command { input, scope, caller, files, commands }).await
    }

    /// One statement for each of the fetches with keys.
    async fn keys(&self, fetches: &[Fetch], all: &[(usize, &Key)]) -> Vec<Option<Read<KeyedRows>>> {
        let mut of = vec![Vec::new(); fetches.len()];
        for (fetch, key) in all {
            if let Some(keys) = of.get_mut(*fetch) {
                keys.push((*key).clone());
            }
        }
        join_all(fetches.iter().zip(of).map(async |(fetch, mut keys)| {
            keys.sort_unstable();
            keys.dedup();
            if keys.is_empty() { None } else { Some(self.by_keys(fetch, &keys).await.into()) }
        }))
        .await
    }

    async fn by_keys(&self, fetch: &Fetch, keys: &[Key]) -> Result<KeyedRows> {
        if let [key] = keys
            && let Some(found) = self.together(fetch, key).await
        {
            return found;
        }
        let permit = self.budget.permit().await?;
        let rows = self.reader.by_keys(self.scope, &fetch.selection, keys).await?;
        drop(permit);
        self.keyed(fetch, rows, None).await
    }

    /// Rows by their keys. `read` is a connection below them that was read with them.
    async fn keyed(
        &self,
        fetch: &Fetch,
        rows: Vec<Row>,
        read: Option<(usize, Pages)>,
    ) -> Result<KeyedRows> {
        let columns = fetch.of.table.key;
        let mut at = HashMap::with_capacity(rows.len());
        for (index, row) in rows.iter().enumerate() {
            if let Some(key) = row.key(columns, 0..columns.len())? {
                at.insert(key, index);
            }
        }
        let fetched = self.fetched(fetch, rows, read).await?;
        Ok(KeyedRows { at, fetched })
    }

    /// The rows with what is below them. `read` is a connection of them that was read with them.
    /// Boxed, because this recurses.
    fn fetched<'b>(
        &'b self,
        fetch: &'b Fetch,
        rows: Vec<Row>,
        mut read: Option<(usize, Pages)>,
    ) -> BoxFuture<'b, Result<Fetched>> {
        async move {
            let values = fetch.nodes.iter().map(Object::least_values);
            let values = values.fold(0, u64::saturating_add);
            self.budget.take(count(rows.len()).saturating_mul(values))?;
            let below = fetch.below.iter().enumerate().map(|(place, many)| {
                let pages = read.take_if(|(read, _)| *read == place).map(|(_, pages)| pages);
                self.many(many, &rows, pages)
            });
            let below = join_all(below);
            let sales = join_all(fetch.sales.iter().map(|sales| self.sales(sales, &rows)));
            let links = join_all(fetch.links.iter().map(|link| self.links(link, &rows)));
            let converted = join_all(fetch.converted.iter().map(|one| self.converted(one, &rows)));
            let (below, sales, links, converted) = join!(below, sales, links, converted);
            Ok(Fetched { rows, below, sales, links, converted })
        }
        .boxed()
    }

    async fn links(&self, link: &Link, rows: &[Row]) -> Read<Vec<Option<String>>> {
        let sign = async {
            let expires_in = self.bindings.link(link.number)?;
            let mut links = Vec::with_capacity(rows.len());
            for row in rows {
                links.push(match (row.text(link.key)?, self.reports) {
                    (None, _) => None,
                    (Some(key), Some(reports)) => Some(reports.link(key, expires_in).await?),
                    (Some(_), None) => return Err(no_reports()),
                });
            }
            Ok(links)
        };
        sign.await.into()
    }

    async fn converted(&self, converted: &Converted, rows: &[Row]) -> Read<Vec<Row>> {
        let read = async {
            let currency = self.bindings.currency(converted.number)?;
            let amounts = amounts(converted, rows)?;
            let _permit = self.budget.permit().await?;
            let form = MeasureForm::Text;
            self.reader.convert(self.scope, amounts, currency, form).await
        };
        read.await.into()
    }

    async fn many(&self, many: &Many, rows: &[Row], pages: Option<Pages>) -> Read<Lists> {
        let read = async {
            let (of, parents) = parents(rows, many.columns, &many.parent)?;
            let below = Below { columns: many.by, parents: &parents };
            let lists = match pages {
                Some(pages) => self.lists_with(&many.connection, below, pages).await?,
                None => self.lists(&many.connection, Some(below)).await?,
            };
            Ok(Lists { of, ..lists })
        };
        read.await.into()
    }

    async fn sales(&self, sales: &Sales, rows: &[Row]) -> Read<SalesRows> {
        let read = async {
            let (of, keys) = parents(rows, sales.columns, &sales.parent)?;
            if keys.is_empty() || sales.measures.selected.is_empty() {
                return Ok(SalesRows { of, rows: Vec::new() });
            }
            let (lines, measures) = self.bindings.sales(sales.number)?;
            let owners =
                Owners { path: sales.owner.path, columns: sales.owner.columns, keys: &keys };
            let _permit = self.budget.permit().await?;
            let rows =
                self.reader.measure(self.scope, lines, measures, owners, MeasureForm::Text).await?;
            Ok(SalesRows { of, rows })
        };
        read.await.into()
    }
}

/// What a command is about, for the audit log: the ids among the fields of its input. Other
/// fields may hold data of persons.
fn object(field: &RootField, input: Given<'_>) -> String {
    let RootValue::Command { input: fields, .. } = &field.value else { return String::new() };
    let ids = fields.iter().filter(|field| field.ty == "ID").filter_map(|field| {
        let id = input.text(field.name).ok()??;
        Some(format!("{}={id}", field.name))
    });
    ids.collect::<Vec<_>>().join(" ")
}

/// The error of a missing row that must exist: one that is followed, or a command's.
fn missing(field: &RootField, target: &Result<RootTarget>, data: &RootData) -> Option<Error> {
    let Ok(RootTarget::Row(fetch, key)) = target else { return None };
    match (&field.value, data.row(*fetch, key)) {
        (RootValue::Followed { not_found, .. }, Some(None)) => {
            Some(Error::new(Code::NotFound, *not_found))
        }
        (RootValue::Command { .. }, Some(None)) => {
            Some(Error::internal("the row of a command is missing"))
        }
        _ => None,
    }
}

/// Whether a root field reads rows that change while the version of the data does not.
pub(crate) fn is_volatile(root: &Root, target: &Result<RootTarget>) -> bool {
    let of = |fetch: &Fetch| is_volatile_table(fetch.of.table);
    match (&root.step, target) {
        (RootStep::List { connection, .. }, _) => of(&connection.fetch),
        (RootStep::Keys { fetches, .. }, Ok(RootTarget::Row(fetch, _))) => {
            fetches.get(*fetch).is_some_and(of)
        }
        (RootStep::Keys { fetches, .. }, Ok(RootTarget::Rows(keys))) => {
            keys.iter().flatten().any(|(fetch, _)| fetches.get(*fetch).is_some_and(of))
        }
        _ => false,
    }
}

/// The error of a server that knows no bucket of reports.
pub(crate) fn no_reports() -> Error {
    let message = "this server has no bucket of reports: set REPORTS_URI or SOURCE_URI";
    Error::new(Code::Unavailable, message)
}

/// The amounts of rows that are converted; nothing of a row that is not there.
fn amounts(converted: &Converted, rows: &[Row]) -> Result<Vec<Amount>> {
    let amount =
        |row: &Row| Ok(Amount { amount: row.get(converted.amount)?, day: row.get(converted.day)? });
    rows.iter().map(amount).collect()
}

/// The distinct keys of the parents of rows, and the index of each row's.
pub(crate) fn parents(
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
