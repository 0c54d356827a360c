//! Attempts to write the lake. An attempt that was given up can never be committed, so that its
//! objects, which have its id in their names, may be removed.

use std::collections::BTreeMap;

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
/// A catalogue outside of Postgres is told with the snapshots that its tables have.
pub(super) async fn begin(
    pool: &PgPool,
    run: Uuid,
    catalog: Option<&str>,
    bases: Option<&str>,
) -> LakeResult<Uuid> {
    let id = Uuid::now_v7();
    let mut transaction = pool.begin().await?;
    sqlx::query(
        "INSERT INTO lake_attempt (id, run_id, catalog, bases) VALUES ($1, $2, $3, $4::jsonb)",
    )
    .bind(id)
    .bind(run)
    .bind(catalog)
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
    /// Whether a catalogue outside of Postgres may have been told of it.
    pub(super) is_told: bool,
    /// The snapshots that tables had there, by their names.
    pub(super) bases: BTreeMap<String, Option<i64>>,
    pub(super) run: Uuid,
    /// Whether it was looked up before what became of it.
    pub(super) is_settled: bool,
    /// What it was about to commit there, as JSON.
    pub(super) intent: Option<String>,
}

impl Dead {
    fn of(row: &PgRow) -> sqlx::Result<Self> {
        let (bases, intent): (Option<String>, Option<String>) =
            (row.try_get("bases")?, row.try_get("intent")?);
        let is_settled = row.try_get("is_settled")?;
        Ok(Self {
            id: row.try_get("id")?,
            is_long_dead: row.try_get("is_long_dead")?,
            is_told: is_settled || intent.is_some(),
            // This program has written it.
            bases: bases.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
            run: row.try_get("run_id")?,
            is_settled,
            intent,
        })
    }
}

/// The attempts that were given up: those of one catalogue, or of that in Postgres. Another one
/// may have what they told it. They are locked until the transaction ends.
pub(super) async fn dead(
    connection: &mut PgConnection,
    catalog: Option<&str>,
) -> LakeResult<Vec<Dead>> {
    let rows = sqlx::query(
        "SELECT id, run_id, dead_at < now() - $1::text::interval AS is_long_dead, \
             bases::text AS bases, intent::text AS intent, settled_at IS NOT NULL AS is_settled \
         FROM lake_attempt WHERE dead_at IS NOT NULL AND catalog IS NOT DISTINCT FROM $2 \
         ORDER BY id FOR UPDATE",
    )
    .bind(LOOKED_FOR)
    .bind(catalog)
    .fetch_all(connection)
    .await?;
    Ok(rows.iter().map(Dead::of).collect::<sqlx::Result<_>>()?)
}

/// Removes the objects of attempts that were given up, where the catalogue is in Postgres.
pub(super) async fn sweep(pool: &PgPool, root: &Root, tables: &[&str]) -> LakeResult<()> {
    let dead = dead(&mut *pool.acquire().await?, None).await?;
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
    abort(root, prefix, names).await?;
    for key in objects(root, prefix, names).await? {
        root.bucket().delete(&key).await?;
    }
    Ok(())
}

fn is_theirs(key: &str, names: &[String]) -> bool {
    let name = key.rsplit('/').next().unwrap_or(key);
    names.iter().any(|attempt| name.contains(attempt.as_str()))
}

/// Gives up objects below a prefix that are not finished and have one of these in their names.
pub(super) async fn abort(root: &Root, prefix: &str, names: &[String]) -> Result<()> {
    let bucket = root.bucket();
    let mut next = None;
    loop {
        let (uploads, more) = bucket.open_uploads(prefix, next.as_ref()).await?;
        for (key, _) in uploads.iter().filter(|(key, _)| is_theirs(key, names)) {
            bucket.abort_uploads(key).await?;
        }
        if more.is_none() {
            return Ok(());
        }
        next = more;
    }
}

/// The keys of objects below a prefix that have one of these in their names.
pub(super) async fn objects(root: &Root, prefix: &str, names: &[String]) -> Result<Vec<String>> {
    let (mut found, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = root.bucket().keys(prefix, after.as_deref()).await?;
        let Some(last) = page.last() else { return Ok(found) };
        after = Some(last.clone());
        found.extend(page.into_iter().filter(|key| is_theirs(key, names)));
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
