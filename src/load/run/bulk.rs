//! A first load: foreign keys and indexes of tables that are empty, or nearly so, are set aside, and
//! put back before the run ends. Rows without a parent are looked for in each batch meanwhile.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use super::session::Session;
use crate::dataset::{self, Dataset};
use crate::db::set_aside::{self, NewRows};
use crate::error::Result;
use crate::load::document::name::DOCUMENTS;
use crate::load::file::merge::Manner;

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

impl Bulk {
    /// Sets aside what pays of these tables. What a run that was killed has left aside stays so
    /// as well.
    pub(super) async fn begin(session: &Session, new: &[NewRows]) -> Result<Self> {
        let order: Vec<&str> = dataset::ALL.iter().rev().map(|dataset| dataset.table).collect();
        let attempt = || async {
            // A cluster has its own ways to check and to index its pieces.
            if !new.is_empty() && !session.layout.is_distributed() {
                let mut connection = session.pool.acquire().await?;
                set_aside::set_aside(&mut connection, new, &order).await?;
            }
            Ok(set_aside::list(&session.pool).await?)
        };
        let mut bulk = Self::default();
        for item in session.retry("set_aside", attempt).await? {
            let unchecked = item.is_foreign_key();
            bulk.tables.entry(item.table).or_default().unchecked |= unchecked;
        }
        Ok(bulk)
    }

    /// How rows of a dataset are merged at first: orphans are looked for where Postgres does not
    /// check them all, and rows are taken to be new where the table was empty.
    pub(super) fn manner(&self, dataset: &Dataset) -> Manner {
        let tables = self.tables(dataset);
        let is_new = |table: &Table| !table.has_stored.load(Ordering::Relaxed);
        Manner {
            find_orphans: tables.iter().flatten().any(|table| table.unchecked),
            only_new: tables.iter().all(|table| table.is_some_and(is_new)),
        }
    }

    /// A row of the dataset was stored before.
    pub(super) fn has_stored(&self, dataset: &Dataset) {
        for table in self.tables(dataset).into_iter().flatten() {
            table.has_stored.store(true, Ordering::Relaxed);
        }
    }

    /// The tables of a dataset, of which documents have two.
    fn tables(&self, dataset: &Dataset) -> Vec<Option<&Table>> {
        match dataset.table == DOCUMENTS.table {
            true => {
                vec![self.tables.get("sales_order"), self.tables.get("sales_order_line")]
            }
            false => vec![self.tables.get(dataset.table)],
        }
    }
}

/// Puts back all that is set aside, by whichever run.
pub(crate) async fn put_back(session: &Session) -> Result<()> {
    let attempt = || async { Ok(set_aside::put_back(&session.pool).await?) };
    session.retry("put_back", attempt).await.map(drop)
}
