//! The tables as a catalogue outside of Postgres has them.
//!
//! They are read before the rows, so that a commit that finds them unchanged has rows that are
//! no older than those of the snapshot it replaces.

use std::collections::BTreeMap;

use sqlx::{PgPool, Row as _};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::attempt::{self, Dead};
use super::expire;
use super::failure::LakeResult;
use super::place::{Place, Root};
use super::snapshot::ATTEMPT;
use super::table::Base;
use super::tables::LakeTable;
use crate::error::{Error, Result};
use crate::lake::iceberg::change::since;
use crate::lake::iceberg::metadata::{Snapshot, TableMetadata};
use crate::lake::rest::{Catalog, Loaded, NewTable};

/// See the module.
pub(super) struct Held {
    tables: BTreeMap<&'static str, Loaded>,
    names: Vec<&'static str>,
    is_managed: bool,
}

impl Held {
    pub(super) async fn load(
        catalog: &Catalog,
        names: &[&'static str],
        stop: &CancellationToken,
    ) -> Result<Self> {
        let mut tables = BTreeMap::new();
        for name in names {
            if let Some(loaded) = catalog.load(name, stop).await? {
                tables.insert(*name, loaded);
            }
        }
        Ok(Self { tables, names: names.to_vec(), is_managed: catalog.is_managed() })
    }

    pub(super) fn loaded(&self, table: &str) -> Option<&Loaded> {
        self.tables.get(table)
    }

    /// The tables that are to be written whole: they are not there, or not as they were left.
    /// What attempts have left that ended early is known by now.
    pub(super) async fn missing(&self, pool: &PgPool) -> LakeResult<Vec<String>> {
        let rows = sqlx::query(
            "SELECT name, array_remove(array_agg(snapshot_id ORDER BY lake_snapshot.id), NULL) \
             FROM lake_table LEFT JOIN lake_snapshot ON table_id = lake_table.id GROUP BY name",
        )
        .fetch_all(pool)
        .await?;
        let mut known = BTreeMap::<String, Vec<i64>>::new();
        for row in rows {
            known.insert(row.try_get(0)?, row.try_get(1)?);
        }
        let is_missing = |name: &&&'static str| match (self.tables.get(**name), known.get(**name)) {
            (Some(loaded), Some(known)) => match unlike(loaded, known) {
                Some(how) => {
                    tracing::warn!(table = **name, "{how}: the table is written anew");
                    true
                }
                None => false,
            },
            _ => true,
        };
        Ok(self.names.iter().filter(is_missing).map(|name| (*name).to_owned()).collect())
    }

    /// Whether a service removes the files of a table: S3 Tables calls its buckets so.
    fn is_managed(&self, loaded: &Loaded) -> bool {
        let bucket = loaded.metadata.location().split('/').nth(2).unwrap_or_default();
        self.is_managed || bucket.ends_with("--table-s3")
    }

    /// Makes the tables that are not there, without a snapshot.
    pub(super) async fn create(
        &mut self,
        catalog: &Catalog,
        root: &Root,
        tables: &[LakeTable],
        stop: &CancellationToken,
    ) -> Result<()> {
        for table in tables {
            if self.tables.contains_key(table.name) {
                continue;
            }
            let wanted = TableMetadata::create("", &table.wanted(), table.month_of());
            let (schema, partition_spec, properties) = wanted.of_new();
            let location = Some(format!("{}{}", root.uri(), table.name));
            let name = table.name.to_owned();
            let new = NewTable { name, location, schema, partition_spec, properties };
            self.tables.insert(table.name, catalog.create(&new, stop).await?);
        }
        Ok(())
    }

    /// The current snapshots, as JSON.
    pub(super) fn bases(&self) -> Result<String> {
        let bases: BTreeMap<&str, Option<i64>> =
            self.tables.iter().map(|(name, loaded)| (*name, current(loaded))).collect();
        let failed = |error| Error::internal("snapshots cannot be told").with_source(error);
        serde_json::to_string(&bases).map_err(failed)
    }

