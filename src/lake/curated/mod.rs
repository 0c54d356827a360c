//! The curated lake: the tables of Postgres and a wide one as Apache Iceberg tables on S3, for
//! engines that scan more than one machine holds.
//!
//! [`Curated::prepare`] reads the rows and the data version in one snapshot of Postgres and
//! writes the files of the partitions that have changed, which nobody sees yet.
//! [`Prepared::commit`] makes them seen: all tables at once, in the transaction of the caller, where
//! the catalogue is in Postgres. Another catalogue is told within that transaction, before its
//! end; `intent` says how nothing is lost or done twice between the two.

mod attempt;
mod catalogue;
mod due;
mod expire;
mod failure;
mod file;
mod held;
mod intent;
mod place;
mod prepared;
mod record;
mod rows;
mod scan;
mod snapshot;
mod stats;
mod table;
mod tables;

use std::fmt;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use sqlx::{Executor as _, PgPool};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub use self::due::shorten;
pub use self::failure::LakeFailure;
pub use self::intent::STEP;
pub use self::prepared::{Committed, Prepared};
pub use self::scan::{Outdated, SalesFile, SalesScan, SalesState};
pub use self::tables::{SalesColumn, sales_column};

use self::due::{Due, Watch};
use self::failure::LakeResult;
use self::held::Held;
use self::intent::{Intended, Intent};
use self::place::{Place, Root};
use self::snapshot::{Of, expire_before};
use self::table::Base;
use self::tables::LakeTable;
use crate::config::CatalogConfig;
use crate::error::Result;
use crate::lake::place::Lake;
use crate::lake::rest::Catalog;
use crate::storage::S3Settings;

/// One scan after another, and nobody else: sorts and joins of a month stay in memory.
const SETTINGS: &str =
    "SELECT set_config('work_mem', '64MB', true), set_config('jit', 'off', true)";

/// Where and how the lake is written; cheap to clone.
#[derive(Clone)]
pub struct Curated {
    root: Root,
    /// That in Postgres unless there is another.
    catalog: Option<Arc<Catalog>>,
    persons: bool,
    keep: Duration,
}

/// How the lake is written.
#[derive(Debug, Clone, Copy)]
pub struct CuratedOptions {
    /// Whether personal data are in it.
    pub persons: bool,
    /// How long snapshots are kept.
    pub snapshot_keep: Duration,
}

impl fmt::Debug for Curated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Curated").field("root", &self.root).finish_non_exhaustive()
    }
}

impl Curated {
    /// The curated part of a lake, without a request.
    ///
    /// # Errors
    /// `CONFIG` if the address is no bucket, or S3 is not configured.
    pub async fn connect(
        uri: &str,
        settings: &S3Settings,
        options: CuratedOptions,
    ) -> Result<Self> {
        let lake = Lake::connect(uri, settings).await?;
        let root = Root::new(lake.bucket().clone(), &lake.name, &lake.prefix, settings);
        Ok(Self { root, catalog: None, persons: options.persons, keep: options.snapshot_keep })
    }

    /// The same, with tables that an Iceberg REST catalogue names, without a request.
    ///
    /// # Errors
    /// `CONFIG` if it cannot be used so.
    pub async fn with_catalog(
        mut self,
        config: &CatalogConfig,
        settings: &S3Settings,
    ) -> Result<Self> {
        self.catalog = Some(Arc::new(Catalog::new(config, settings).await?));
        Ok(self)
    }

