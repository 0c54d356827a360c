//! What is said of kept versions: their manifests, and their rows in the ledger, in the
//! transaction that loads them.

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use sqlx::PgConnection;
use uuid::Uuid;

use super::keeper::{AT_A_TIME, Keeper, Kept};
use crate::error::{Error, Result};
use crate::lake::{KeptObject, Manifest, day_folder, manifest_key};
use crate::load::failure::LoadResult;
use crate::load::ledger::raw::{self, RawEntry, RawRow};
use crate::load::run::session::Session;

/// What is kept of an entry of the ledger.
pub(crate) struct Record<'a> {
    pub(crate) file: i32,
    pub(crate) dataset: &'static str,
    pub(crate) kept: &'a [Kept],
    /// Of a page, what tells it from others.
    pub(crate) page: Option<&'a str>,
}

/// The row of an entry that has its manifest.
#[derive(Debug)]
pub(super) struct Described {
    row: RawRow,
    /// Whether the manifest was written for it.
    is_new: bool,
}

impl Keeper {
    /// Writes the manifests and records the entries, in the transaction that loads them. A
    /// stalled server does not delay the stop.
    pub(crate) async fn record(
        &self,
        connection: &mut PgConnection,
        session: &Session,
        records: &[Record<'_>],
    ) -> LoadResult<()> {
        let files: Vec<i32> = records.iter().map(|record| record.file).collect();
        let entries = raw::entries(connection, &files).await?;
        let describing = async { Ok(self.describe(session.run(), records, &entries).await?) };
        let described = session.unless_stopped(describing).await?;
        let kept = records.iter().flat_map(|record| record.kept);
        self.insert(connection, &described, kept).await
    }

    /// Writes the manifests of these entries.
    pub(super) async fn describe(
        &self,
        run: Uuid,
        records: &[Record<'_>],
        entries: &[RawEntry],
    ) -> Result<Vec<Described>> {
        let mut writing: Vec<BoxFuture<'_, Result<Described>>> = Vec::with_capacity(records.len());
        for record in records {
            let entry = entries.iter().find(|entry| entry.id == record.file);
            let entry = entry.ok_or_else(|| Error::internal("a file has no entry"))?;
            writing.push(self.described(run, record, entry).boxed());
        }
        stream::iter(writing).buffered(AT_A_TIME).try_collect().await
    }

    /// Records what is kept, and ends the claims.
    pub(super) async fn insert<'a>(
        &self,
        connection: &mut PgConnection,
        described: &[Described],
        kept: impl Iterator<Item = &'a Kept>,
    ) -> LoadResult<()> {
        let rows: Vec<&RawRow> = described.iter().map(|described| &described.row).collect();
        raw::insert(connection, &rows).await?;
        let objects: Vec<&KeptObject> = kept.map(|kept| &kept.object).collect();
        let column =
            |of: fn(&KeptObject) -> &str| objects.iter().map(|object| of(object)).collect();
        let versions = [
            column(|object| &object.bucket),
            column(|object| &object.key),
            column(|object| &object.etag),
            column(|object| &object.version_id),
        ];
        raw::release(connection, versions).await
    }

    /// Removes the manifest of an entry that was not loaded, if it was written for it.
    pub(super) async fn forget(&self, described: &Described) -> LoadResult<()> {
        let Described { row: RawRow { manifest_uri, .. }, is_new: true } = described else {
            return Ok(());
        };
        let mut connection = self.pool.acquire().await?;
        // The commit may have been made, and its answer lost.
        let needed = raw::needed(&mut connection, &[manifest_uri], None).await?;
        if needed.is_empty() {
            self.lake.delete_uri(manifest_uri).boxed().await?;
        }
        Ok(())
    }

    async fn described(
        &self,
        run: Uuid,
        record: &Record<'_>,
        entry: &RawEntry,
    ) -> Result<Described> {
        let Some(first) = record.kept.first() else {
            return Err(Error::internal("nothing is kept of a file"));
        };
        let objects = record.kept.iter();
        let day = objects.clone().map(|kept| kept.day).max().unwrap_or(first.day);
        let manifest = match &first.manifest {
            Some(known) => known.clone(),
            None => {
                let manifest = Manifest {
                    dataset: record.dataset.to_owned(),
                    source: self.source.uri().to_string(),
                    run_id: run,
                    file_id: entry.id,
                    started_at: entry.started_at,
                    mapping: entry.mapping.clone(),
                    mode: entry.mode.clone(),
                    objects: objects.clone().map(|kept| kept.object.clone()).collect(),
                };
                let folder = day_folder(record.dataset, day);
                let raw = &first.object.raw;
                let name = match record.page {
                    Some(page) => format!("{folder}page-{}", page.get(..12).unwrap_or(page)),
                    // Beside the copy, unless that is of an earlier reading.
                    None => format!("{folder}{}", raw.rsplit_once('/').map_or("", |it| it.1)),
                };
                self.write(&manifest, &name).await?
            }
        };
        let manifest_uri = self.lake.uri_of(&manifest);
        let uris = || objects.clone().map(|kept| self.lake.uri_of(&kept.object.raw)).collect();
        let is_new = first.manifest.is_none();
        let row = match record.page {
            Some(_) => RawRow {
                file: record.file,
                day,
                uri: manifest_uri.clone(),
                manifest_uri,
                sha256: None,
                objects: Some(uris()),
            },
            None => RawRow {
                file: record.file,
                day,
                uri: self.lake.uri_of(&first.object.raw),
                manifest_uri,
                sha256: Some(first.object.sha256.clone()),
                objects: None,
            },
        };
        Ok(Described { row, is_new })
    }

    /// Writes a manifest, under another name if that of another reading is there.
    async fn write(&self, manifest: &Manifest, name: &str) -> Result<String> {
        let key = manifest_key(name, None);
        if manifest.create(&self.lake, &key).await? {
            return Ok(key);
        }
        let there = Manifest::read(&self.lake, &key).await?;
        if there.is_none_or(|there| there.is_same_reading(manifest)) {
            manifest.write(&self.lake, &key).await?;
            return Ok(key);
        }
        let (bucket, source) = match manifest.objects.first() {
            Some(object) => (object.bucket.as_str(), object.key.as_str()),
            None => ("", ""),
        };
        let key = manifest_key(name, Some(&[bucket, source, &manifest.mapping]));
        manifest.write(&self.lake, &key).await?;
        Ok(key)
    }
}
