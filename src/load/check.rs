//! `--check`: reads and validates everything as a load would, and writes nothing.
//! Keys of good rows go to temporary tables of the connection, so that a child is
//! no orphan whose parent is in another file.

use std::sync::Arc;
use std::time::Instant;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};

use super::counts::{Counts, count};
use super::decode::{Batch, Decoded};
use super::failure::{Failure, Step};
use super::file::merge::{self, Target};
use super::file::pipeline::within_bound;
use super::file::reading::Reading;
use super::file::statements::Statements;
use super::ledger::FileTotals;
use super::run::discover::discover;
use super::run::session;
use super::run::summary::{FileError, FileSummary, RejectSample, RunSummary};
use super::run::{Load, levels};
use crate::dataset::Dataset;
use crate::error::{Code, Error, Result};
use crate::storage::ObjectVersion;

/// Findings told of each file.
const SAMPLES: usize = 20;
const WAY_OUT: &str = "a load would stop here";

impl Load {
    /// Checks every file, loaded before or not. `inserted` and `updated` are what
    /// a load would do; a key that comes twice counts as unchanged.
    pub async fn check(self) -> Result<RunSummary> {
        let begun = Instant::now();
        let options = session::settings(self.database.clone());
        let mut connection = session::connect(&options).await?;
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
            run_id: None,
            outcome: RunSummary::outcome_of(&files),
            source: self.source.uri().to_string(),
            files_found,
            files_skipped: 0,
            totals: RunSummary::totals_of(&files),
            files,
            steps: Vec::new(),
            error: None,
            seconds: begun.elapsed().as_secs_f64(),
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
        let mut summary = FileSummary {
            dataset: check.target.dataset.table,
            key: object.key.clone(),
            counts: Counts::default(),
            seconds: 0.0,
            error: None,
            samples: Vec::new(),
        };
        if let Err(failure) = self.check_rows(connection, check, &object, &mut summary).await {
            let error = Error::from(failure);
            summary.error = Some(FileError {
                code: error.code().as_str(),
                message: error.message().to_owned(),
            });
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
    ) -> Step<()> {
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
            within_bound(self.options.max_rejects, totals, batch.last, WAY_OUT)?;
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
    /// Gives how many staged rows are new, and how many would replace a stored one.
    classify: String,
    remember: String,
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
            remember: format!(
                "INSERT INTO pg_temp.checked_{table} \
                 SELECT {key} FROM pg_temp.stage_{table} ON CONFLICT DO NOTHING"
            ),
            target,
        }
    }

    async fn batch(&self, connection: &mut PgConnection, batch: &Batch) -> Step<Counts> {
        sqlx::query(AssertSqlSafe(self.target.statements.create_stage.as_str()))
            .execute(&mut *connection)
            .await?;
        let mut transaction = connection.begin().await?;
        merge::stage(&mut transaction, &self.target, batch).await?;
        let orphans = merge::take_orphans(&mut transaction, &self.target).await?;
        let row =
            sqlx::query(AssertSqlSafe(self.classify.as_str())).fetch_one(&mut *transaction).await?;
        let (inserted, updated): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        sqlx::query(AssertSqlSafe(self.remember.as_str())).execute(&mut *transaction).await?;
        transaction.commit().await?;
        let parked = count(orphans.lines.len());
        Ok(super::ledger::counts_of(batch, inserted, updated, parked))
    }
}
