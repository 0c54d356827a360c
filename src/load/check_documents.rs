//! `--check` of documents, after all files of rows: their keys are known by then.

use std::sync::Arc;
use std::time::Instant;

use sqlx::PgConnection;

use super::check::{Check, REMEDY, SAMPLES, samples};
use super::document::DocumentBatch;
use super::document::feed::{Fed, Feed};
use super::document::file::{DecodedDocuments, Decoding};
use super::document::name::DOCUMENTS;
use super::document::page::Page;
use super::failure::LoadResult;
use super::file::pipeline::check_rejects;
use super::file::reading::Reading;
use super::ledger::FileTotals;
use super::run::Load;
use super::run::summary::{ErrorSummary, FileSummary, RejectSample};
use crate::dataset::{self, Dataset};
use crate::db::layout::Layout;
use crate::error::{Code, Error, Result};
use crate::storage::ObjectVersion;

/// The checks of both tables.
struct Checks {
    orders: Check,
    lines: Check,
}

impl Checks {
    fn new(layout: Layout) -> Result<Self> {
        let check = |table| -> Result<Check> {
            let dataset: &'static Dataset = dataset::by_table(table)
                .ok_or_else(|| Error::internal(format!("{table} is no dataset")))?;
            Ok(Check::new(dataset, layout, None))
        };
        Ok(Self { orders: check("sales_order")?, lines: check("sales_order_line")? })
    }

    async fn batch(
        &self,
        connection: &mut PgConnection,
        batch: &DocumentBatch,
        summary: &mut FileSummary,
        key_of: impl Fn(u64) -> Option<String>,
    ) -> LoadResult<()> {
        for (check, batch) in [(&self.orders, &batch.orders), (&self.lines, &batch.lines)] {
            summary.counts += check.batch(connection, batch).await?;
            let room = SAMPLES.saturating_sub(summary.samples.len());
            let named = samples(batch).take(room).map(|sample| {
                let key = key_of(sample.line);
                RejectSample { key, ..sample }
            });
            summary.samples.extend(named);
        }
        Ok(())
    }
}

impl Load {
    /// Checks every document, loaded before or not.
    pub(super) async fn check_documents(
        &self,
        connection: &mut PgConnection,
        layout: Layout,
        files: &mut Vec<FileSummary>,
    ) -> Result<()> {
        let checks = Checks::new(layout)?;
        let mut feed = Feed::start(self.source.clone(), None, self.options.limits);
        while let Some(next) = feed.next().await {
            let mut summary = match &next {
                Fed::Page(page) => FileSummary::new(&DOCUMENTS, page.object.key.clone()),
                Fed::Alone(object) | Fed::Failed(object, _) => {
                    FileSummary::new(&DOCUMENTS, object.key.clone())
                }
                Fed::Skipped(_) => continue,
            };
            let begun = Instant::now();
            let checked = match next {
                Fed::Page(page) => self.check_page(connection, &checks, &page, &mut summary).await,
                Fed::Alone(object) => {
                    self.check_large(connection, &checks, object, &mut summary).await
                }
                Fed::Failed(_, error) => Err(error.into()),
                Fed::Skipped(_) => Ok(()),
            };
            if let Err(failure) = checked {
                summary.error = Some(ErrorSummary::from(&failure.into()));
            }
            summary.seconds = begun.elapsed().as_secs_f64();
            self.observer.ended(&summary);
            files.push(summary);
            if self.stop.is_cancelled() {
                break;
            }
        }
        if self.stop.is_cancelled() {
            return Err(Error::new(Code::Conflict, "interrupted"));
        }
        feed.finish().await
    }

    async fn check_page(
        &self,
        connection: &mut PgConnection,
        checks: &Checks,
        page: &Page,
        summary: &mut FileSummary,
    ) -> LoadResult<()> {
        self.observer.began(&page.object);
        self.observer.read(&page.object, page.object.size);
        let key_of = |number| Some(page.key_of(number).to_owned());
        checks.batch(connection, &page.batch, summary, key_of).await?;
        self.observer.batch(&page.object, summary.counts);
        Ok(self.check_bound(summary, true)?)
    }

    async fn check_large(
        &self,
        connection: &mut PgConnection,
        checks: &Checks,
        object: ObjectVersion,
        summary: &mut FileSummary,
    ) -> LoadResult<()> {
        self.observer.began(&object);
        let reading = Reading {
            source: self.source.clone(),
            observer: Arc::clone(&self.observer),
            dataset: &DOCUMENTS,
            format: None,
            object: object.clone(),
            limits: self.options.limits,
            digest: None,
        };
        let mut decoded = Decoding::start(reading, None);
        while let Some(next) = decoded.next().await {
            if self.stop.is_cancelled() {
                return Err(Error::new(Code::Conflict, "interrupted").into());
            }
            let DecodedDocuments::Batch(batch) = next else { continue };
            let before = summary.counts;
            checks.batch(connection, &batch, summary, |_| None).await?;
            self.observer.batch(&object, summary.counts - before);
            self.check_bound(summary, batch.orders.last)?;
        }
        decoded.finish().await
    }

    fn check_bound(&self, summary: &FileSummary, last: bool) -> Result<()> {
        let totals = FileTotals { read: summary.counts.read, rejected: summary.counts.rejected };
        check_rejects(self.options.max_rejects, totals, last, REMEDY)
    }
}
