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
use super::ledger::{self, FileTotals};
use super::run::connection::{connect, settings};
use super::run::discover::discover;
use super::run::summary::{ErrorSummary, FileSummary, RejectSample, RunSummary};
use super::run::{Load, levels};
use crate::dataset::Dataset;
use crate::error::{Code, Error, Result};
use crate::storage::ObjectVersion;

/// Findings reported for each file.
const SAMPLES: usize = 20;
const REMEDY: &str = "a load would stop here";

impl Load {
    /// Checks every file, loaded before or not. `inserted` and `updated` are what a load
    /// would do; a repeated key counts as unchanged.
    pub async fn check(self) -> Result<RunSummary> {
        let begun = Instant::now();
        let mut connection = connect(&settings(self.database.clone())).await?;
        let mut discovery = discover(&self.source, None).await?;
        let files_found = discovery.found();
        let mut files = Vec::new();
        for dataset in levels().into_iter().flatten() {
            let check = Check::new(dataset);
            sqlx::raw_sql(AssertSqlSafe(check.create_keys.as_str()))
                .execute(&mut connection)
                .await
                .map_err(Failure::from)?;
            for object in discovery.take(dataset) {
                files.push(self.check_file(&mut connection, &check, object).await);
            }
        }
        connection.close().await.map_err(Failure::from)?;
        Ok(RunSummary {
            files_found,
            ..RunSummary::new(self.source.uri().to_string(), files, None, begun)
        })
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
            object: object.clone(),
            limits: self.options.limits,
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
            self.observer.batch(object, counts);
            let totals =
                FileTotals { read: summary.counts.read, rejected: summary.counts.rejected };
            check_rejects(self.options.max_rejects, totals, batch.last, REMEDY)?;
        }
        decoded.finish().await
    }
}

fn samples(batch: &Batch) -> impl Iterator<Item = RejectSample> + '_ {
    batch.rejects.iter().map(|reject| RejectSample {
        line: reject.line,
        column: reject.fault.column,
        reason: reject.fault.reason.as_str(),
        message: reject.fault.message.clone(),
    })
}

/// The statements of one dataset's check.
struct Check {
    target: Target,
    create_keys: String,
    /// Counts the staged rows that are new, and those that would replace a stored one.
    classify: String,
    insert_keys: String,
}

impl Check {
    fn new(dataset: &'static Dataset) -> Self {
        let target = Target { dataset, statements: Statements::for_check(dataset) };
        let table = dataset.table;
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
                 LEFT JOIN {table} AS stored USING ({key}) \
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
            target,
        }
    }

    async fn batch(&self, connection: &mut PgConnection, batch: &Batch) -> LoadResult<Counts> {
        let mut transaction = merge::begin(connection, &self.target).await?;
        merge::stage(&mut transaction, &self.target, batch).await?;
        let orphans = merge::take_orphans(&mut transaction, &self.target).await?;
        let row =
            sqlx::query(AssertSqlSafe(self.classify.as_str())).fetch_one(&mut *transaction).await?;
        let (inserted, updated): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        sqlx::query(AssertSqlSafe(self.insert_keys.as_str())).execute(&mut *transaction).await?;
        transaction.commit().await?;
        let parked = bigint(orphans.lines.len());
        Ok(ledger::counts_of(batch, inserted, updated, parked))
    }
}
