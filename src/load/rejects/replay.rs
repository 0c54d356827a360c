//! Loads stored rejects again after a fix.

use std::time::Instant;

use sqlx::postgres::PgConnectOptions;
use tokio_util::sync::CancellationToken;

use super::list::{RejectSelection, selected};
use super::retry::{Page, Quarantine, Summaries, resolve_parked, retry};
use crate::config::LoadMode;
use crate::dataset;
use crate::error::{Code, Error, Result};
use crate::load::decode::BatchLimits;
use crate::load::derive::derive;
use crate::load::document::name::DOCUMENTS;
use crate::load::failure::Failure;
use crate::load::file::merge::Target;
use crate::load::ledger::RunFile;
use crate::load::run::bulk::put_back;
use crate::load::run::known::RunAs;
use crate::load::run::levels;
use crate::load::run::lock::NewRun;
use crate::load::run::observe::Silent;
use crate::load::run::session::Session;
use crate::load::run::summary::{FileSummary, RunSummary, StepSummary};
use crate::telemetry::trace;

/// A replay to run.
pub struct Replay {
    /// How to connect to Postgres.
    pub database: PgConnectOptions,
    /// Limits of records.
    pub limits: BatchLimits,
    /// Which rejects.
    pub selection: RejectSelection,
    /// Text that replaces that of the single selected reject.
    pub corrected: Option<Vec<u8>>,
    /// Ends the replay after the page in progress.
    pub stop: CancellationToken,
}

/// The source of a replay in the ledger.
pub const REPLAY_SOURCE: &str = "rejects:replay";

/// Bytes of corrected text in a page, which every part of a document gets.
const CORRECTED: usize = 4 << 20;

/// A page of rejects. A record that was too long is stored cut off and can only be
/// replayed with corrected text ($8).
const SELECT: &str = concat!(
    "SELECT file_id, line, part, byte_offset, raw, object_key, NULL::integer FROM (\
       SELECT reject.file_id, reject.line, reject.part, reject.byte_offset, reject.raw, \
         file.object_key, sum(octet_length(reject.raw)) OVER \
           (ORDER BY reject.file_id, reject.line, reject.part) - octet_length(reject.raw) AS before \
       FROM load_reject AS reject JOIN load_file AS file ON file.id = reject.file_id \
       WHERE file.dataset = $7 AND (reject.reason <> 'record_too_long' OR $8) AND ",
    selected!(),
    " AND (reject.file_id, reject.line, reject.part) > ($9, $10, $11) \
       ORDER BY reject.file_id, reject.line, reject.part LIMIT $12) AS page \
     WHERE before < $13 ORDER BY file_id, line, part"
);

impl Replay {
    /// Replays to the end, as a run of its own in the ledger. Dropping the future stops
    /// the replay after the page in progress; its run still ends in the ledger.
    pub async fn run(mut self, known: RunAs) -> Result<RunSummary> {
        self.stop = self.stop.child_token();
        let _stop_when_dropped = self.stop.clone().drop_guard();
        let panicked = |error| Error::internal("the replay panicked").with_source(error);
        trace::spawn(self.replay(known)).await.map_err(panicked)?
    }

    async fn replay(self, known: RunAs) -> Result<RunSummary> {
        let start = Instant::now();
        if self.corrected.is_some() && self.selection.row.is_none() {
            let message = "corrected text requires a single reject: name it as FILE:LINE";
            return Err(Error::new(Code::BadUserInput, message));
        }
        let new = NewRun { source_uri: REPLAY_SOURCE, atomic: false, mode: LoadMode::Merge };
        let session =
            Session::begin(self.database.clone(), 1, new, known, self.limits, self.stop.clone())
                .await?;
        let mut steps = Vec::new();
        let (files, error) = match self.replay_all(&session, &mut steps).await {
            Ok(files) => (files, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        let summary = RunSummary {
            run_id: Some(session.run()),
            steps,
            ..RunSummary::new(REPLAY_SOURCE.to_owned(), files, error.as_ref(), start)
        };
        let ended = session.end(&summary).await;
        match error {
            Some(error) => {
                tracing::error!(error = error.detail(), "the replay failed");
                // Where it goes back to the queue, that error says so.
                Err(ended.err().unwrap_or(error))
            }
            None => ended.map(|()| summary),
        }
    }

    async fn replay_all(
        &self,
        session: &Session,
        steps: &mut Vec<StepSummary>,
    ) -> Result<Vec<FileSummary>> {
        let mut files = Vec::new();
        for dataset in levels().into_iter().flatten() {
            let target = Target::new(dataset, session.layout);
            files.extend(resolve_parked(session, &target).await?.files);
            files.extend(self.replay_dataset(session, &target).await?);
        }
        let target = Target::new(&DOCUMENTS, session.layout);
        let documents = self.replay_dataset(session, &target).await?;
        let any = !documents.is_empty();
        files.extend(documents);
        for table in ["sales_order", "sales_order_line"].into_iter().filter(|_| any) {
            let Some(dataset) = dataset::by_table(table) else { continue };
            let target = Target::new(dataset, session.layout);
            files.extend(resolve_parked(session, &target).await?.files);
        }
        put_back(session).await?;
        derive(session, &Silent, steps).await?;
        Ok(files)
    }

    async fn replay_dataset(&self, session: &Session, target: &Target) -> Result<Vec<FileSummary>> {
        let mut summaries = Summaries::default();
        let mut after = (0, 0, 0);
        // Each record has the text of its own.
        let most = self.corrected.as_ref().map_or(usize::MAX, |text| CORRECTED / text.len().max(1));
        loop {
            session.check_stop()?;
            let begun = Instant::now();
            let mut connection = session.pool.acquire().await.map_err(Failure::from)?;
            let query = self.selection.query(SELECT).bind(target.dataset.table);
            let query = query.bind(self.corrected.is_some());
            let page = Page::read(&mut connection, query, after, most).await?;
            let Some(mut page) = page else { return Ok(summaries.into_files()) };
            after = page.last;
            // Of a document, several parts may be rejected: it corrects all of them.
            if let Some(text) = &self.corrected {
                page.records.iter_mut().for_each(|record| record.raw.clone_from(text));
            }
            let of = RunFile { run: session.run(), file: page.file };
            let from = Quarantine::Rejects;
            let retried =
                retry(&mut connection, target, of, from, &page.records, session.limits).await?;
            summaries.add(target.dataset, page, retried.outcome, begun.elapsed());
        }
    }
}
