//! A first load: foreign keys and indexes of tables that are empty, or nearly so, are set aside, and
//! put back before the run ends. Rows without a parent are looked for in each batch meanwhile.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use super::context::Context;
use super::discover::Discovery;
use super::session::Session;
use crate::dataset::{self, Dataset};
use crate::db::set_aside::{self, NewRows};
use crate::error::Result;
use crate::load::counts::bigint;
use crate::load::document::name::DOCUMENTS;

/// The tables of which something is set aside.
#[derive(Debug, Default)]
pub(crate) struct Bulk {
    tables: BTreeMap<String, Table>,
}

#[derive(Debug, Default)]
struct Table {
    /// Whether a foreign key is.
    unchecked: bool,
    /// Set once a new row had the key of a stored one.
    has_stored: AtomicBool,
}

impl Context {
    /// Sets aside what pays. What a run that was killed has left aside stays so as well.
    pub(super) async fn set_aside(&self, discovery: &Discovery) -> Result<()> {
        let order: Vec<&str> = dataset::ALL.iter().rev().map(|dataset| dataset.table).collect();
        let new = dataset::ALL.iter().map(|dataset| (dataset.table, discovery.bytes(dataset)));
        let new: Vec<NewRows> = new
            .filter(|(_, bytes)| *bytes > 0 && *bytes >= self.options.bulk_bytes)
            .map(|(table, bytes)| NewRows { table, bytes: bigint(bytes) })
            .collect();
        let pool = &self.session.pool;
        let attempt = || async {
            if !new.is_empty() {
                let mut connection = pool.acquire().await?;
                set_aside::set_aside(&mut connection, &new, &order).await?;
            }
            Ok(set_aside::list(pool).await?)
        };
        let mut bulk = Bulk::default();
        for item in self.session.retry("set_aside", attempt).await? {
            let unchecked = item.is_foreign_key();
            bulk.tables.entry(item.table).or_default().unchecked |= unchecked;
        }
        // It is set once in a run.
        let _ = self.bulk.set(bulk);
        Ok(())
    }

    /// Whether Postgres does not check the parents of all rows of a dataset.
    pub(crate) fn is_unchecked(&self, dataset: &Dataset) -> bool {
        let own = [dataset.table];
        let tables: &[&str] = match dataset.table == DOCUMENTS.table {
            true => &["sales_order", "sales_order_line"],
            false => &own,
        };
        tables.iter().any(|table| self.table(table).is_some_and(|table| table.unchecked))
    }

    /// Whether the rows of a dataset are taken to be new, for the table was empty.
    pub(crate) fn are_new(&self, dataset: &Dataset) -> bool {
        let table = self.table(dataset.table);
        table.is_some_and(|table| !table.has_stored.load(Ordering::Relaxed))
    }

    /// They are not, or not all of them.
    pub(crate) fn are_stored(&self, dataset: &Dataset) {
        if let Some(table) = self.table(dataset.table) {
            table.has_stored.store(true, Ordering::Relaxed);
        }
    }

    fn table(&self, name: &str) -> Option<&Table> {
        self.bulk.get()?.tables.get(name)
    }
}

/// Puts back all that is set aside, by whichever run.
pub(crate) async fn put_back(session: &Session) -> Result<()> {
    let attempt = || async { Ok(set_aside::put_back(&session.pool).await?) };
    session.retry("put_back", attempt).await.map(drop)
}
