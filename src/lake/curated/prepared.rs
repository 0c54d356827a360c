//! Makes what was written seen.

use std::fmt;
use std::sync::Arc;

use sqlx::{PgConnection, PgPool};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::attempt;
use super::catalogue;
use super::failure::{LakeFailure, LakeResult};
use super::held::Held;
use super::intent::{self, Intended};
use super::place::Root;
use super::record::{self, Recorded};
use super::snapshot::{Publish, Written};
use crate::error::Result;
use crate::lake::rest::{Catalog, Commit, Loaded, Outcome};

/// Tables that are ready to be committed.
pub struct Prepared {
    pub(super) root: Root,
    pub(super) catalog: Option<Arc<Catalog>>,
    pub(super) attempt: Uuid,
    pub(super) run: Uuid,
    pub(super) data_version: i64,
    pub(super) notes: Vec<Uuid>,
    pub(super) tables: Vec<Written>,
    /// Ends the commit early.
    pub(super) stop: CancellationToken,
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared").field("tables", &self.tables).finish_non_exhaustive()
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

    /// Commits all tables: in the caller's transaction, or in a catalogue of its own, and records
    /// them in that transaction.
    ///
    /// # Errors
    /// Those of Postgres and of the catalogue; `LOCKED` if another run has given this attempt up.
    pub async fn commit(&self, connection: &mut PgConnection) -> Result<Committed, LakeFailure> {
        let committed = match &self.catalog {
            None => self.commit_here(connection).await?,
            Some(catalog) => self.commit_there(connection, catalog).await?,
        };
        if committed == Committed::Conflict {
            return Ok(committed);
        }
        let removed = sqlx::query("DELETE FROM lake_due WHERE id = ANY ($1)")
            .bind(&self.notes)
            .execute(connection)
            .await?
            .rows_affected();
        // Without a table to exchange, this tells that somebody was faster.
        let is_all = removed == u64::try_from(self.notes.len()).unwrap_or(u64::MAX);
        // What another catalogue has committed is done, whoever else has written the same.
        Ok(if is_all || self.catalog.is_some() { Committed::Yes } else { Committed::Conflict })
    }

    async fn commit_here(&self, connection: &mut PgConnection) -> LakeResult<Committed> {
        // First: whoever else commits waits here.
        for table in &self.tables {
            let Publish::Metadata { old, new } = &table.publish else { continue };
            if !catalogue::exchange(connection, table.name, old.as_deref(), new).await? {
                return Ok(Committed::Conflict);
            }
        }
        if !attempt::commit(connection, self.attempt).await? {
            return Err(intent::taken_over().into());
        }
        for table in &self.tables {
            let Publish::Metadata { new, .. } = &table.publish else { continue };
            let recorded = Recorded {
                name: table.name,
                location: &table.location,
                metadata_location: new,
                snapshots: &table.snapshots,
                unneeded: &table.unneeded,
            };
            let id = record::table(connection, &recorded).await?;
            if let Some(snapshot) = &table.snapshot {
                let (run, version) = (self.run, self.data_version);
                record::snapshot(connection, id, run, version, snapshot).await?;
            }
        }
        Ok(Committed::Yes)
    }

    async fn commit_there(
        &self,
        connection: &mut PgConnection,
        catalog: &Catalog,
    ) -> LakeResult<Committed> {
        intent::alone(connection).await?;
        intent::hold(connection, self.attempt).await?;
        if self.has_named_expired(catalog).await? {
            return Ok(Committed::Conflict);
        }
        let mut commits = Vec::new();
        let intended: Vec<Intended> = self.tables.iter().map(Intended::of).collect();
        let checks: Vec<_> =
            intended.iter().map(|one| move |loaded: &Loaded| one.is_done(loaded)).collect();
        let mut unchanged = Vec::new();
        for (table, is_done) in self.tables.iter().zip(&checks) {
            match &table.publish {
                Publish::Change(Some(change)) => {
                    commits.push((table, Commit { table: table.name, change, is_done }));
                }
                // Postgres alone lags behind.
                Publish::Change(None) | Publish::Metadata { .. } => unchanged.push(table),
            }
        }
        let (tables, commits): (Vec<_>, Vec<_>) = commits.into_iter().unzip();
        let Outcome::Done(done) = catalog.commit(&commits, &self.stop).await? else {
            return Ok(Committed::Conflict);
        };
        for (table, loaded) in tables.into_iter().zip(&done) {
            record::loaded(connection, table.name, loaded, &table.unneeded).await?;
        }
        for table in unchanged {
            let loaded = catalog.load(table.name, &self.stop).await?;
            let is_same = |loaded: &&Loaded| {
                let current = loaded.metadata.current();
                current.is_none_or(|current| table.snapshots.contains(&current.snapshot_id))
            };
            let Some(loaded) = loaded.as_ref().filter(is_same) else {
                return Ok(Committed::Conflict);
            };
            record::loaded(connection, table.name, loaded, &table.unneeded).await?;
        }
        attempt::commit(connection, self.attempt).await?;
        Ok(Committed::Yes)
    }

    /// Whether somebody has named a snapshot meanwhile that is to expire. A commit cannot demand
    /// that there is no new name, so the catalogue is asked just before.
    async fn has_named_expired(&self, catalog: &Catalog) -> Result<bool> {
        for table in self.tables.iter().filter(|table| !table.expired.is_empty()) {
            let Some(loaded) = catalog.load(table.name, &self.stop).await? else { continue };
            if table.expired.iter().any(|id| loaded.metadata.is_named(*id)) {
                return Ok(true);
            }
        }
        Ok(false)
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
        if let Some(catalog) = self.catalog.as_ref().filter(|_| !self.tables.is_empty()) {
            let names: Vec<&'static str> = self.tables.iter().map(|table| table.name).collect();
            let name = catalog.name();
            let dead = attempt::dead(&mut *pool.acquire().await?, Some(&name)).await?;
            if !dead.is_empty() {
                let held = Held::load(catalog, &names, &self.stop).await?;
                held.sweep(pool, &self.root, &name).await?;
            }
        }
        attempt::remove_unneeded(pool, &self.root).await
    }
}
