//! One run at a time: an advisory lock, held on a dedicated connection until the run
//! ends.

use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection, Row as _};
use tokio::sync::Mutex;
use tokio::time::timeout;
use uuid::Uuid;

use super::connection::connect;
use super::known::{Queued, holder};
use crate::config::LoadMode;
use crate::db::set_aside::LOAD_LOCK;
use crate::error::{Code, Error, Result};
use crate::load::failure::{Failure, LoadResult};
use crate::load::{ledger, queue};

/// How long a run waits for a lost Postgres to return: longer than the failover of a managed
/// one, or recovery on a busy disk.
const RECOVER_TIMEOUT: Duration = Duration::from_secs(180);
/// How long connecting or a ping may take.
const PING_TIMEOUT: Duration = Duration::from_secs(5);
const RETRY_INTERVAL: Duration = Duration::from_millis(250);

/// The held lock, and the run it is held for.
pub(crate) struct RunLock {
    options: PgConnectOptions,
    connection: Mutex<PgConnection>,
    run: Uuid,
}

/// A run to begin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewRun<'a> {
    pub(crate) source_uri: &'a str,
    pub(crate) atomic: bool,
    pub(crate) mode: LoadMode,
}

impl RunLock {
    /// Takes the lock, marks a run that crashed as failed, and begins a new one or the queued
    /// one.
    pub(crate) async fn begin(
        options: &PgConnectOptions,
        new: NewRun<'_>,
        queued: Option<Queued>,
    ) -> Result<Self> {
        let mut connection = connect(options).await?;
        if !try_lock(&mut connection).await? {
            return Err(held(&mut connection).await?);
        }
        let run = queued.map_or_else(Uuid::now_v7, |queued| queued.run);
        begin_run(&mut connection, run, new, queued).await?;
        Ok(Self { options: options.clone(), connection: Mutex::new(connection), run })
    }

    pub(crate) fn run(&self) -> Uuid {
        self.run
    }

    /// The connection that holds the lock.
    pub(crate) async fn connection(&self) -> tokio::sync::MutexGuard<'_, PgConnection> {
        self.connection.lock().await
    }

    /// After a lost connection: waits for Postgres to return and verifies that the lock
    /// and the run still belong to this loader.
    pub(crate) async fn recover(&self, cause: Error) -> Result<()> {
        let mut connection = self.connection.lock().await;
        let begun = Instant::now();
        // A server that is going down may still answer here and accept no new connection.
        while !answers(&mut connection).await || self.connect().await.is_none() {
            if begun.elapsed() > RECOVER_TIMEOUT {
                return Err(cause);
            }
            tracing::warn!(error = cause.detail(), "waiting for Postgres");
            // Paces reconnecting; nothing else is waited for.
            tokio::time::sleep(RETRY_INTERVAL).await;
            if answers(&mut connection).await {
                continue;
            }
            if let Some(fresh) = self.connect().await {
                *connection = fresh;
                self.retake(&mut connection, begun).await?;
            }
        }
        self.still_running(&mut connection).await
    }

    async fn connect(&self) -> Option<PgConnection> {
        let connecting = PgConnection::connect_with(&self.options);
        timeout(PING_TIMEOUT, connecting).await.ok()?.ok()
    }

    /// Another loader may have been faster. Postgres may also still hold the lock for
    /// the old connection, until it notices that this one was lost.
    async fn retake(&self, connection: &mut PgConnection, begun: Instant) -> Result<()> {
        loop {
            match try_lock(connection).await {
                Ok(true) => return self.still_running(connection).await,
                Err(Failure::Lost(_)) => return Ok(()),
                Err(failure) => return Err(failure.into()),
                Ok(false) if begun.elapsed() > RECOVER_TIMEOUT => {
                    return Err(held(connection).await?);
                }
                Ok(false) => {
                    self.still_running(connection).await?;
                    tokio::time::sleep(RETRY_INTERVAL).await;
                }
            }
        }
    }

    async fn still_running(&self, connection: &mut PgConnection) -> Result<()> {
        // A run that no successor has marked was ended by this loader, which missed the
        // answer.
        let ours: Option<bool> = sqlx::query_scalar(
            "SELECT error_code IS DISTINCT FROM 'ABANDONED' AND state <> 'queued' \
             FROM load_run WHERE id = $1",
        )
        .bind(self.run)
        .fetch_optional(connection)
        .await
        .map_err(Failure::from)?;
        if ours == Some(true) {
            return Ok(());
        }
        Err(Error::new(Code::Locked, "another loader took over this run"))
    }
}

/// Without a timeout, a network that drops packets would hang the ping.
async fn answers(connection: &mut PgConnection) -> bool {
    matches!(timeout(PING_TIMEOUT, connection.ping()).await, Ok(Ok(())))
}

async fn try_lock(connection: &mut PgConnection) -> LoadResult<bool> {
    Ok(sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
        .bind(LOAD_LOCK)
        .fetch_one(connection)
        .await?)
}

async fn begin_run(
    connection: &mut PgConnection,
    run: Uuid,
    new: NewRun<'_>,
    queued: Option<Queued>,
) -> LoadResult<()> {
    let mut transaction = connection.begin().await?;
    ledger::commit_to_disk(&mut transaction).await?;
    // The previous holder of the lock crashed. If it was a job, that will run again.
    sqlx::query(
        "UPDATE load_run SET state = 'queued' WHERE state = 'running' AND NOT is_check \
           AND EXISTS (SELECT FROM job WHERE job.id = job_id AND job.state IN ('queued', 'running'))",
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query(
        "UPDATE load_run SET state = 'failed', finished_at = now(), error_code = 'ABANDONED', \
            error_message = 'the loader ended without finishing; a later run continues its files' \
         WHERE state = 'running' AND NOT is_check",
    )
    .execute(&mut *transaction)
    .await?;
    if queued.is_some() {
        queue::begin(&mut transaction, run).await?;
        transaction.commit().await?;
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO load_run (id, source_uri, atomic, mode, holder) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(run)
    .bind(new.source_uri)
    .bind(new.atomic)
    .bind(new.mode.as_str())
    .bind(holder())
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(())
}

async fn held(connection: &mut PgConnection) -> LoadResult<Error> {
    let row = sqlx::query(
        "SELECT id, holder, to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') \
         FROM load_run WHERE state = 'running' AND NOT is_check",
    )
    .fetch_optional(connection)
    .await?;
    let holder = match row {
        Some(row) => format!(
            "run {} by {}, begun {} UTC",
            row.try_get::<Uuid, _>(0)?,
            row.try_get::<String, _>(1)?,
            row.try_get::<String, _>(2)?,
        ),
        None => "a loader that is starting or ending".to_owned(),
    };
    Ok(Error::new(Code::Locked, format!("another run holds the lock: {holder}")))
}
