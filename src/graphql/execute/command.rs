//! Commands: the work of a mutation's root fields, before their row is read.

use futures_util::future::BoxFuture;
use sqlx::postgres::PgPool;
use tokio::sync::watch;

use crate::audit::Caller;
use crate::auth::Scope;
use crate::config::{LoadMode, RatesConfig};
use crate::error::Result;
use crate::graphql::inputs::arguments::Given;
use crate::job::LakeAnswers;
use crate::query::{Key, Reader};
use crate::report::{ReportQuery, Reports};
use crate::storage::SourceUri;

/// Runs a command and returns the key of its row, which the payload is over. What takes long
/// is queued as a job.
pub type Run = for<'a> fn(Command<'a>) -> BoxFuture<'a, Result<Key>>;

/// The resources of commands.
#[derive(Debug, Clone)]
pub struct Commands {
    pub(crate) pool: PgPool,
    /// Reads from the main database, because a replica lags behind.
    pub(crate) reader: Reader,
    /// Where reports go.
    pub(crate) reports: Option<Reports>,
    /// Where loads look for files.
    pub(crate) source: Option<SourceUri>,
    /// What loads do with the rows unless told.
    pub(crate) mode: LoadMode,
    /// How rates are fetched; `None` where no lake keeps them.
    pub(crate) rates: Option<RatesConfig>,
    /// Where questions to the lake are asked.
    pub(crate) lake: LakeAnswers,
}

/// Checks queries of which files are to be made.
pub(crate) trait Files: Send + Sync {
    /// Refuses a query that cannot be a file, or that a caller may not read.
    ///
    /// # Errors
    /// Those of its document, as `BAD_USER_INPUT` and `FORBIDDEN`.
    fn check<'a>(&'a self, query: &'a ReportQuery, scope: &'a Scope) -> BoxFuture<'a, Result<()>>;

    /// The same for a document to be saved, whatever the values of its variables.
    ///
    /// # Errors
    /// As [`Self::check`].
    fn check_saved<'a>(
        &'a self,
        document: &'a str,
        operation: Option<&'a str>,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<()>>;
}

/// One command under way.
#[derive(Clone, Copy)]
pub struct Command<'a> {
    /// The fields of its argument `input`.
    pub(crate) input: Given<'a>,
    /// The rights of its caller.
    pub(crate) scope: &'a Scope,
    /// Who calls.
    pub(crate) caller: &'a Caller,
    pub(crate) files: &'a dyn Files,
    pub(crate) commands: &'a Commands,
}

impl Commands {
    /// Commands on the main database. They read by this reader, and write by its pool.
    #[must_use]
    pub fn new(reader: impl Into<Reader>) -> Self {
        let reader = reader.into();
        let pool = reader.pool().clone();
        let lake = LakeAnswers::new(pool.clone());
        Self { pool, reader, reports: None, source: None, mode: LoadMode::Merge, rates: None, lake }
    }

    /// The same, with a bucket for reports.
    #[must_use]
    pub fn with_reports(self, reports: Option<Reports>) -> Self {
        Self { reports, ..self }
    }

    /// The same, told of changes of jobs: answers of the lake are then seen at once.
    #[must_use]
    pub fn with_changes(self, changes: watch::Receiver<i64>) -> Self {
        Self { lake: self.lake.with_changes(changes), ..self }
    }

    /// The same, with so many requests that wait for the lake at a time.
    #[must_use]
    pub fn with_lake_waiters(self, waiters: usize) -> Self {
        Self { lake: self.lake.with_waiters(waiters), ..self }
    }

    /// The same, with rates that are fetched into a lake.
    #[must_use]
    pub fn with_rates(self, rates: Option<RatesConfig>) -> Self {
        Self { rates, ..self }
    }

    /// The same, with loads of this source and in this mode.
    #[must_use]
    pub fn with_loads(self, source: Option<SourceUri>, mode: LoadMode) -> Self {
        Self { source, mode, ..self }
    }
}
