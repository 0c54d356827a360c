//! Jobs at due times: a cron expression in a time zone, whatever the number of workers.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use sqlx::{Connection as _, PgConnection, PgPool};

use crate::config::CronTimes;
use crate::error::Result;

/// Adds the job of a schedule.
pub trait Due: Send + Sync + 'static {
    /// Adds the job, in the transaction that records the due time.
    ///
    /// # Errors
    /// The due time is then served at the next look.
    fn add<'a>(&'a self, connection: &'a mut PgConnection) -> BoxFuture<'a, Result<()>>;
}

/// A schedule.
#[derive(Clone)]
pub struct Schedule {
    name: &'static str,
    times: CronTimes,
    due: Arc<dyn Due>,
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schedule")
            .field("name", &self.name)
            .field("times", &self.times)
            .finish_non_exhaustive()
    }
}

/// A new schedule, and one whose expression has changed, begin now. Two workers wait for each
/// other at the row.
const SEEN: &str = "
INSERT INTO schedule AS known (name, expression, last_due) VALUES ($1, $2, $3)
ON CONFLICT (name) DO UPDATE SET expression = excluded.expression,
    last_due = CASE WHEN known.expression = excluded.expression THEN known.last_due
        ELSE excluded.last_due END
RETURNING last_due";

impl Schedule {
    /// A schedule by its name in the table.
    #[must_use]
    pub fn new(name: &'static str, times: CronTimes, due: Arc<dyn Due>) -> Self {
        Self { name, times, due }
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Adds the job if it was due since it was last added; whether it was. Of several due
    /// times that passed meanwhile, one is served: a load takes all that has come.
    ///
    /// # Errors
    /// `UNAVAILABLE` when Postgres does not answer, and those of the job.
    pub async fn tick(&self, pool: &PgPool, now: DateTime<Utc>) -> Result<bool> {
        let mut connection = pool.acquire().await?;
        let mut transaction = connection.begin().await?;
        let last: DateTime<Utc> = sqlx::query_scalar(SEEN)
            .bind(self.name)
            .bind(self.times.to_string())
            .bind(now)
            .fetch_one(&mut *transaction)
            .await?;
        let Some(due) = self.times.after(last).filter(|due| *due <= now) else {
            transaction.commit().await?;
            return Ok(false);
        };
        sqlx::query("UPDATE schedule SET last_due = $2 WHERE name = $1")
            .bind(self.name)
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        self.due.add(&mut transaction).await?;
        transaction.commit().await?;
        tracing::info!(schedule = self.name, %due, "added the job that was due");
        Ok(true)
    }
}

/// The time until one of them is due; an hour if none will be.
pub(super) fn until_next(schedules: &[Schedule], now: DateTime<Utc>) -> Duration {
    let next = schedules.iter().filter_map(|schedule| schedule.times.after(now)).min();
    let pause = next.and_then(|next| (next - now).to_std().ok());
    pause.unwrap_or(Duration::from_secs(3600))
}
