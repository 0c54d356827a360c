//! How much a plan asks for, before anything is read.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::bind::{Asks, Wanted};
use crate::catalog::table;
use crate::error::Result;
use crate::graphql::plan::{Connection, Fetch, Object, Operation, RootStep, count};
use crate::graphql::types;
use crate::query::aggregate::SALES_GROUP;
use crate::query::{Reader, Sizes};

/// How old the known sizes of tables may be.
const FRESH: Duration = Duration::from_secs(30);

/// Order lines that are measured in the time in which a value is read and written.
const LINES: u64 = 100;
/// The most that going through all of them is estimated at: much can be read by day,
/// and what takes too long is cancelled.
const MOST_SCAN: u64 = 50_000;
/// The same of the lines that belong to one row.
const OWN_LINES: u64 = 500;

/// The sizes of the tables, looked up now and then.
#[derive(Debug, Default)]
pub(crate) struct TableSizes {
    known: RwLock<Option<(Instant, Arc<Sizes>)>>,
    looking: Mutex<()>,
}

impl TableSizes {
    /// The sizes as they were lately. While somebody looks them up anew, the others
    /// go on with the old ones; where they cannot be had, none are known.
    pub(crate) async fn get(&self, reader: &Reader) -> Arc<Sizes> {
        let looking = match self.known() {
            Some((at, sizes)) if at.elapsed() < FRESH => return sizes,
            Some((_, sizes)) => match self.looking.try_lock() {
                Ok(looking) => looking,
                Err(_) => return sizes,
            },
            None => self.looking.lock().await,
        };
        // Another may just have looked.
        if let Some((_, sizes)) = self.known().filter(|(at, _)| at.elapsed() < FRESH) {
            return sizes;
        }
        let tables = types::ALL.iter().map(|entity| entity.table);
        let sizes = Arc::new(reader.sizes(tables).await.unwrap_or_else(|error| {
            tracing::warn!(error = error.detail(), "the sizes of the tables are not known");
            Sizes::default()
        }));
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        *known = Some((Instant::now(), Arc::clone(&sizes)));
        drop(looking);
        sizes
    }

    fn known(&self) -> Option<(Instant, Arc<Sizes>)> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What an estimate goes by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Estimate<'a> {
    pub(crate) asks: &'a Asks,
    pub(crate) sizes: &'a Sizes,
}

/// Rows of a level, at most.
#[derive(Debug, Clone, Copy)]
struct Rows {
    most: u64,
    /// Whether none comes twice. Then they are no more than their table has.
    distinct: bool,
}

impl Estimate<'_> {
    /// The values an operation gives at most: of each list as many rows as its page
    /// may have for each of its parents, but no more than there are, and the values of
    /// each; where sales are measured also the lines that are gone through.
    pub(crate) fn of(self, operation: &Operation, wanted: &[Result<Wanted>]) -> u64 {
        let roots = operation.roots.iter().zip(wanted).map(|(root, wanted)| {
            let most = match wanted {
                // It is refused.
                Err(_) => return 1,
                Ok(Wanted::Each(keys)) => count(keys.len()),
                Ok(Wanted::One(..) | Wanted::Command(_) | Wanted::Itself) => 1,
            };
            match &root.step {
                RootStep::Typename(_) | RootStep::Introspection(_) => 1,
                RootStep::List { connection, .. } => {
                    self.lists(connection, Rows { most: 1, distinct: true })
                }
                RootStep::Keys { fetches, .. } => {
                    // Each row is of one of these types.
                    let rows = Rows { most, distinct: most == 1 };
                    fetches.iter().map(|fetch| self.nodes(fetch, rows)).fold(0, u64::max)
                }
            }
        });
        roots.fold(0, u64::saturating_add)
    }

    /// A connection of each of the parents.
    fn lists(self, connection: &Connection, parents: Rows) -> u64 {
        let is_of_groups = connection.fetch.entity.table.name == SALES_GROUP.name;
        let scan = if is_of_groups { self.scan() } else { 0 };
        let itself = parents.most.saturating_mul(connection.values()).saturating_add(scan);
        if !connection.needs_rows() {
            return itself;
        }
        let page = self.asks.of(connection.number).map_or(0, |ask| u64::from(ask.page.limit));
        let mut rows = Rows { most: parents.most.saturating_mul(page), ..parents };
        if let (true, Some(most)) = (rows.distinct, self.sizes.most(connection.fetch.entity.table))
        {
            rows.most = rows.most.min(most);
        }
        let edges = rows.most.saturating_mul(connection.edge_values());
        itself.saturating_add(edges).saturating_add(self.nodes(&connection.fetch, rows))
    }

    fn nodes(self, fetch: &Fetch, rows: Rows) -> u64 {
        let each = fetch.nodes.iter().map(Object::values).fold(0, u64::saturating_add);
        let below = fetch.below.iter().map(|many| {
            // The rows themselves come first in a statement; those joined to them may be
            // shared.
            let own = many.parent.iter().copied().eq(0..many.columns.len());
            let distinct = rows.distinct && own;
            self.lists(&many.connection, Rows { distinct, ..rows })
        });
        let sales = fetch.sales.iter().map(|sales| {
            let lines = self.scan().min(rows.most.saturating_mul(OWN_LINES));
            rows.most.saturating_mul(sales.object.values()).saturating_add(lines)
        });
        below.chain(sales).fold(rows.most.saturating_mul(each), u64::saturating_add)
    }

    /// What it costs to go through all order lines, which measuring may have to.
    fn scan(self) -> u64 {
        (self.sizes.most(table::<entity::sales_order_line::Entity>()).unwrap_or(0) / LINES)
            .min(MOST_SCAN)
    }
}
