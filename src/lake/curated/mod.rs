//! The curated lake: the tables of Postgres and a wide one as Apache Iceberg tables on S3, for
//! engines that scan more than one machine holds.
//!
//! [`Curated::prepare`] reads the rows and the data version in one snapshot of Postgres and
//! writes the files of the partitions that have changed, which nobody sees yet.
//! [`Prepared::commit`] makes them seen, all tables at once, in the transaction of the caller.

mod attempt;
mod catalogue;
mod due;
mod expire;
mod failure;
mod file;
mod place;
mod rows;
mod scan;
mod snapshot;
mod stats;
mod table;
mod tables;

use std::fmt::Write as _;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use sqlx::{Executor as _, PgConnection, PgPool};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub use self::due::shorten;
pub use self::failure::LakeFailure;
pub use self::scan::{Outdated, SalesFile, SalesScan, SalesState};
pub use self::tables::{SalesColumn, sales_column};

use self::due::{Due, Watch};
use self::failure::LakeResult;
use self::place::{Place, Root};
use self::snapshot::{Of, Written, expire_before};
use self::tables::LakeTable;
use crate::error::{Code, Error, Result};
use crate::lake::place::Lake;
use crate::storage::S3Settings;

/// One scan after another, and nobody else: sorts and joins of a month stay in memory.
const SETTINGS: &str =
    "SELECT set_config('work_mem', '64MB', true), set_config('jit', 'off', true)";

/// Where and how the lake is written; cheap to clone.
#[derive(Debug, Clone)]
pub struct Curated {
    root: Root,
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

/// Tables that are ready to be committed.
#[derive(Debug)]
pub struct Prepared {
    root: Root,
    attempt: Uuid,
    run: Uuid,
    data_version: i64,
    notes: Vec<Uuid>,
    tables: Vec<Written>,
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
        let root = Root::new(lake.bucket().clone(), &lake.name, &lake.prefix);
        Ok(Self { root, persons: options.persons, keep: options.snapshot_keep })
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
        let names: Vec<&str> = tables.iter().map(|table| table.name).collect();
        attempt::sweep(pool, &self.root, &names).await?;
        attempt::remove_unneeded(pool, &self.root).await?;
        let watch =
            Watch { uri: self.root.uri(), persons: self.persons, columns: columns_of(&tables) };
        if !due::watch(pool, &watch).await? {
            tracing::warn!(
                "somebody keeps a transaction open that has written to a table, so changes \
                 cannot be noted for the lake yet: this run leaves the lake as it is, and the \
                 next one tries again"
            );
            return Ok(None);
        }
        let expire_before = expire_before(self.keep);
        if !due::is_any(pool, &tables, expire_before).await? {
            return Ok(None);
        }
        let attempt = attempt::begin(pool, run).await?;
        let prepared = self.write(pool, run, attempt, &tables, expire_before, stop).await;
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

    async fn write(
        &self,
        pool: &PgPool,
        run: Uuid,
        attempt: Uuid,
        tables: &[LakeTable],
        expire_before: DateTime<Utc>,
        stop: &CancellationToken,
    ) -> LakeResult<Prepared> {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        let mut snapshot = pool.begin_with(begin).await?;
        snapshot.execute(SETTINGS).await?;
        let version = sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM data_version");
        let data_version: i64 = version.fetch_one(&mut *snapshot).await?;
        let due = Due::read(&mut snapshot, tables, self.persons, expire_before).await?;
        let mut changed = Vec::new();
        for table in tables {
            let Some(months) = due.tables.get(table.name) else { continue };
            let place = Place::new(&self.root, table.name, attempt);
            changed.push(table::write(&mut snapshot, place, table, months, stop).await?);
        }
        // No row is needed any more: Postgres may clean up what is newer.
        snapshot.rollback().await?;
        let of = Of { run, data_version, expire_before };
        let mut written = Vec::new();
        for one in changed {
            table::check(stop)?;
            written.extend(snapshot::finish(one, of).await?);
        }
        Ok(Prepared {
            root: self.root.clone(),
            attempt,
            run,
            data_version,
            notes: due.notes,
            tables: written,
        })
    }
}

/// How a commit has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed {
    /// The transaction may be committed.
    Yes,
    /// Somebody else has changed a table: roll back, and prepare anew.
    Conflict,
}