    /// Writes what the lake lacks. `None` if it lacks nothing. What is written is not seen until
    /// it is committed; what a dead process has left is removed.
    ///
    /// # Errors
    /// Those of Postgres and S3, and `CONFLICT` if `stop` ends it early.
    pub async fn prepare(
        &self,
        pool: &PgPool,
        run: Uuid,
        stop: &CancellationToken,
    ) -> Result<Option<Prepared>, LakeFailure> {
        let tables = tables::all(self.persons);
        let names: Vec<&'static str> = tables.iter().map(|table| table.name).collect();
        attempt::bury(pool).await?;
        let mut held = match &self.catalog {
            None => {
                attempt::sweep(pool, &self.root, &names).await?;
                None
            }
            Some(catalog) => {
                let held = Held::load(catalog, &names, stop).await?;
                intent::settle(pool, &catalog.name(), &held).await?;
                let dead = held.sweep(pool, &self.root, &catalog.name()).await?;
                attempt::forget(pool, &dead).await?;
                Some(held)
            }
        };
        attempt::remove_unneeded(pool, &self.root).await?;
        if !due::watch(pool, &self.watched(&tables)).await? {
            tracing::warn!(
                "somebody keeps a transaction open that has written to a table, so changes \
                 cannot be noted for the lake yet: this run leaves the lake as it is, and the \
                 next one tries again"
            );
            return Ok(None);
        }
        let missing = match &held {
            Some(held) => Some(held.missing(pool).await?),
            None => None,
        };
        let missing = missing.as_deref();
        let expire_before = expire_before(self.keep);
        if !due::is_any(pool, &tables, expire_before, missing).await? {
            return Ok(None);
        }
        let mut bases = None;
        if let (Some(held), Some(catalog)) = (&mut held, &self.catalog) {
            held.create(catalog, &self.root, &tables, stop).await?;
            bases = Some(held.bases()?);
        }
        let catalog = self.catalog.as_ref().map(|catalog| catalog.name());
        let (catalog, bases) = (catalog.as_deref(), bases.as_deref());
        let attempt = attempt::begin(pool, run, catalog, bases).await?;
        let what = What { tables: &tables, held: held.as_ref(), missing, expire_before };
        let prepared = self.write(pool, run, attempt, what, stop).await;
        match prepared {
            // Nothing was written: another program keeps the snapshots that are past their term.
            Ok(prepared) if prepared.tables.is_empty() && prepared.notes.is_empty() => {
                attempt::commit(&mut *pool.acquire().await?, attempt).await?;
                Ok(None)
            }
            Ok(prepared) => Ok(Some(prepared)),
            Err(failure) => {
                // The failure that counts is the first; the next sweep does it otherwise.
                let _ = attempt::give_up(pool, attempt).await;
                Err(failure)
            }
        }
    }

    /// What notes are of: where it changes, all is written anew.
    fn watched(&self, tables: &[LakeTable]) -> Watch {
        let mut uri = self.root.uri();
        if let Some(catalog) = &self.catalog {
            uri = format!("{uri} in {}", catalog.name());
        }
        Watch { uri, persons: self.persons, columns: columns_of(tables) }
    }

    async fn write(
        &self,
        pool: &PgPool,
        run: Uuid,
        attempt: Uuid,
        what: What<'_>,
        stop: &CancellationToken,
    ) -> LakeResult<Prepared> {
        let What { tables, held, missing, expire_before } = what;
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        let mut snapshot = pool.begin_with(begin).await?;
        snapshot.execute(SETTINGS).await?;
        let version = sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM data_version");
        let data_version: i64 = version.fetch_one(&mut *snapshot).await?;
        let due = Due::read(&mut snapshot, tables, self.persons, expire_before, missing).await?;
        let mut changed = Vec::new();
        for table in tables {
            let Some(months) = due.tables.get(table.name) else { continue };
            let (place, base) = match held {
                Some(held) => held.base(&self.root, table, attempt).await?,
                None => {
                    let place = Place::new(&self.root, table.name, attempt);
                    let base = Base::of_sql(&mut snapshot, &place, table.name).await?;
                    (place, base)
                }
            };
            changed.push(table::write(&mut snapshot, place, table, months, base, stop).await?);
        }
        // No row is needed any more: Postgres may clean up what is newer.
        snapshot.rollback().await?;
        let of = Of { run, attempt, data_version, expire_before };
        let mut written = Vec::new();
        for one in changed {
            table::check(stop)?;
            written.extend(snapshot::finish(one, of).await?);
        }
        let prepared = Prepared {
            root: self.root.clone(),
            catalog: self.catalog.clone(),
            attempt,
            run,
            data_version,
            notes: due.notes,
            tables: written,
            stop: stop.clone(),
        };
        if self.catalog.is_some() {
            let tables = prepared.tables.iter().map(Intended::of).collect();
            let notes = prepared.notes.clone();
            intent::tell(pool, attempt, &Intent { data_version, notes, tables }).await?;
        }
        Ok(prepared)
    }
}

/// What is to be written.
#[derive(Clone, Copy)]
struct What<'a> {
    tables: &'a [LakeTable],
    held: Option<&'a Held>,
    missing: Option<&'a [String]>,
    expire_before: DateTime<Utc>,
}

/// Tells the rows and columns of all tables: where it changes, all is written anew.
fn columns_of(tables: &[LakeTable]) -> String {
    let mut hash = Sha256::new();
    for table in tables {
        hash.update(table.definition());
        for column in &table.columns {
            hash.update([0]);
            hash.update(&column.name);
            hash.update(column.ty.name());
        }
    }
    hash.finalize().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
