//! Replays dead letters after a fix: each goes through conversion and merge again
//! and leaves the shelf in the transaction that takes it in.

use std::time::Instant;

use sqlx::postgres::PgConnectOptions;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::counts::count;
use super::decode::BatchLimits;
use super::derive::derive;
use super::failure::{Failure, Step};
use super::kept::{self, PAGE, PAGE_BYTES, Page, Shelf, Summaries, Taking};
use super::ledger::RunEnd;
use super::lock::NewRun;
use super::merge::Target;
use super::observe::Silent;
use super::rejects::RejectSelection;
use super::run::levels;
use super::session::Session;
use super::summary::{FileSummary, Outcome, RunSummary, StepSummary};
use crate::dataset::Dataset;
use crate::error::{Code, Error, Result};

/// What a replay needs.
pub struct Replay {
    /// Where Postgres is.
    pub database: PgConnectOptions,
    /// Bounds of records.
    pub limits: BatchLimits,
    /// Which rejects.
    pub selection: RejectSelection,
    /// Text to take in the place of the single selected reject's own.
    pub corrected: Option<Vec<u8>>,
    /// Ends the replay after the page under way.
    pub stop: CancellationToken,
}

/// A record too long to be kept whole cannot be replayed from what is kept, only
/// with corrected text ($9).
const SELECT: &str = "SELECT file_id, line, byte_offset, raw, object_key FROM (\
       SELECT reject.file_id, reject.line, reject.byte_offset, reject.raw, file.object_key, \
         sum(octet_length(reject.raw)) OVER (ORDER BY reject.file_id, reject.line) \
           - octet_length(reject.raw) AS before \
       FROM load_reject AS reject JOIN load_file AS file ON file.id = reject.file_id \
       WHERE file.dataset = $1 AND (reject.reason <> 'record_too_long' OR $9) \
         AND ($2::uuid IS NULL OR reject.run_id = $2) \
         AND ($3::text IS NULL OR file.object_key = $3) \
         AND ($4::integer IS NULL OR (reject.file_id = $4 AND reject.line = $5)) \
         AND ($11::integer IS NULL OR reject.file_id = $11) \
         AND (reject.file_id, reject.line) > ($6, $7) \
       ORDER BY reject.file_id, reject.line LIMIT $8) AS page \
     WHERE before < $10 ORDER BY file_id, line";

impl Replay {
    /// Replays to the end; a run of its own in the ledger. Calls `begun` with the run
    /// as soon as it is there.
    pub async fn run(self, begun: impl FnOnce(Uuid) + Send) -> Result<RunSummary> {
        if self.corrected.is_some() && self.selection.row.is_none() {
            let message = "corrected text is for one reject: name it as FILE:LINE";
            return Err(Error::new(Code::BadUserInput, message));
        }
        let new = NewRun { source_uri: SOURCE, atomic: false };
        let session =
            Session::begin(self.database.clone(), 1, new, self.limits, self.stop.clone()).await?;
        begun(session.run());
        self.run_in(&session).await.inspect_err(|error| {
            tracing::error!(error = error.detail(), "the replay failed");
        })
    }

    async fn run_in(&self, session: &Session) -> Result<RunSummary> {
        let begun = Instant::now();
        let mut steps = Vec::new();
        let worked = self.work(session, &mut steps).await;
        let outcome = match &worked {
            Ok(files) => RunSummary::outcome_of(files),
            Err(_) => Outcome::Failed,
        };
        let error = worked.as_ref().err().map(|error| (error.code().as_str(), error.message()));
        let end = RunEnd { state: outcome.as_str(), files_found: 0, files_skipped: 0, error };
        let ended = session.end(end).await;
        let files = worked?;
        ended?;
        Ok(RunSummary {
            run_id: Some(session.run()),
            outcome,
            source: SOURCE.to_owned(),
            files_found: files.len(),
            files_skipped: 0,
            totals: RunSummary::totals_of(&files),
            files,
            steps,
            error: None,
            seconds: begun.elapsed().as_secs_f64(),
        })
    }

    async fn work(
        &self,
        session: &Session,
        steps: &mut Vec<StepSummary>,
    ) -> Result<Vec<FileSummary>> {
        let mut files = Vec::new();
        for dataset in levels().into_iter().flatten() {
            let target = Target::new(dataset);
            files.extend(kept::resolve_parked(session, &target).await?.files);
            files.extend(self.replay_dataset(session, &target).await?);
        }
        derive(session, &Silent, steps).await?;
        Ok(files)
    }

    async fn replay_dataset(&self, session: &Session, target: &Target) -> Result<Vec<FileSummary>> {
        let mut summaries = Summaries::default();
        let mut after = (0_i32, 0_i64);
        loop {
            session.check_stop()?;
            let begun = Instant::now();
            let Some(mut page) = self.page(session, target.dataset, after).await? else { break };
            after = (page.file, page.last);
            if let (Some(text), Some(row)) = (&self.corrected, page.rows.first_mut()) {
                row.2.clone_from(text);
            }
            let of = Taking {
                run: session.run(),
                file: page.file,
                shelf: Shelf::Rejected,
                limits: session.limits,
            };
            let mut connection = session.pool.acquire().await.map_err(Failure::from)?;
            let taken = kept::take_up(&mut connection, target, of, &page.rows).await?;
            let (file, key, outcome) = (page.file, page.key, taken.outcome);
            summaries.add(target.dataset, file, key, outcome, begun.elapsed());
        }
        Ok(summaries.into_files())
    }

    async fn page(
        &self,
        session: &Session,
        dataset: &Dataset,
        after: (i32, i64),
    ) -> Step<Option<Page>> {
        let mut connection = session.pool.acquire().await?;
        let rows = sqlx::query(SELECT)
            .bind(dataset.table)
            .bind(self.selection.run)
            .bind(&self.selection.file_key)
            .bind(self.selection.row.map(|(file, _)| file))
            .bind(self.selection.row.map(|(_, line)| line))
            .bind(after.0)
            .bind(after.1)
            .bind(count(PAGE))
            .bind(self.corrected.is_some())
            .bind(PAGE_BYTES)
            .bind(self.selection.file)
            .fetch_all(&mut *connection)
            .await?;
        Page::of(&rows)
    }
}

/// What the ledger shows as the source of a replay.
const SOURCE: &str = "rejects:replay";
