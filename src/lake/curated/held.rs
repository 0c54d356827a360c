//! The tables as a catalogue outside of Postgres has them.
//!
//! They are read before the rows, so that a commit that finds them unchanged has rows that are
//! no older than those of the snapshot it replaces.

use std::collections::BTreeMap;

use sqlx::{PgPool, Row as _};
use uuid::Uuid;

use super::attempt::{self, Dead};
use super::failure::LakeResult;
use super::place::{Place, Root};
use super::snapshot::ATTEMPT;
use super::table::Base;
use super::tables::LakeTable;
use crate::error::{Error, Result};
use crate::lake::iceberg::change::descends_from;
use crate::lake::iceberg::metadata::TableMetadata;
use crate::lake::rest::{Catalog, Loaded, NewTable};

/// See the module.
pub(super) struct Held {
    tables: BTreeMap<&'static str, Loaded>,
    names: Vec<&'static str>,
    is_managed: bool,
}

impl Held {
    pub(super) async fn load(catalog: &Catalog, names: &[&'static str]) -> Result<Self> {
        let mut tables = BTreeMap::new();
        for name in names {
            if let Some(loaded) = catalog.load(name).await? {
                tables.insert(*name, loaded);
            }
        }
        Ok(Self { tables, names: names.to_vec(), is_managed: catalog.is_managed() })
    }

    pub(super) fn loaded(&self, table: &str) -> Option<&Loaded> {
        self.tables.get(table)
    }

    /// The tables that are to be written whole: they are not there, or not as they were left.
    pub(super) async fn missing(&self, pool: &PgPool) -> LakeResult<Vec<String>> {
        let rows = sqlx::query(
            "SELECT name, (SELECT snapshot_id FROM lake_snapshot WHERE table_id = lake_table.id \
                 ORDER BY id DESC LIMIT 1) FROM lake_table",
        )
        .fetch_all(pool)
        .await?;
        let mut known = BTreeMap::<String, Option<i64>>::new();
        for row in rows {
            known.insert(row.try_get(0)?, row.try_get(1)?);
        }
        let is_missing = |name: &&&'static str| match (self.tables.get(**name), known.get(**name)) {
            (Some(loaded), Some(Some(newest))) => {
                let is_gone = !descends_from(&loaded.metadata, *newest);
                if is_gone {
                    let (table, snapshot) = (**name, *newest);
                    tracing::warn!(
                        table,
                        snapshot,
                        "the catalogue has a snapshot of the lake no longer, or has rolled it \
                         back: the table is written anew"
                    );
                }
                is_gone
            }
            (Some(_), Some(None)) => false,
            _ => true,
        };
        Ok(self.names.iter().filter(is_missing).map(|name| (*name).to_owned()).collect())
    }

    /// Makes the tables that are not there, without a snapshot.
    pub(super) async fn create(
        &mut self,
        catalog: &Catalog,
        root: &Root,
        tables: &[LakeTable],
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
            self.tables.insert(table.name, catalog.create(&new).await?);
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
        let base = Base::of_rest(&place, table, &loaded.metadata, self.is_managed).await?;
        Ok((place, base))
    }

    /// Removes the objects of attempts that were given up. Those of a commit that was done are
    /// in the table; those of one that may still be on its way to the catalogue stay, until the
    /// table has moved on, and it cannot be done any more. Tells these attempts.
    pub(super) async fn sweep(&self, pool: &PgPool, root: &Root) -> LakeResult<Vec<Dead>> {
        let dead = attempt::dead(pool).await?;
        for (name, loaded) in self.tables.iter().filter(|_| !self.is_managed) {
            let is_over = |dead: &&Dead| has_ended(dead, name, loaded);
            let names: Vec<String> =
                dead.iter().filter(is_over).map(|dead| dead.id.to_string()).collect();
            if !names.is_empty() {
                let location = loaded.metadata.location();
                let root = root.of_location(location).await?;
                attempt::remove(&root, &root.folder_of(location), &names).await?;
            }
        }
        Ok(dead)
    }
}

fn current(loaded: &Loaded) -> Option<i64> {
    loaded.metadata.current().map(|snapshot| snapshot.snapshot_id)
}

/// Whether an attempt has not changed a table and cannot any more.
fn has_ended(dead: &Dead, table: &str, loaded: &Loaded) -> bool {
    let id = dead.id.to_string();
    let is_its = |id: &str| {
        let mut all = loaded.metadata.snapshots().iter();
        all.any(|one| one.summary.get(ATTEMPT).is_some_and(|attempt| attempt == id))
    };
    if is_its(&id) {
        return false;
    }
    let bases = dead
        .bases
        .as_deref()
        .and_then(|text| serde_json::from_str::<BTreeMap<String, Option<i64>>>(text).ok());
    let base = bases.and_then(|bases| bases.get(table).copied());
    dead.is_long_dead || base.is_some_and(|base| base != current(loaded))
}
