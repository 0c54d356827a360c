//! The table of reports: who asked, how far it is, how it ended. A report belongs to its last
//! attempt: an earlier one that is still at work can change nothing any more.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool, Row as _};
use uuid::Uuid;

use super::request::{NewReport, ReportQuery, StoredRequest, data_grants};
use crate::auth::{Grants, Scope};
use crate::db::data_version::DataVersion;
use crate::error::{Error, Result};
use crate::report::format::Encoding;

/// What a request came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requested {
    /// The request.
    pub request: Uuid,
    /// The report it gets.
    pub report: Uuid,
    /// Whether the report is new, and so must be made.
    pub is_new: bool,
}

/// A report that a worker has begun to make.
#[derive(Debug, Clone)]
pub(super) struct Begun {
    pub(super) id: Uuid,
    pub(super) attempt: i32,
    pub(super) key: String,
    pub(super) project: String,
    pub(super) kind: String,
    pub(super) format: String,
    pub(super) query: ReportQuery,
    pub(super) encoding: Encoding,
    pub(super) scope: Scope,
    pub(super) requested_by: String,
    pub(super) requested_at: DateTime<Utc>,
    pub(super) started_at: DateTime<Utc>,
    pub(super) version: i32,
}

/// A complete file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Made {
    pub(super) rows: u64,
    pub(super) bytes: u64,
    pub(super) sha256: String,
    pub(super) version: DataVersion,
}

/// Answers a request within a transaction: by the report that is there if it is being made, or
/// was asked for less than `min_interval` ago, else by a new one.
///
/// # Errors
/// As any query.
pub async fn request_report(
    transaction: &mut PgConnection,
    new: &NewReport,
    scope: &Scope,
    requested_by: &str,
    min_interval: Duration,
) -> Result<Requested> {
    let fingerprint = new.fingerprint(scope)?;
    let interval = chrono::Duration::from_std(min_interval)
        .map_err(|error| Error::internal("an interval is too long").with_source(error))?;
    // Equal requests take turns, so that they find the report of the first. A request is dated
    // when its turn comes.
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended(encode($1, 'hex'), 11))")
        .bind(&fingerprint[..])
        .execute(&mut *transaction)
        .await?;
    let found = sqlx::query(
        "SELECT id, requested_at, state IN ('queued', 'running') AS open, clock_timestamp() AS now
         FROM report WHERE fingerprint = $1 AND state IN ('queued', 'running', 'succeeded')
         ORDER BY version DESC LIMIT 1",
    )
    .bind(&fingerprint[..])
    .fetch_optional(&mut *transaction)
    .await?;
    let mut reused = None;
    if let Some(row) = found {
        let (id, requested_at): (Uuid, DateTime<Utc>) = (row.try_get(0)?, row.try_get(1)?);
        let (is_open, now): (bool, DateTime<Utc>) = (row.try_get(2)?, row.try_get(3)?);
        let next = requested_at + interval;
        if is_open || now < next {
            reused = Some((id, next.max(now)));
        }
    }
    let (report, next) = match reused {
        Some(found) => found,
        None => {
            let (id, requested_at) =
                insert(transaction, new, scope, requested_by, &fingerprint).await?;
            (id, requested_at + interval)
        }
    };
    let request = Uuid::now_v7();
    sqlx::query(
        "INSERT INTO report_request
             (id, report_id, organization, requested_by, requested_at, reused, next_allowed_at)
         VALUES ($1, $2, $3, $4, clock_timestamp(), $5, $6)",
    )
    .bind(request)
    .bind(report)
    .bind(scope.org().unwrap_or_default())
    .bind(requested_by)
    .bind(reused.is_some())
    .bind(next)
    .execute(transaction)
    .await?;
    Ok(Requested { request, report, is_new: reused.is_none() })
}

