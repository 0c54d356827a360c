//! Brings the schema up and down, one program at a time.

use std::iter;

use graphile_worker::WorkerUtils;
use migration::{Migrator, MigratorTrait, distribution, row_security};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool};

use super::layout::{Layout, has_extension, require_cluster};
use super::pool::orm;
use super::set_aside::{PutBack, put_back_alone};
use super::watch::watch_changes;
use crate::catalog;
use crate::error::{Code, Error, Result};

/// The schema of the queue library, where jobs are delivered.
pub const QUEUE_SCHEMA: &str = "graphile_worker";

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

/// Applies what is missing, installs the queue, describes the tables, and gives the roles of
/// the API what they lack; gives the names of what was applied. Tables that are new on a cluster
/// are put in their places.
///
/// # Errors
/// `UNAVAILABLE` when Postgres does not answer, `INTERNAL` when a step fails: that
/// step is then undone. `CONFLICT` when a load has set foreign keys aside that cannot be put
/// back now.
pub async fn up(pool: &PgPool) -> Result<Vec<String>> {
    bring_up(pool, Layout::Single).await
}

/// Likewise, and distributes the tables over the machines of a cluster.
///
/// # Errors
/// As [`up`]; `CONFIG` if the database is not that of a coordinator with workers.
pub async fn up_distributed(pool: &PgPool) -> Result<Vec<String>> {
    require_cluster(pool).await?;
    bring_up(pool, Layout::Distributed).await
}

async fn bring_up(pool: &PgPool, wanted: Layout) -> Result<Vec<String>> {
    let lock = lock(pool).await?;
    let missing = states(pool).await?.into_iter().filter(|state| !state.applied);
    let names: Vec<String> = missing.map(|state| state.name).collect();
    if !names.is_empty() {
        put_back(pool).await?;
        Migrator::up(&orm(pool), None).await.map_err(step_failed)?;
        note_change(pool).await?;
    }
    install_queue(pool).await?;
    let layout = match wanted {
        Layout::Single => Layout::of(pool).await?,
        Layout::Distributed => wanted,
    };
    if layout.is_distributed() {
        distribute(pool).await?;
    }
    describe(pool).await?;
    let roles = match layout {
        Layout::Single => row_security::apply(),
        Layout::Distributed => row_security::apply_distributed(),
    };
    sqlx::raw_sql(AssertSqlSafe(roles)).execute(pool).await?;
    watch_changes(pool).await?;
    lock.close().await?;
    Ok(names)
}

/// Puts the tables in their places, all or none. Without the extension they have come back to one
/// machine with a backup, and new ones become like them.
async fn distribute(pool: &PgPool) -> Result<()> {
    let statements = if has_extension(pool).await? {
        distribution::distribute()
    } else {
        distribution::prepare()
    };
    let mut transaction = pool.begin().await?;
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(())
}

/// Takes the newest `steps` back; gives their names.
///
/// # Errors
/// As [`up`]; `CONFIG` on a cluster, whose tables lack what the steps take back.
pub async fn down(pool: &PgPool, steps: u32) -> Result<Vec<String>> {
    if Layout::of(pool).await?.is_distributed() {
        let message = "the tables are distributed over several machines, and migrations are not \
                       reverted there: restore a backup from before";
        return Err(Error::new(Code::Config, message));
    }
    let lock = lock(pool).await?;
    let applied = states(pool).await?.into_iter().rev().filter(|state| state.applied);
    let names: Vec<String> = applied.map(|state| state.name).take(steps as usize).collect();
    if !names.is_empty() {
        put_back(pool).await?;
        Migrator::down(&orm(pool), Some(steps)).await.map_err(step_failed)?;
        note_change(pool).await?;
    }
    lock.close().await?;
    Ok(names)
}

/// A migration may be about what a load has set aside.
async fn put_back(pool: &PgPool) -> Result<()> {
    match put_back_alone(pool).await? {
        PutBack::Done(_) => Ok(()),
        PutBack::Loading(_) => {
            let message = "a load is under way that has set foreign keys and indexes aside; migrate \
                           once it has ended";
            Err(Error::new(Code::Conflict, message))
        }
    }
}

/// Notes that anything may have changed: other rows, or what views and functions make of them.
async fn note_change(pool: &PgPool) -> Result<()> {
    let watches: bool =
        sqlx::query_scalar("SELECT to_regclass('data_change') IS NOT NULL").fetch_one(pool).await?;
    if watches {
        let note = "INSERT INTO data_change VALUES (pg_current_xact_id()) ON CONFLICT DO NOTHING";
        sqlx::query(note).execute(pool).await?;
    }
    Ok(())
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

/// $1, $2, $3: tables, columns (null for the table itself) and comments. One statement
/// for each that the schema has another comment of, or none.
const COMMENTS: &str = "
    SELECT format('COMMENT ON %s IS %L', CASE
        WHEN attname IS NOT NULL THEN format('COLUMN %I.%I', relname, attname)
        WHEN relkind = 'v' THEN format('VIEW %I', relname)
        ELSE format('TABLE %I', relname) END, comment)
    FROM unnest($1::text[], $2::text[], $3::text[]) AS catalog (name, attribute, comment)
    JOIN pg_class ON relname = name AND relnamespace = current_schema()::regnamespace
    LEFT JOIN pg_attribute ON attrelid = pg_class.oid AND attname = attribute
    WHERE comment IS DISTINCT FROM CASE WHEN attname IS NULL
        THEN obj_description(pg_class.oid, 'pg_class')
        ELSE col_description(pg_class.oid, attnum) END
    ORDER BY relname, attnum";

/// Comments on the tables and columns in the catalog's words.
async fn describe(pool: &PgPool) -> Result<()> {
    let (mut tables, mut columns, mut comments) = (Vec::new(), Vec::new(), Vec::new());
    for table in catalog::tables() {
        let of_columns = table.columns.iter().map(|it| (Some(it.name), it.sql_comment()));
        for (column, comment) in
            iter::once((None, table.description().to_owned())).chain(of_columns)
        {
            tables.push(table.name);
            columns.push(column);
            comments.push(comment);
        }
    }
    let statements: Vec<String> = sqlx::query_scalar(COMMENTS)
        .bind(tables)
        .bind(columns)
        .bind(comments)
        .fetch_all(pool)
        .await?;
    if !statements.is_empty() {
        // Postgres itself has quoted the names and the comments.
        let statements = AssertSqlSafe(statements.join(";\n"));
        sqlx::raw_sql(statements).execute(pool).await?;
    }
    Ok(())
}

/// The tables and functions of the queue library, in a schema of their own.
async fn install_queue(pool: &PgPool) -> Result<()> {
    WorkerUtils::new(pool, QUEUE_SCHEMA).migrate().await.map_err(|error| {
        let message = format!("the schema {QUEUE_SCHEMA} of the job queue cannot be installed");
        Error::internal(message).with_source(error)
    })
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
