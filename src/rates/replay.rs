//! Finds the raw answers of failures, to store them again after a fix.

use sqlx::PgConnection;
use uuid::Uuid;

use super::key::DATASET;
use crate::error::Result;

/// Most answers that are stored again at a time.
const MAX_ANSWERS: i64 = 1_000;

/// Selects failures: all, unless one or a reason is named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FailureSelection {
    /// Only this one.
    pub id: Option<Uuid>,
    /// Only those of this reason.
    pub reason: Option<String>,
}

/// The addresses of the raw answers of the selected failures, at most a thousand, the oldest
/// first.
///
/// # Errors
/// `UNAVAILABLE` when Postgres does not answer.
pub async fn raw_of_failures(
    connection: &mut PgConnection,
    selection: &FailureSelection,
) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar(
        "SELECT raw_uri FROM source_failure WHERE dataset = $1 \
             AND ($2::uuid IS NULL OR id = $2) AND ($3::text IS NULL OR reason = $3) \
         GROUP BY raw_uri ORDER BY min(fetched_at), raw_uri LIMIT $4",
    )
    .bind(DATASET)
    .bind(selection.id)
    .bind(&selection.reason)
    .bind(MAX_ANSWERS)
    .fetch_all(connection)
    .await?)
}