impl Prepared {
    /// The data version that the tables show.
    #[must_use]
    pub const fn data_version(&self) -> i64 {
        self.data_version
    }

    /// Rows in new files.
    #[must_use]
    pub fn rows_written(&self) -> i64 {
        let snapshots = self.tables.iter().filter_map(|table| table.snapshot.as_ref());
        snapshots.map(|snapshot| snapshot.rows_written).sum()
    }

    /// Commits all tables in the caller's transaction.
    ///
    /// # Errors
    /// Those of Postgres; `LOCKED` if another run has given this attempt up.
    pub async fn commit(&self, connection: &mut PgConnection) -> Result<Committed, LakeFailure> {
        // First: whoever else commits waits here.
        for table in &self.tables {
            let (old, new) = (table.old_metadata.as_deref(), &table.new_metadata);
            if !catalogue::exchange(connection, table.name, old, new).await? {
                return Ok(Committed::Conflict);
            }
        }
        if !attempt::commit(connection, self.attempt).await? {
            let message = "another loader took over this run; the lake is as it was";
            return Err(Error::new(Code::Locked, message).into());
        }
        for table in &self.tables {
            self.record(connection, table).await?;
        }
        let removed = sqlx::query("DELETE FROM lake_due WHERE id = ANY ($1)")
            .bind(&self.notes)
            .execute(connection)
            .await?
            .rows_affected();
        // Without a table to exchange, this tells that somebody was faster.
        let is_all = removed == u64::try_from(self.notes.len()).unwrap_or(u64::MAX);
        Ok(if is_all { Committed::Yes } else { Committed::Conflict })
    }

    async fn record(&self, connection: &mut PgConnection, table: &Written) -> LakeResult<()> {
        let id: i32 = sqlx::query_scalar(
            "INSERT INTO lake_table (name, location, metadata_location) VALUES ($1, $2, $3) \
             ON CONFLICT (name) DO UPDATE SET location = excluded.location, \
                 metadata_location = excluded.metadata_location, written_at = now() \
             RETURNING id",
        )
        .bind(table.name)
        .bind(&table.location)
        .bind(&table.new_metadata)
        .fetch_one(&mut *connection)
        .await?;
        // Also those of a table of that name whose place this one takes.
        sqlx::query("DELETE FROM lake_snapshot WHERE table_id = $1 AND snapshot_id <> ALL ($2)")
            .bind(id)
            .bind(&table.snapshots)
            .execute(&mut *connection)
            .await?;
        sqlx::query("INSERT INTO lake_removal SELECT unnest($1::text[]) ON CONFLICT DO NOTHING")
            .bind(&table.unneeded)
            .execute(&mut *connection)
            .await?;
        let Some(snapshot) = &table.snapshot else { return Ok(()) };
        sqlx::query(
            "INSERT INTO lake_snapshot (table_id, snapshot_id, data_version, run_id, row_count, \
                 files, bytes, rows_written, files_added, files_removed) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(id)
        .bind(snapshot.id)
        .bind(self.data_version)
        .bind(self.run)
        .bind(snapshot.rows)
        .bind(snapshot.files)
        .bind(snapshot.bytes)
        .bind(snapshot.rows_written)
        .bind(snapshot.files_added)
        .bind(snapshot.files_removed)
        .execute(connection)
        .await?;
        Ok(())
    }

    /// Gives up what was not committed.
    ///
    /// # Errors
    /// Those of Postgres.
    pub async fn give_up(&self, pool: &PgPool) -> Result<(), LakeFailure> {
        attempt::give_up(pool, self.attempt).await
    }

    /// After the commit: removes what no snapshot needs any more.
    ///
    /// # Errors
    /// Those of Postgres and S3; the next run does it then.
    pub async fn clean_up(&self, pool: &PgPool) -> Result<(), LakeFailure> {
        attempt::remove_unneeded(pool, &self.root).await
    }
}

/// Tells the columns of all tables: where it changes, all is written anew.
fn columns_of(tables: &[LakeTable]) -> String {
    let mut hash = Sha256::new();
    for table in tables {
        hash.update(table.select());
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
