//! Brings the schema up and down, one program at a time.

use migration::{Migrator, MigratorTrait};
use sqlx::{Connection as _, PgConnection, PgPool};

use super::pool::orm;
use crate::error::{Error, Result};

/// The advisory lock's key: "sgmigrat" in ASCII.
const KEY: i64 = 0x7367_6d69_6772_6174;

/// A migration and whether it is applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationState {
    /// Its name, which sorts by date.
    pub name: String,
    /// Whether the database has it.
    pub applied: bool,
}

/// Applies what is missing; gives the names of what was applied.
///
/// # Errors
/// `UNAVAILABLE` when Postgres does not answer, `INTERNAL` when a step fails: that
/// step is then undone.
pub async fn up(pool: &PgPool) -> Result<Vec<String>> {
    let lock = lock(pool).await?;
    let missing = states(pool).await?.into_iter().filter(|state| !state.applied);
    let names: Vec<String> = missing.map(|state| state.name).collect();
    if !names.is_empty() {
        Migrator::up(&orm(pool), None).await.map_err(step_failed)?;
    }
    lock.close().await?;
    Ok(names)
}

/// Takes the newest `steps` back; gives their names.
///
/// # Errors
/// As [`up`].
pub async fn down(pool: &PgPool, steps: u32) -> Result<Vec<String>> {
    let lock = lock(pool).await?;
    let applied = states(pool).await?.into_iter().rev().filter(|state| state.applied);
    let names: Vec<String> = applied.map(|state| state.name).take(steps as usize).collect();
    if !names.is_empty() {
        Migrator::down(&orm(pool), Some(steps)).await.map_err(step_failed)?;
    }
    lock.close().await?;
    Ok(names)
}

/// Every migration this program knows, oldest first.
///
/// # Errors
/// `UNAVAILABLE` when Postgres does not answer.
pub async fn states(pool: &PgPool) -> Result<Vec<MigrationState>> {
    let exists: bool = sqlx::query_scalar("SELECT to_regclass('seaql_migrations') IS NOT NULL")
        .fetch_one(pool)
        .await?;
    let applied: Vec<String> = if exists {
        sqlx::query_scalar("SELECT version::text FROM seaql_migrations").fetch_all(pool).await?
    } else {
        Vec::new()
    };
    let state = |name: &str| MigrationState {
        name: name.to_owned(),
        applied: applied.iter().any(|known| known == name),
    };
    Ok(Migrator::migrations().iter().map(|step| state(step.name())).collect())
}

/// Held until the connection is closed.
async fn lock(pool: &PgPool) -> Result<PgConnection> {
    let mut connection = pool.acquire().await?.detach();
    sqlx::query("SELECT pg_advisory_lock($1)").bind(KEY).execute(&mut connection).await?;
    Ok(connection)
}

fn step_failed(error: sea_orm::DbErr) -> Error {
    Error::internal("a migration failed; the schema is as it was before that step")
        .with_source(error)
}
