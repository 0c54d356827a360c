//! The estimated cost of a plan, before anything is read.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::bind::{Bindings, ListBinding};
use crate::auth::Scope;
use crate::catalog::{Table, table};
use crate::error::{Error, Result};
use crate::graphql::plan::target::RootTarget;
use crate::graphql::plan::{
    Connection, Fetch, Object, Operation, ResponseKey, RootStep, ServiceStep, TEXT_UNIT, count,
};
use crate::graphql::{schema, types};
use crate::query::aggregate::{Measures, SALES_GROUP};
use crate::query::{Key, Reader, Sizes, require_table, sees_all_rows};

/// How long the sizes of tables are cached.
const MAX_AGE: Duration = Duration::from_secs(30);

/// Order lines that are aggregated in the time in which a value is read and written.
const LINES_PER_VALUE: u64 = 100;
/// The most that a scan of all order lines is estimated at: daily totals answer much of
/// it, and a statement that takes too long is cancelled.
const MAX_SCAN: u64 = 50_000;
/// The same where the number of lines is not known, or not to be known.
const UNKNOWN_SCAN: u64 = 10_000;
/// The same for the lines that belong to one row.
const MAX_OWN_SCAN: u64 = 500;

/// The sizes of the tables, cached.
#[derive(Debug, Default)]
pub(crate) struct TableSizes {
    cached: RwLock<Option<(Instant, Arc<Sizes>)>>,
    refreshing: Mutex<()>,
}

impl TableSizes {
    /// The sizes. While one request refreshes them, the others use the old ones, and all do
    /// while Postgres does not answer.
    pub(crate) async fn get(&self, reader: &Reader) -> Arc<Sizes> {
        let refreshing = match self.cached() {
            Some((at, sizes)) if at.elapsed() < MAX_AGE => return sizes,
            Some((_, sizes)) => match self.refreshing.try_lock() {
                Ok(refreshing) => refreshing,
                Err(_) => return sizes,
            },
            None => self.refreshing.lock().await,
        };
        // Another request may have refreshed them meanwhile.
        if let Some((_, sizes)) = self.cached().filter(|(at, _)| at.elapsed() < MAX_AGE) {
            return sizes;
        }
        let tables = types::ALL.iter().map(|of| of.table);
        let sizes = match reader.sizes(tables).await {
            Ok(sizes) => Arc::new(sizes),
            Err(error) => {
                tracing::warn!(error = error.detail(), "the sizes of the tables are not known");
                self.cached().map_or_else(Arc::default, |(_, sizes)| sizes)
            }
        };
        let mut cached = self.cached.write().unwrap_or_else(PoisonError::into_inner);
        *cached = Some((Instant::now(), Arc::clone(&sizes)));
        drop(refreshing);
        sizes
    }

    fn cached(&self) -> Option<(Instant, Arc<Sizes>)> {
        self.cached.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What an estimate is computed from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Estimate<'a> {
    pub(crate) bindings: &'a Bindings,
    pub(crate) sizes: &'a Sizes,
    /// The most rows of a page, whatever is asked for.
    pub(crate) most_rows: u64,
    /// The sizes of tables of which the caller may see a part must not show.
    pub(crate) scope: &'a Scope,
}

/// The rows of a level.
#[derive(Debug, Clone, Copy)]
struct Rows {
    max: u64,
    /// Whether no row comes twice: then they are no more than their table has.
    distinct: bool,
}

impl Estimate<'_> {
    /// The most values an operation gives: for each connection a full page for each of its
    /// parents, but no more rows than the table has, and the values of each row; where
    /// sales are measured, also the lines that are scanned.
    pub(crate) fn of(self, operation: &Operation, targets: &[Result<RootTarget>]) -> u64 {
        let roots = operation.roots.iter().zip(targets).map(|(root, target)| {
            // The field is refused.
            let Ok(target) = target else { return 1 };
            let one = Rows { max: 1, distinct: true };
            match (&root.step, target) {
                (RootStep::Typename(_) | RootStep::Introspection(_), _) => 1,
                (RootStep::Service(steps), _) => service(steps),
                (RootStep::List { connection, .. }, _) => self.connections(connection, one),
                (RootStep::Keys { fetches, .. }, RootTarget::Rows(keys)) => {
                    self.rows(fetches, keys)
                }
                (RootStep::Keys { fetches, .. }, _) => {
                    // The row is of one of these types.
                    fetches.iter().map(|fetch| self.nodes(fetch, one)).fold(0, u64::max)
                }
            }
        });
        roots.fold(0, u64::saturating_add)
    }