    /// Where an attempt writes a table, and what the table is.
    pub(super) async fn base(
        &self,
        root: &Root,
        table: &LakeTable,
        attempt: Uuid,
    ) -> Result<(Place, Base)> {
        let missing = || Error::internal(format!("{} was not made in the catalogue", table.name));
        let loaded = self.tables.get(table.name).ok_or_else(missing)?;
        let location = loaded.metadata.location().trim_end_matches('/').to_owned();
        let root = root.of_location(&location).await?;
        let place = Place::at(&root, location, attempt);
        let base = Base::of_rest(&place, table, &loaded.metadata, self.is_managed(loaded)).await?;
        Ok((place, base))
    }

    /// Removes the objects of attempts that were given up, but for those that a snapshot needs:
    /// those of a commit that was done, also where its own snapshot has expired. Those of one
    /// that may still be on its way to the catalogue stay, until the table has moved on, and it
    /// cannot be done any more. Tells these attempts.
    pub(super) async fn sweep(
        &self,
        pool: &PgPool,
        root: &Root,
        catalog: &str,
    ) -> LakeResult<Vec<Dead>> {
        let dead = attempt::dead(&mut *pool.acquire().await?, Some(catalog)).await?;
        for name in &self.names {
            match self.tables.get(name) {
                Some(loaded) if self.is_managed(loaded) => {}
                Some(loaded) => {
                    let ended = ids(&dead, |one| has_ended(one, name, loaded));
                    sweep_table(root, loaded, &ended).await?;
                }
                // What was committed may be in a table of another name.
                None if self.is_managed => {}
                None => {
                    let never_told = ids(&dead, |one| !one.is_told);
                    if !never_told.is_empty() {
                        attempt::remove(root, &root.folder(name), &never_told).await?;
                    }
                }
            }
        }
        Ok(dead)
    }
}

fn ids(dead: &[Dead], is_wanted: impl Fn(&Dead) -> bool) -> Vec<String> {
    dead.iter().filter(|one| is_wanted(one)).map(|one| one.id.to_string()).collect()
}

async fn sweep_table(root: &Root, loaded: &Loaded, ended: &[String]) -> Result<()> {
    if ended.is_empty() {
        return Ok(());
    }
    let location = loaded.metadata.location();
    let root = root.of_location(location).await?;
    let folder = root.folder_of(location);
    attempt::abort(&root, &folder, ended).await?;
    let found = attempt::objects(&root, &folder, ended).await?;
    if found.is_empty() {
        return Ok(());
    }
    let Some(needed) = expire::needed(&root, &loaded.metadata).await? else { return Ok(()) };
    for key in found.iter().filter(|key| !needed.contains(*key)) {
        root.bucket().delete(key).await?;
    }
    Ok(())
}

fn current(loaded: &Loaded) -> Option<i64> {
    loaded.metadata.current().map(|snapshot| snapshot.snapshot_id)
}

/// How a table is not as it was left: with the snapshots that Postgres knows, in their order.
fn unlike(loaded: &Loaded, known: &[i64]) -> Option<&'static str> {
    let Some(newer) = since(&loaded.metadata, known.last().copied()) else {
        return Some("the catalogue has a snapshot of the lake no longer, or has rolled it back");
    };
    let is_unknown =
        |one: &&Snapshot| one.summary.contains_key(ATTEMPT) && !known.contains(&one.snapshot_id);
    newer.iter().any(is_unknown).then_some(
        "the catalogue has a snapshot that Postgres does not know, as one that was restored",
    )
}

/// Whether an attempt has not changed a table and cannot any more.
pub(super) fn has_ended(dead: &Dead, table: &str, loaded: &Loaded) -> bool {
    let id = dead.id.to_string();
    let is_its = |one: &Snapshot| one.summary.get(ATTEMPT).is_some_and(|attempt| *attempt == id);
    if loaded.metadata.snapshots().iter().any(is_its) {
        return false;
    }
    let base = dead.bases.get(table);
    dead.is_long_dead || base.is_some_and(|base| *base != current(loaded))
}
