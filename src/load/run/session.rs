//! What every kind of run holds: the lock, connections, the wish to stop.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, PgPool};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::lock::{NewRun, RunLock};
use crate::error::{Code, Error, Result};
use crate::load::decode::BatchLimits;
use crate::load::failure::{Failure, Step};
use crate::load::ledger::{self, RunEnd};

/// How long a batch waits for a connection before Postgres counts as lost.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);

/// A run under way.
pub(crate) struct Session {
    pub(crate) pool: PgPool,
    pub(crate) lock: RunLock,
    pub(crate) limits: BatchLimits,
    pub(crate) stop: CancellationToken,
}

impl Session {
    /// Takes the lock and begins a run with that many connections for its work.
    pub(crate) async fn begin(
        database: PgConnectOptions,
        connections: usize,
        new: NewRun<'_>,
        limits: BatchLimits,
        stop: CancellationToken,
    ) -> Result<Self> {
        let database = settings(database);
        let lock = RunLock::begin(&database, new).await?;
        let connections = u32::try_from(connections).unwrap_or(u32::MAX).saturating_add(1);
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_lazy_with(database);
        Ok(Self { pool, lock, limits, stop })
    }

    pub(crate) fn run(&self) -> Uuid {
        self.lock.run()
    }

    pub(crate) fn check_stop(&self) -> Step<()> {
        if self.stop.is_cancelled() {
            let message = "interrupted; the next run continues after the last committed batch";
            return Err(Error::new(Code::Conflict, message).into());
        }
        Ok(())
    }

    /// Ends the run in the ledger, and with it the session.
    pub(crate) async fn end(&self, end: RunEnd<'_>) -> Result<()> {
        let ended = {
            let mut connection = self.lock.connection().await;
            ledger::end_run(&mut connection, self.run(), end).await
        };
        let ended = match ended {
            Err(Failure::Lost(error)) => {
                self.lock.recover(error).await?;
                let mut connection = self.lock.connection().await;
                ledger::end_run(&mut connection, self.run(), end).await
            }
            ended => ended,
        };
        self.pool.close().await;
        Ok(ended?)
    }
}

/// Settings of every connection of a run. Commits do not wait for the disk one by
/// one: the last one of a file does, and with it all before.
pub(crate) fn settings(database: PgConnectOptions) -> PgConnectOptions {
    // A batch may take its time; what it does is told by the run itself.
    let database = database.disable_statement_logging();
    database.application_name("salesgraph load").options([
        ("synchronous_commit", "off"),
        ("statement_timeout", "0"),
        ("lock_timeout", "0"),
        // A batch waits for its turn, the lock for the end of the run.
        ("idle_in_transaction_session_timeout", "0"),
        ("idle_session_timeout", "0"),
        // The server lets go of a loader whose machine is gone.
        ("tcp_keepalives_idle", "30"),
        ("tcp_keepalives_interval", "10"),
        ("tcp_keepalives_count", "3"),
        ("client_min_messages", "warning"),
    ])
}

/// A connection of its own, not the pool's.
pub(crate) async fn connect(options: &PgConnectOptions) -> Result<PgConnection> {
    PgConnection::connect_with(options).await.map_err(|error| {
        let place = format!("{}:{}", options.get_host(), options.get_port());
        Error::new(Code::Unavailable, format!("Postgres at {place} cannot be reached"))
            .with_source(error)
    })
}