async fn insert(
    transaction: &mut PgConnection,
    new: &NewReport,
    scope: &Scope,
    requested_by: &str,
    fingerprint: &[u8],
) -> Result<(Uuid, DateTime<Utc>)> {
    let request = serde_json::to_value(new.stored())
        .map_err(|error| Error::internal("a request cannot be stored").with_source(error))?;
    let id = Uuid::now_v7();
    let requested_at = sqlx::query_scalar(
        "INSERT INTO report (id, organization, project, kind, format, request, fingerprint,
             grants, territories, requested_by, requested_at, version)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, clock_timestamp(),
             coalesce(max(version), 0) + 1
         FROM report WHERE fingerprint = $7 RETURNING requested_at",
    )
    .bind(id)
    .bind(scope.org().unwrap_or_default())
    .bind(&new.project)
    .bind(new.kind)
    .bind(new.format()?)
    .bind(request)
    .bind(fingerprint)
    .bind(data_grants(scope).to_string())
    .bind(scope.territories())
    .bind(requested_by)
    .fetch_one(transaction)
    .await?;
    Ok((id, requested_at))
}

/// Begins an attempt, from which on earlier ones can change nothing; `None` if the report has
/// ended. The key stays that of the first attempt.
pub(super) async fn begin(pool: &PgPool, id: Uuid, key: &str) -> Result<Option<Begun>> {
    let row = sqlx::query(
        "UPDATE report SET state = 'running', attempt = attempt + 1, started_at = clock_timestamp(),
             object_key = coalesce(object_key, $2), progress_rows = 0, progress_bytes = 0
         WHERE id = $1 AND state IN ('queued', 'running')
         RETURNING attempt, object_key, organization, project, kind, format, request, grants,
             territories, requested_by, requested_at, started_at, version",
    )
    .bind(id)
    .bind(key)
    .fetch_optional(pool)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let request: serde_json::Value = row.try_get("request")?;
    let request: StoredRequest = serde_json::from_value(request)
        .map_err(|error| Error::internal("a stored report cannot be read").with_source(error))?;
    let format: String = row.try_get("format")?;
    let (organization, grants): (String, String) =
        (row.try_get("organization")?, row.try_get("grants")?);
    let organization = Some(organization).filter(|organization| !organization.is_empty());
    let grants = Grants::known_in(&grants);
    Ok(Some(Begun {
        id,
        attempt: row.try_get("attempt")?,
        key: row.try_get("object_key")?,
        project: row.try_get("project")?,
        kind: row.try_get("kind")?,
        encoding: request.encoding(&format)?,
        format,
        query: request.query,
        scope: Scope::new(organization, grants, row.try_get("territories")?),
        requested_by: row.try_get("requested_by")?,
        requested_at: row.try_get("requested_at")?,
        started_at: row.try_get("started_at")?,
        version: row.try_get("version")?,
    }))
}

/// Where the file of a report goes: the parts of its name.
pub(super) async fn named(pool: &PgPool, id: Uuid) -> Result<Option<Named>> {
    let row = sqlx::query(
        "SELECT organization, project, kind, format, requested_at FROM report WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(pool)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Named {
        organization: row.try_get(0)?,
        project: row.try_get(1)?,
        kind: row.try_get(2)?,
        format: row.try_get(3)?,
        requested_at: row.try_get(4)?,
    }))
}

/// The parts of the name of a file.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) organization: String,
    pub(super) project: String,
    pub(super) kind: String,
    pub(super) format: String,
    pub(super) requested_at: DateTime<Utc>,
}

/// Records how far an attempt is; `false` if the report is no longer its: it was canceled, or
/// another attempt has begun.
pub(super) async fn progress(pool: &PgPool, of: &Begun, rows: u64, bytes: u64) -> Result<bool> {
    let updated = sqlx::query(
        "UPDATE report SET progress_rows = $3, progress_bytes = $4
         WHERE id = $1 AND attempt = $2 AND state = 'running'",
    )
    .bind(of.id)
    .bind(of.attempt)
    .bind(signed(rows))
    .bind(signed(bytes))
    .execute(pool)
    .await?;
    Ok(updated.rows_affected() > 0)
}

