//! The table `api_key`.

use std::fmt;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool, Row as _};

use crate::error::Result;

/// Most keys in use. Servers hold them all in memory.
pub const MOST: i64 = 10_000;

/// A key as it is stored.
#[derive(Clone)]
pub struct StoredKey {
    /// Its id, a part of its text.
    pub id: String,
    /// Its name, for people.
    pub name: String,
    /// SHA-256 of its text.
    pub hash: Vec<u8>,
    /// The organisation of its holder.
    pub org: Option<String>,
    /// What its holder may do, separated by spaces.
    pub scope: String,
    /// The territories that its holder is limited to.
    pub territories: Option<Vec<i32>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

impl FromRow<'_, PgRow> for StoredKey {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            hash: row.try_get("hash")?,
            org: row.try_get("org")?,
            scope: row.try_get("scope")?,
            territories: row.try_get("territories")?,
            created_at: row.try_get("created_at")?,
            expires_at: row.try_get("expires_at")?,
            revoked_at: row.try_get("revoked_at")?,
        })
    }
}

/// Without the hash.
impl fmt::Debug for StoredKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredKey")
            .field("id", &self.id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Adds a key unless there are too many; says whether it was added.
///
/// # Errors
/// As any statement.
pub async fn insert(pool: &PgPool, key: &StoredKey) -> Result<bool> {
    let added = sqlx::query(
        "INSERT INTO api_key (id, name, hash, org, scope, territories, created_at, expires_at) \
         SELECT $1, $2, $3, $4, $5, $6, $7, $8 WHERE (SELECT count(*) FROM api_key \
             WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())) < $9",
    )
    .bind(&key.id)
    .bind(&key.name)
    .bind(&key.hash)
    .bind(&key.org)
    .bind(&key.scope)
    .bind(&key.territories)
    .bind(key.created_at)
    .bind(key.expires_at)
    .bind(MOST)
    .execute(pool)
    .await?;
    Ok(added.rows_affected() > 0)
}

/// The keys that are neither revoked nor expired, the newest first.
///
/// # Errors
/// As any statement.
pub async fn in_use(pool: &PgPool) -> Result<Vec<StoredKey>> {
    let keys = sqlx::query_as(
        "SELECT id, name, hash, org, scope, territories, created_at, expires_at, revoked_at \
         FROM api_key WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()) \
         ORDER BY created_at DESC, id LIMIT $1",
    );
    Ok(keys.bind(MOST).fetch_all(pool).await?)
}

/// All keys, the newest first.
///
/// # Errors
/// As any statement.
pub async fn all(pool: &PgPool) -> Result<Vec<StoredKey>> {
    let keys = sqlx::query_as(
        "SELECT id, name, hash, org, scope, territories, created_at, expires_at, revoked_at \
         FROM api_key ORDER BY created_at DESC, id",
    );
    Ok(keys.fetch_all(pool).await?)
}

/// Revokes a key, unless it is revoked already; says whether there is such a key.
///
/// # Errors
/// As any statement.
pub async fn revoke(pool: &PgPool, id: &str) -> Result<bool> {
    let revoked =
        sqlx::query("UPDATE api_key SET revoked_at = coalesce(revoked_at, now()) WHERE id = $1");
    Ok(revoked.bind(id).execute(pool).await?.rows_affected() > 0)
}
