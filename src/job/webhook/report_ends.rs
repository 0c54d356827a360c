//! Notifies of reports.

use chrono::Utc;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::json;
use sqlx::{PgConnection, Row as _};
use uuid::Uuid;

use super::event::{Event, EventKind};
use super::notify::Notifier;
use crate::error::Result;
use crate::report::Ending;

/// Notifies of each report that ends.
#[derive(Debug, Clone, Copy)]
pub struct ReportEnds(pub Notifier);

impl Ending for ReportEnds {
    fn ended<'a>(
        &'a self,
        connection: &'a mut PgConnection,
        report: Uuid,
    ) -> BoxFuture<'a, Result<()>> {
        async move {
            let row = sqlx::query(
                "SELECT state, kind, format, organization, project, version, row_count, byte_size,
                     sha256, data_version, error_code
                 FROM report WHERE id = $1",
            )
            .bind(report)
            .fetch_one(&mut *connection)
            .await?;
            let state: String = row.try_get("state")?;
            let kind = match state.as_str() {
                "succeeded" => EventKind::ReportSucceeded,
                _ => EventKind::ReportFailed,
            };
            let data = json!({
                "id": report,
                "state": state.to_uppercase(),
                "kind": row.try_get::<String, _>("kind")?.to_uppercase(),
                "format": row.try_get::<String, _>("format")?.to_uppercase(),
                "organization": row.try_get::<String, _>("organization")?,
                "project": row.try_get::<String, _>("project")?,
                "version": row.try_get::<i32, _>("version")?,
                "rowCount": row.try_get::<Option<i64>, _>("row_count")?,
                "byteSize": row.try_get::<Option<i64>, _>("byte_size")?,
                "sha256": row.try_get::<Option<String>, _>("sha256")?,
                "dataVersion": row.try_get::<Option<i64>, _>("data_version")?,
                "errorCode": row.try_get::<Option<String>, _>("error_code")?,
            });
            self.0.notify(connection, &Event { kind, at: Utc::now(), data }).await
        }
        .boxed()
    }
}