/// Says that the file is complete; `false` if the report is no longer of this attempt.
pub(super) async fn succeed(
    connection: &mut PgConnection,
    of: &Begun,
    made: &Made,
) -> Result<bool> {
    let updated = sqlx::query(
        "UPDATE report SET state = 'succeeded', finished_at = clock_timestamp(),
             progress_rows = $3, progress_bytes = $4, row_count = $3, byte_size = $4, sha256 = $5,
             data_version = $6, data_as_of = $7
         WHERE id = $1 AND attempt = $2 AND state = 'running'",
    )
    .bind(of.id)
    .bind(of.attempt)
    .bind(signed(made.rows))
    .bind(signed(made.bytes))
    .bind(&made.sha256)
    .bind(made.version.version)
    .bind(made.version.as_of)
    .execute(connection)
    .await?;
    Ok(updated.rows_affected() > 0)
}

/// Says that the report cannot be made, unless it has ended; `false` if it has.
pub(super) async fn fail(connection: &mut PgConnection, id: Uuid, error: &Error) -> Result<bool> {
    let updated = sqlx::query(
        "UPDATE report SET state = 'failed', finished_at = clock_timestamp(), error_code = $2,
             error_message = $3
         WHERE id = $1 AND state IN ('queued', 'running')",
    )
    .bind(id)
    .bind(error.code().as_str())
    .bind(error.message())
    .execute(connection)
    .await?;
    Ok(updated.rows_affected() > 0)
}

/// Cancels a report that has not ended; `false` if it has. Its worker gives up soon after.
///
/// # Errors
/// As any query.
pub async fn cancel(connection: &mut PgConnection, id: Uuid) -> Result<bool> {
    let updated = sqlx::query(
        "UPDATE report SET state = 'canceled', finished_at = clock_timestamp()
         WHERE id = $1 AND state IN ('queued', 'running')",
    )
    .bind(id)
    .execute(connection)
    .await?;
    Ok(updated.rows_affected() > 0)
}

/// The keys of ended reports whose files are to be removed, with the ids of the reports: at
/// most so many that ended before the time.
pub(super) async fn expired(
    pool: &PgPool,
    before: DateTime<Utc>,
    most: i64,
) -> Result<Vec<(Uuid, String)>> {
    let rows = sqlx::query(
        "SELECT id, object_key FROM report
         WHERE state = 'succeeded' AND finished_at < $1 ORDER BY finished_at LIMIT $2",
    )
    .bind(before)
    .bind(most)
    .fetch_all(pool)
    .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// Says that the file of a report is going to be removed.
pub(super) async fn expire(pool: &PgPool, id: Uuid) -> Result<()> {
    sqlx::query("UPDATE report SET state = 'expired' WHERE id = $1 AND state = 'succeeded'")
        .bind(id)
        .execute(pool)
        .await?;
    Ok(())
}

/// Failed and canceled reports of which something may be left in the bucket, with their keys:
/// at most so many that ended before the time.
pub(super) async fn leftovers(
    pool: &PgPool,
    before: DateTime<Utc>,
    most: i64,
) -> Result<Vec<(Uuid, String)>> {
    let rows = sqlx::query(
        "SELECT id, object_key FROM report
         WHERE state IN ('failed', 'canceled') AND object_key IS NOT NULL AND finished_at < $1
         ORDER BY finished_at LIMIT $2",
    )
    .bind(before)
    .bind(most)
    .fetch_all(pool)
    .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// Records that nothing of a failed or canceled report is left.
pub(super) async fn cleared(pool: &PgPool, id: Uuid) -> Result<()> {
    sqlx::query(
        "UPDATE report SET object_key = NULL WHERE id = $1 AND state IN ('failed', 'canceled')",
    )
    .bind(id)
    .execute(pool)
    .await?;
    Ok(())
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