    /// Rows by their keys, each by the fetch of its type.
    fn rows(self, fetches: &[Fetch], keys: &[Result<(usize, Key), Arc<Error>>]) -> u64 {
        let mut of = vec![0_u64; fetches.len()];
        let mut refused = 0_u64;
        for key in keys {
            match key.as_ref().ok().and_then(|(fetch, _)| of.get_mut(*fetch)) {
                Some(rows) => *rows += 1,
                None => refused += 1,
            }
        }
        let asked = fetches.iter().zip(of).filter(|(_, max)| *max > 0);
        let each = asked.map(|(fetch, max)| self.nodes(fetch, Rows { max, distinct: max == 1 }));
        each.fold(refused, u64::saturating_add)
    }

    /// One connection for each parent.
    fn connections(self, connection: &Connection, parents: Rows) -> u64 {
        let table = connection.fetch.of.table;
        let scan = if table.name == SALES_GROUP.name {
            let list = self.bindings.list(connection.number).ok();
            self.scan().saturating_add(self.rates(list.and_then(ListBinding::measures)))
        } else {
            0
        };
        let own = parents.max.saturating_mul(connection.values()).saturating_add(scan);
        if !connection.needs_rows() {
            return own;
        }
        let page = self.bindings.list(connection.number).map_or(0, |list| list.page.limit.into());
        let page = self.most_rows.min(page);
        let mut rows = Rows { max: parents.max.saturating_mul(page), ..parents };
        if let (true, Some(size)) = (rows.distinct, self.size(table)) {
            rows.max = rows.max.min(size);
        }
        let edges = rows.max.saturating_mul(connection.edge_values());
        own.saturating_add(edges).saturating_add(self.nodes(&connection.fetch, rows))
    }

    fn nodes(self, fetch: &Fetch, rows: Rows) -> u64 {
        let each = fetch.nodes.iter().map(Object::values).fold(0, u64::saturating_add);
        let below = fetch.below.iter().map(|many| {
            // The key of the fetched row comes first in its statement; rows joined to it
            // may be shared.
            let own = many.parent.iter().copied().eq(0..many.columns.len());
            let distinct = rows.distinct && own;
            self.connections(&many.connection, Rows { distinct, ..rows })
        });
        let sales = fetch.sales.iter().map(|sales| {
            let lines = self.scan().min(rows.max.saturating_mul(MAX_OWN_SCAN));
            let measures = self.bindings.sales(sales.number).map(|(_, measures)| measures);
            let rates = self.rates(measures.ok());
            rows.max
                .saturating_mul(sales.object.values())
                .saturating_add(lines)
                .saturating_add(rates)
        });
        let converted = fetch
            .converted
            .iter()
            .map(|converted| rows.max.saturating_mul(converted.object.values()));
        below.chain(sales).chain(converted).fold(rows.max.saturating_mul(each), u64::saturating_add)
    }

    /// The cost of the rates of all days, of each currency that amounts are measured in.
    fn rates(self, measures: Option<&Measures>) -> u64 {
        let currencies = measures.map_or(0, |measures| count(measures.currencies().len()));
        currencies.saturating_mul(self.scan())
    }

    /// The cost of a scan of all order lines.
    fn scan(self) -> u64 {
        match self.size(table::<entity::sales_order_line::Entity>()) {
            Some(lines) => (lines / LINES_PER_VALUE).min(MAX_SCAN),
            None => UNKNOWN_SCAN,
        }
    }

    /// The most rows of a table, as far as known and to be known.
    fn size(self, table: &Table) -> Option<u64> {
        let is_visible =
            require_table(self.scope, table).is_ok() && sees_all_rows(self.scope, table);
        self.sizes.most(table).filter(|_| is_visible)
    }
}

/// The values of the schema as a subgraph.
fn service(steps: &[(ResponseKey, ServiceStep)]) -> u64 {
    let values = steps.iter().map(|(_, step)| match step {
        ServiceStep::Typename => 1,
        ServiceStep::Sdl => count(schema::subgraph_sdl().len() / TEXT_UNIT).saturating_add(1),
    });
    values.fold(1, u64::saturating_add)
}
