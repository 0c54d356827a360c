//! `--check`: reads and validates everything as a load would, and writes nothing. The
//! keys of valid rows are kept in temporary tables, where children find parents of other
//! files.

use std::sync::Arc;
use std::time::Instant;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};

use super::counts::{Counts, bigint};
use super::decode::{Batch, Decoded};
use super::failure::{Failure, LoadResult};
use super::file::merge::{self, Target};
use super::file::pipeline::check_rejects;
use super::file::reading::Reading;
use super::file::statements::Statements;
use super::ledger::FileTotals;
use super::mirror::{self, Allowed, Removal};
use super::run::connection::{connect, settings};
use super::run::discover::{Found, discover};
use super::run::summary::{DoubtfulSample, ErrorSummary, FileSummary, RejectSample, RunSummary};
use super::run::{Load, levels};
use crate::config::LoadMode;
use crate::dataset::{self, Dataset};
use crate::db::layout::Layout;
use crate::error::{Code, Error, Result};
use crate::storage::ObjectVersion;

/// Findings reported for each file.
pub(super) const SAMPLES: usize = 20;
pub(super) const REMEDY: &str = "a load would stop here";

impl Load {
    /// Checks every file, loaded before or not. `inserted` and `updated` are what a load
    /// would do; a repeated key counts as unchanged.
    pub async fn check(self) -> Result<RunSummary> {
        let begun = Instant::now();
        let mut connection = connect(&settings(self.database.clone())).await?;
        let layout = Layout::seen_by(&mut connection).await.map_err(Failure::from)?;
        let mut discovery = discover(&self.source, &self.options, None).await?;
        let files_found = discovery.found();
        let mut files = Vec::new();
        let is_mirror = self.options.mode == LoadMode::Mirror;
        if is_mirror {
            mirror::hold_temporarily(&mut connection).await?;
        }
        for dataset in levels().into_iter().flatten() {
            let found = discovery.count(dataset);
            let check = Check::new(dataset, layout, is_mirror.then(|| number(dataset)));
            sqlx::raw_sql(AssertSqlSafe(check.create_keys.as_str()))
                .execute(&mut connection)
                .await
                .map_err(Failure::from)?;
            for Found { object, .. } in discovery.take(dataset) {
                let mut file = self.check_file(&mut connection, &check, object).await;
                if is_mirror && found > 1 {
                    let error = mirror::several_files(dataset.file_stem, found);
                    file.error = Some(ErrorSummary::from(&error));
                }
                files.push(file);
            }
        }
        if discovery.documents > 0 {
            self.check_documents(&mut connection, layout, &mut files).await?;
        }
        if is_mirror {
            self.check_mirrored(&mut connection, layout, &mut files).await?;
        }
        connection.close().await.map_err(Failure::from)?;
        Ok(RunSummary {
            files_found,
            files_left_out: discovery.files_left_out,
            left_out: std::mem::take(&mut discovery.left_out),
            ..RunSummary::new(self.source.uri().to_string(), files, None, begun)
        })
    }

    /// Counts what would be removed, children first: as many rows at most, for a new child
    /// may yet need one of them.
    async fn check_mirrored(
        &self,
        connection: &mut PgConnection,
        layout: Layout,
        files: &mut [FileSummary],
    ) -> LoadResult<()> {
        let mut transaction = connection.begin().await?;
        let mut children = Vec::new();
        for dataset in dataset::ALL.iter().rev() {
            let of_table = |file: &&mut FileSummary| file.dataset == dataset.table;
            let Some(file) = files.iter_mut().find(of_table).filter(|file| file.error.is_none())
            else {
                continue;
            };
            let removal = Removal::for_check(dataset, &children, layout);
            removal.prepare(&mut transaction).await?;
            let missing =
                mirror::count_missing(&mut transaction, &removal, number(dataset), i32::MAX);
            let missing = missing.await?;
            let rejected = file.counts.rejected;
            let allowed = Allowed { inserted: 0, rejected, share: self.options.max_removed };
            match missing.check(dataset.table, allowed) {
                Ok(()) => {
                    (file.counts.removed, file.counts.kept) = (missing.removable, missing.needed);
                    children.push(*dataset);
                }
                Err(error) => file.error = Some(ErrorSummary::from(&error)),
            }
        }
        transaction.rollback().await?;
        Ok(())
    }

    async fn check_file(
        &self,
        connection: &mut PgConnection,
        check: &Check,
        object: ObjectVersion,
    ) -> FileSummary {
        let begun = Instant::now();
        self.observer.began(&object);
        let mut summary = FileSummary::new(check.target.dataset, object.key.clone());
        if let Err(failure) = self.check_rows(connection, check, &object, &mut summary).await {
            summary.error = Some(ErrorSummary::from(&failure.into()));
        }
        summary.seconds = begun.elapsed().as_secs_f64();
        self.observer.ended(&summary);
        summary
    }

