//! A run that only brings derived tables up to date.

use std::time::Instant;

use sqlx::postgres::PgConnectOptions;
use tokio_util::sync::CancellationToken;

use super::derive;
use super::sums::limits::SumLimits;
use crate::config::LoadMode;
use crate::error::Result;
use crate::load::decode::BatchLimits;
use crate::load::run::bulk::put_back;
use crate::load::run::known::RunAs;
use crate::load::run::lock::NewRun;
use crate::load::run::observe::Silent;
use crate::load::run::session::Session;
use crate::load::run::summary::RunSummary;

/// The source of such a run in the ledger.
pub const REFRESH_SOURCE: &str = "derived:refresh";

/// Brings derived tables up to date, if anything is due.
pub struct Refresh {
    /// How to connect to Postgres.
    pub database: PgConnectOptions,
    /// Limits of records.
    pub limits: BatchLimits,
    /// How sales are summed up.
    pub sums: SumLimits,
    /// Ends the run before the next table.
    pub stop: CancellationToken,
}

impl Refresh {
    /// Runs to the end. An error means that no run took place, or that its end is not in the
    /// ledger; failures within the run are in the summary.
    ///
    /// # Errors
    /// `LOCKED` while another run holds the lock.
    pub async fn run(self, known: RunAs) -> Result<RunSummary> {
        let begun = Instant::now();
        let new = NewRun { source_uri: REFRESH_SOURCE, atomic: false, mode: LoadMode::Merge };
        let session = Session::begin(self.database, 1, new, known, self.limits, self.stop);
        let mut session = Box::pin(session).await?;
        session.sums = self.sums;
        let mut steps = Vec::new();
        let done = match put_back(&session).await {
            Ok(()) => Box::pin(derive(&session, &Silent, &mut steps)).await,
            failed => failed,
        };
        let error = done.err();
        let summary = RunSummary {
            run_id: Some(session.run()),
            steps,
            ..RunSummary::new(REFRESH_SOURCE.to_owned(), Vec::new(), error.as_ref(), begun)
        };
        session.end(&summary).await?;
        Ok(summary)
    }
}
