//! Attempts to write the lake. An attempt that was given up can never be committed, so that its
//! objects, which have its id in their names, may be removed.

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::failure::LakeResult;
use super::place::Root;
use crate::error::Result;

/// How long objects of an attempt that was given up are looked for: a request of a process that
/// was killed may still be on its way.
const LOOKED_FOR: &str = "10 minutes";

/// Begins an attempt of a run, and takes the notes that are there, so that replicas add others.
pub(super) async fn begin(pool: &PgPool, run: Uuid) -> LakeResult<Uuid> {
    let id = Uuid::now_v7();
    let mut transaction = pool.begin().await?;
    sqlx::query("INSERT INTO lake_attempt (id, run_id) VALUES ($1, $2)")
        .bind(id)
        .bind(run)
        .execute(&mut *transaction)
        .await?;
    sqlx::query("UPDATE lake_due SET is_taken = true WHERE NOT is_taken AND table_name IS NULL")
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(id)
}

/// Ends an attempt that is committed; false if it was given up.
pub(super) async fn commit(connection: &mut PgConnection, id: Uuid) -> LakeResult<bool> {
    let ended = sqlx::query("DELETE FROM lake_attempt WHERE id = $1 AND dead_at IS NULL")
        .bind(id)
        .execute(connection)
        .await?;
    Ok(ended.rows_affected() == 1)
}

/// Gives an attempt up.
pub(super) async fn give_up(pool: &PgPool, id: Uuid) -> LakeResult<()> {
    sqlx::query("UPDATE lake_attempt SET dead_at = now() WHERE id = $1 AND dead_at IS NULL")
        .bind(id)
        .execute(pool)
        .await?;
    Ok(())
}

/// Gives up the attempts of runs that are over, and removes the objects of all that were given
/// up.
pub(super) async fn sweep(pool: &PgPool, root: &Root, tables: &[&str]) -> LakeResult<()> {
    sqlx::query(
        "UPDATE lake_attempt SET dead_at = now() WHERE dead_at IS NULL \
         AND run_id NOT IN (SELECT id FROM load_run WHERE state = 'running')",
    )
    .execute(pool)
    .await?;
    let dead: Vec<Uuid> =
        sqlx::query_scalar("SELECT id FROM lake_attempt WHERE dead_at IS NOT NULL")
            .fetch_all(pool)
            .await?;
    if dead.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = dead.iter().map(Uuid::to_string).collect();
    for table in tables {
        remove(root, &root.folder(table), &names).await?;
    }
    sqlx::query(
        "DELETE FROM lake_attempt WHERE id = ANY ($1) AND dead_at < now() - $2::text::interval",
    )
    .bind(&dead)
    .bind(LOOKED_FOR)
    .execute(pool)
    .await?;
    Ok(())
}

/// Removes objects below a prefix, finished or not, that have one of these in their names.
async fn remove(root: &Root, prefix: &str, names: &[String]) -> Result<()> {
    let is_theirs = |key: &str| {
        let name = key.rsplit('/').next().unwrap_or(key);
        names.iter().any(|attempt| name.contains(attempt.as_str()))
    };
    let bucket = root.bucket();
    let mut next = None;
    loop {
        let (uploads, more) = bucket.open_uploads(prefix, next.as_ref()).await?;
        for (key, _) in uploads.iter().filter(|(key, _)| is_theirs(key)) {
            bucket.abort_uploads(key).await?;
        }
        if more.is_none() {
            break;
        }
        next = more;
    }
    let mut after = None::<String>;
    loop {
        let page = bucket.keys(prefix, after.as_deref()).await?;
        let Some(last) = page.last() else { return Ok(()) };
        for key in page.iter().filter(|key| is_theirs(key)) {
            bucket.delete(key).await?;
        }
        after = Some(last.clone());
    }
}

/// Removes the objects that no snapshot needs any more.
pub(super) async fn remove_unneeded(pool: &PgPool, root: &Root) -> LakeResult<()> {
    loop {
        let keys: Vec<String> =
            sqlx::query_scalar("SELECT key FROM lake_removal ORDER BY key LIMIT 1000")
                .fetch_all(pool)
                .await?;
        if keys.is_empty() {
            return Ok(());
        }
        for key in &keys {
            root.bucket().delete(key).await?;
        }
        sqlx::query("DELETE FROM lake_removal WHERE key = ANY ($1)")
            .bind(&keys)
            .execute(pool)
            .await?;
    }
}
