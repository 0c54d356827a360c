//! Queues notifications in the transaction in which their cause is recorded: none is lost,
//! and none is sent of what did not happen.

use chrono::Utc;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::json;
use sqlx::{PgConnection, Row as _};
use uuid::Uuid;

use super::event::{Event, EventKind};
use crate::error::Result;
use crate::job::queue::{NewJob, add};
use crate::job::task::Task;
use crate::load::Ending;

/// Attempts of a notification: with their pauses, half an hour.
const ATTEMPTS: u16 = 12;

/// Queues notifications if there is a webhook.
#[derive(Debug, Clone, Copy)]
pub struct Notifier {
    is_on: bool,
}

impl Notifier {
    /// Queues notifications, or does nothing where no webhook is configured.
    #[must_use]
    pub const fn new(is_on: bool) -> Self {
        Self { is_on }
    }

    /// Queues a notification in the caller's transaction.
    ///
    /// # Errors
    /// `UNAVAILABLE` when Postgres does not answer.
    pub async fn notify(self, connection: &mut PgConnection, event: &Event) -> Result<()> {
        if !self.is_on {
            return Ok(());
        }
        let job = NewJob {
            task: Task::Notify,
            key: None,
            payload: event.body(),
            max_attempts: ATTEMPTS,
            run_at: None,
        };
        add(connection, job).await.map(drop)
    }
}

/// Notifies of each load run that ends.
#[derive(Debug, Clone, Copy)]
pub struct LoadEnds(pub Notifier);

impl Ending for LoadEnds {
    fn ended<'a>(
        &'a self,
        connection: &'a mut PgConnection,
        run: Uuid,
    ) -> BoxFuture<'a, Result<()>> {
        async move {
            let row = sqlx::query(
                "SELECT state, mode, is_check, files_found, files_skipped, error_code \
                 FROM load_run WHERE id = $1",
            )
            .bind(run)
            .fetch_one(&mut *connection)
            .await?;
            let state: String = row.try_get("state")?;
            let kind = match state.as_str() {
                "succeeded" | "succeeded_with_rejects" => EventKind::LoadSucceeded,
                _ => EventKind::LoadFailed,
            };
            let data = json!({
                "id": run,
                "state": state.to_uppercase(),
                "mode": row.try_get::<String, _>("mode")?.to_uppercase(),
                "check": row.try_get::<bool, _>("is_check")?,
                "filesFound": row.try_get::<i32, _>("files_found")?,
                "filesSkipped": row.try_get::<i32, _>("files_skipped")?,
                "errorCode": row.try_get::<Option<String>, _>("error_code")?,
            });
            self.0.notify(connection, &Event { kind, at: Utc::now(), data }).await
        }
        .boxed()
    }
}