    async fn check_rows(
        &self,
        connection: &mut PgConnection,
        check: &Check,
        object: &ObjectVersion,
        summary: &mut FileSummary,
    ) -> LoadResult<()> {
        let reading = Reading {
            source: self.source.clone(),
            observer: Arc::clone(&self.observer),
            dataset: check.target.dataset,
            format: self.options.format_of(check.target.dataset),
            object: object.clone(),
            limits: self.options.limits,
            digest: None,
        };
        let mut decoded = reading.start(None);
        while let Some(next) = decoded.next().await {
            if self.stop.is_cancelled() {
                return Err(Error::new(Code::Conflict, "interrupted").into());
            }
            let Decoded::Batch(batch) = next else { continue };
            let counts = check.batch(connection, &batch).await?;
            summary.counts += counts;
            let room = SAMPLES.saturating_sub(summary.samples.len());
            summary.samples.extend(samples(&batch).take(room));
            summary.doubtful += batch.doubtful.len() as u64;
            let room = SAMPLES.saturating_sub(summary.doubtful_samples.len());
            let doubtful = batch.doubtful.iter().take(room);
            let sample = |(line, inner_line)| DoubtfulSample { line, inner_line };
            summary.doubtful_samples.extend(doubtful.copied().map(sample));
            self.observer.batch(object, counts);
            let totals =
                FileTotals { read: summary.counts.read, rejected: summary.counts.rejected };
            check_rejects(self.options.max_rejects, totals, batch.last, REMEDY)?;
        }
        decoded.finish().await
    }
}

pub(super) fn samples(batch: &Batch) -> impl Iterator<Item = RejectSample> + '_ {
    batch.rejects.iter().map(|reject| RejectSample {
        key: None,
        line: batch.place(reject.line).0,
        column: reject.column().map(str::to_owned),
        reason: reject.fault.reason.as_str(),
        message: reject.fault.message.clone(),
    })
}

/// The number of a dataset among all.
fn number(dataset: &Dataset) -> i32 {
    let at = dataset::ALL.iter().position(|other| other.table == dataset.table);
    at.and_then(|at| i32::try_from(at).ok()).unwrap_or(i32::MAX)
}

/// The statements of one dataset's check.
pub(super) struct Check {
    target: Target,
    create_keys: String,
    /// Counts the staged rows that are new, and those that would replace a stored one.
    classify: String,
    insert_keys: String,
    /// In mirror mode, the number under which all keys of the file are held.
    mirrored_as: Option<i32>,
}

impl Check {
    pub(super) fn new(dataset: &'static Dataset, layout: Layout, mirrored_as: Option<i32>) -> Self {
        let target = Target { dataset, statements: Statements::for_check(dataset, layout), layout };
        let table = dataset.table;
        let first = dataset.key.first().copied().unwrap_or_default();
        let stored = match layout {
            Layout::Single => table.to_owned(),
            Layout::Distributed => format!(
                "(SELECT * FROM {table} WHERE {first} = ANY (ARRAY( \
                 SELECT DISTINCT {first} FROM pg_temp.stage_{table})) OFFSET 0)"
            ),
        };
        let key = dataset.key.join(", ");
        let columns: Vec<&str> = dataset.columns.iter().map(|column| column.name).collect();
        let of = |prefix: &str| {
            columns.iter().map(|name| format!("{prefix}.{name}")).collect::<Vec<_>>().join(", ")
        };
        Self {
            create_keys: format!(
                "CREATE TEMP TABLE checked_{table} AS SELECT {key} FROM {table} WITH NO DATA; \
                 CREATE UNIQUE INDEX ON pg_temp.checked_{table} ({key})"
            ),
            classify: format!(
                "SELECT count(*) FILTER (WHERE stored.loaded_at IS NULL \
                   AND checked.found IS NULL), \
                 count(*) FILTER (WHERE stored.loaded_at IS NOT NULL AND checked.found IS NULL \
                   AND stored.modified_date <= stage.modified_date \
                   AND ({}) IS DISTINCT FROM ({})) \
                 FROM pg_temp.stage_{table} AS stage \
                 LEFT JOIN {stored} AS stored USING ({key}) \
                 LEFT JOIN (SELECT {key}, true AS found FROM pg_temp.checked_{table}) AS checked \
                   USING ({key}) \
                 WHERE stage.round = 0",
                of("stored"),
                of("stage"),
            ),
            insert_keys: format!(
                "INSERT INTO pg_temp.checked_{table} \
                 SELECT {key} FROM pg_temp.stage_{table} ON CONFLICT DO NOTHING"
            ),
            mirrored_as,
            target,
        }
    }

    pub(super) async fn batch(
        &self,
        connection: &mut PgConnection,
        batch: &Batch,
    ) -> LoadResult<Counts> {
        let mut transaction = merge::begin(connection, &self.target).await?;
        merge::stage(&mut transaction, &self.target, &[batch]).await?;
        if let Some(file) = self.mirrored_as {
            mirror::record_keys(&mut transaction, file, batch).await?;
        }
        let orphans = merge::take_orphans(&mut transaction, &self.target).await?;
        let row =
            sqlx::query(AssertSqlSafe(self.classify.as_str())).fetch_one(&mut *transaction).await?;
        let (inserted, updated): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        sqlx::query(AssertSqlSafe(self.insert_keys.as_str())).execute(&mut *transaction).await?;
        transaction.commit().await?;
        let parked = bigint(orphans.lines.len());
        Ok(merge::counts_of(batch, inserted, updated, parked))
    }
}
