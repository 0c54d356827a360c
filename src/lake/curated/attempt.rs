//! Attempts to write the lake. An attempt that was given up can never be committed, so that its
//! objects, which have its id in their names, may be removed.

use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgPool, Row as _};
use uuid::Uuid;

use super::failure::LakeResult;
use super::place::Root;
use crate::error::Result;

/// How long objects of an attempt that was given up are looked for: a request of a process that
/// was killed may still be on its way.
const LOOKED_FOR: &str = "10 minutes";

/// Begins an attempt of a run, and takes the notes that are there, so that replicas add others.
/// `bases` are the snapshots that tables have in a catalogue of its own.
pub(super) async fn begin(pool: &PgPool, run: Uuid, bases: Option<&str>) -> LakeResult<Uuid> {
    let id = Uuid::now_v7();
    let mut transaction = pool.begin().await?;
    sqlx::query("INSERT INTO lake_attempt (id, run_id, bases) VALUES ($1, $2, $3::jsonb)")
        .bind(id)
        .bind(run)
        .bind(bases)
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

/// Gives up the attempts of runs that are over.
pub(super) async fn bury(pool: &PgPool) -> LakeResult<()> {
    sqlx::query(
        "UPDATE lake_attempt SET dead_at = now() WHERE dead_at IS NULL \
         AND run_id NOT IN (SELECT id FROM load_run WHERE state = 'running')",
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// An attempt that was given up.
pub(super) struct Dead {
    pub(super) id: Uuid,
    /// Whether it was for so long that nothing of it can be on its way any more.
    pub(super) is_long_dead: bool,
    /// The snapshots that tables had, as JSON.
    pub(super) bases: Option<String>,
}

/// The attempts that were given up.
pub(super) async fn dead(pool: &PgPool) -> LakeResult<Vec<Dead>> {
    let rows = sqlx::query(
        "SELECT id, dead_at < now() - $1::text::interval, bases::text FROM lake_attempt \
         WHERE dead_at IS NOT NULL",
    )
    .bind(LOOKED_FOR)
    .fetch_all(pool)
    .await?;
    let dead = |row: &PgRow| {
        Ok(Dead { id: row.try_get(0)?, is_long_dead: row.try_get(1)?, bases: row.try_get(2)? })
    };
    rows.iter().map(dead).collect()
}

/// Removes the objects of attempts that were given up, where the catalogue is in Postgres.
pub(super) async fn sweep(pool: &PgPool, root: &Root, tables: &[&str]) -> LakeResult<()> {
    let mut dead = dead(pool).await?;
    // The tables of another catalogue may have what it was told.
    dead.retain(|one| one.bases.is_none());
    if dead.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = dead.iter().map(|one| one.id.to_string()).collect();
    for table in tables {
        remove(root, &root.folder(table), &names).await?;
    }
    forget(pool, &dead).await
}

/// Forgets attempts whose objects were looked for long enough.
pub(super) async fn forget(pool: &PgPool, dead: &[Dead]) -> LakeResult<()> {
    let long_dead: Vec<Uuid> =
        dead.iter().filter(|one| one.is_long_dead).map(|one| one.id).collect();
    sqlx::query("DELETE FROM lake_attempt WHERE id = ANY ($1) AND intent IS NULL")
        .bind(&long_dead)
        .execute(pool)
        .await?;
    Ok(())
}

/// Removes objects below a prefix, finished or not, that have one of these in their names.
pub(super) async fn remove(root: &Root, prefix: &str, names: &[String]) -> Result<()> {
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
            root.remove(key).await?;
        }
        sqlx::query("DELETE FROM lake_removal WHERE key = ANY ($1)")
            .bind(&keys)
            .execute(pool)
            .await?;
    }
}
