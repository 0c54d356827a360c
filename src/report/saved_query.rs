//! The table of saved queries. Whoever writes into it belongs to its organisation.

use sqlx::PgPool;
use uuid::Uuid;

use crate::auth::Scope;
use crate::error::{Code, Error, Result};

/// Most saved queries of an organisation.
const MOST: i64 = 1_000;
/// Most bytes of a document.
pub const MOST_BYTES: usize = 100_000;
/// Most characters of a name.
const MOST_NAME: usize = 63;
/// What a name is.
pub const NAME: &str = "a name has 1 to 63 lower-case letters of ASCII, digits, hyphens and \
                        underscores, and begins with a letter or a digit";

/// A query to save.
#[derive(Debug, Clone, Copy)]
pub struct SaveQuery<'a> {
    /// Its name.
    pub name: &'a str,
    /// The document.
    pub document: &'a str,
    /// Its operation; `None` for its only one.
    pub operation: Option<&'a str>,
}

/// Whether a text is a name: the database checks the same.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let is_first = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.len() <= MOST_NAME
        && text.bytes().next().is_some_and(is_first)
        && text.bytes().all(|byte| is_first(byte) || byte == b'_' || byte == b'-')
}

/// Saves a query in the place of one of the same name, and tells its id.
///
/// # Errors
/// `CONFLICT` when the organisation has too many; as any query.
pub async fn save(pool: &PgPool, query: SaveQuery<'_>, scope: &Scope, by: &str) -> Result<Uuid> {
    let organization = scope.org().unwrap_or_default();
    let mut transaction = pool.begin().await?;
    // One at a time for an organisation, so that they are counted.
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 13))")
        .bind(organization)
        .execute(&mut *transaction)
        .await?;
    let others: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM saved_query WHERE organization = $1 AND name <> $2",
    )
    .bind(organization)
    .bind(query.name)
    .fetch_one(&mut *transaction)
    .await?;
    if others >= MOST {
        let message = format!("an organisation may have {MOST} saved queries: delete some");
        return Err(Error::new(Code::Conflict, message));
    }
    let id = sqlx::query_scalar(
        "INSERT INTO saved_query (id, organization, name, document, operation, created_by, updated_by)
         VALUES ($1, $2, $3, $4, $5, $6, $6)
         ON CONFLICT (organization, name) DO UPDATE SET document = excluded.document,
             operation = excluded.operation, updated_by = excluded.updated_by, updated_at = now()
         RETURNING id",
    )
    .bind(Uuid::now_v7())
    .bind(organization)
    .bind(query.name)
    .bind(query.document)
    .bind(query.operation)
    .bind(by)
    .fetch_one(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(id)
}

/// Deletes a saved query, and tells the id of the deletion; `None` if there is none of this
/// name.
///
/// # Errors
/// As any query.
pub async fn delete(pool: &PgPool, name: &str, scope: &Scope, by: &str) -> Result<Option<Uuid>> {
    let mut transaction = pool.begin().await?;
    sqlx::query("DELETE FROM saved_query_deletion WHERE deleted_at < now() - interval '1 day'")
        .execute(&mut *transaction)
        .await?;
    let deleted = sqlx::query_scalar(
        "WITH deleted AS (DELETE FROM saved_query WHERE organization = $1 AND name = $2
             RETURNING organization, name)
         INSERT INTO saved_query_deletion (id, organization, name, deleted_by)
         SELECT $3, organization, name, $4 FROM deleted RETURNING id",
    )
    .bind(scope.org().unwrap_or_default())
    .bind(name)
    .bind(Uuid::now_v7())
    .bind(by)
    .fetch_optional(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(deleted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        for name in ["a", "0", "sales_by-month2", &"x".repeat(63)] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "-a", "_a", "A", "a.b", "a/b", "é", "a b", &"x".repeat(64)] {
            assert!(!is_name(name), "{name}");
        }
    }
}
