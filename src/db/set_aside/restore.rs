//! Puts back what was set aside. First all foreign keys, without looking at the rows that are
//! there: from then on Postgres checks what is written, and the guards rest. Then indexes are made
//! and foreign keys validated, two tables at a time. Each is done when its note is gone, which the
//! same transaction deletes. Writers wait for that, readers do not.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use sqlx::postgres::PgDatabaseError;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool};

use super::{LOAD_LOCK, SetAsideFailure, is_readable, list};
use crate::db::sqlstate::sqlstate;
use crate::error::{Code, Error, Result};

const FOREIGN_KEY_VIOLATION: &str = "23503";
const INSUFFICIENT_PRIVILEGE: &str = "42501";

/// What became of what was set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutBack {
    /// So many are back.
    Done(usize),
    /// A load is under way, and puts so many back itself.
    Loading(usize),
}

/// Sorts an index, and compares children with parents.
const SETTINGS: &str = "
    SELECT set_config('maintenance_work_mem', '128MB', true)
    WHERE pg_size_bytes(current_setting('maintenance_work_mem')) < pg_size_bytes('128MB')";

/// The foreign keys that are not there, and the guards that are not needed then.
const FOREIGN_KEYS: &str = "
    WITH missing AS (
        SELECT * FROM load_set_aside
        WHERE kind = 'foreign key' AND to_regclass(quote_ident(table_name)) IS NOT NULL
            AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = name
                AND conrelid = to_regclass(quote_ident(table_name)))
    )
    SELECT format('ALTER TABLE %I ADD CONSTRAINT %I %s NOT VALID', table_name, name, definition)
    FROM missing
    UNION ALL
    SELECT format('COMMENT ON CONSTRAINT %I ON %I IS %L', name, table_name, comment)
    FROM missing WHERE comment IS NOT NULL
    UNION ALL
    SELECT format('ALTER TABLE %s DISABLE TRIGGER load_set_aside_guard', tgrelid::regclass)
    FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE tgname = 'load_set_aside_guard' AND tgenabled <> 'D' AND relnamespace =
        (SELECT relnamespace FROM pg_class WHERE oid = to_regclass('load_set_aside'))";

/// What is left then of each table, the largest first.
const TABLES: &str = "
    SELECT table_name::text, array_agg(kind::text ORDER BY kind, name),
        array_agg(name::text ORDER BY kind, name)
    FROM load_set_aside GROUP BY table_name
    ORDER BY coalesce(pg_relation_size(to_regclass(quote_ident(table_name))), 0) DESC, table_name";

/// How one is finished: no statement if it is as it was, or if its table is gone.
const FINISH: &str = "
    SELECT coalesce(CASE kind
        WHEN 'index' THEN CASE WHEN owner.oid IS NOT NULL AND NOT EXISTS (
                SELECT FROM pg_class WHERE relname = name AND relnamespace = owner.relnamespace)
            THEN concat_ws(';', definition,
                format('COMMENT ON INDEX %I IS ', name) || quote_literal(comment)) END
        ELSE (SELECT format('ALTER TABLE %I VALIDATE CONSTRAINT %I', table_name, name)
            FROM pg_constraint
            WHERE conname = name AND conrelid = owner.oid AND NOT convalidated) END, '')
    FROM load_set_aside LEFT JOIN pg_class AS owner
        ON owner.oid = to_regclass(quote_ident(table_name))
    WHERE (table_name, kind, name) = ($1, $2, $3)
    FOR UPDATE OF load_set_aside";

const FORGET: &str = "DELETE FROM load_set_aside WHERE (table_name, kind, name) = ($1, $2, $3)";

/// Counts the rows of a foreign key without their parents.
const ORPHANS: &str = "
    SELECT format('SELECT count(*) FROM %s AS child WHERE %s AND NOT EXISTS '
        '(SELECT FROM %s AS parent WHERE %s)', conrelid::regclass,
        string_agg(format('child.%I IS NOT NULL', own.attname), ' AND '), confrelid::regclass,
        string_agg(format('parent.%I = child.%I', key.attname, own.attname), ' AND '))
    FROM pg_constraint CROSS JOIN unnest(conkey, confkey) AS pair (own, key)
    JOIN pg_attribute AS own ON own.attrelid = conrelid AND own.attnum = pair.own
    JOIN pg_attribute AS key ON key.attrelid = confrelid AND key.attnum = pair.key
    WHERE conname = $2 AND conrelid = to_regclass(quote_ident($1))
    GROUP BY conrelid, confrelid";

/// What is left of a table.
struct Table {
    name: String,
    items: Vec<(String, String)>,
}

/// Puts back all that is set aside, over two connections of the pool. Gives their number.
///
/// # Errors
/// `CONFLICT` when rows lack their parents, which the error tells: all else is back then.
pub async fn put_back(pool: &PgPool) -> Result<usize, SetAsideFailure> {
    let mut connection = pool.acquire().await?;
    if !is_readable(&mut *connection).await? {
        return Ok(0);
    }
    let tables = sqlx::query_as::<_, (String, Vec<String>, Vec<String>)>(TABLES)
        .fetch_all(&mut *connection)
        .await?;
    if tables.is_empty() {
        return Ok(0);
    }
    put_foreign_keys_back(&mut connection).await.map_err(only_the_owner)?;
    drop(connection);
    let number = tables.iter().map(|(_, kinds, _)| kinds.len()).sum();
    let tables = tables
        .into_iter()
        .map(|(name, kinds, names)| Table { name, items: kinds.into_iter().zip(names).collect() });
    let tables: Mutex<VecDeque<Table>> = Mutex::new(tables.collect());
    let (one, other) = tokio::join!(finish_tables(pool, &tables), finish_tables(pool, &tables));
    one.and(other)?;
    tracing::info!(number, "foreign keys and indexes are back");
    Ok(number)
}

/// Likewise, unless a load is under way.
///
/// # Errors
/// As [`put_back`].
pub async fn put_back_alone(pool: &PgPool) -> Result<PutBack> {
    let number = list(pool).await?.len();
    if number == 0 {
        return Ok(PutBack::Done(0));
    }
    let mut lock = pool.acquire().await?.detach();
    let locked: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
        .bind(LOAD_LOCK)
        .fetch_one(&mut lock)
        .await?;
    if !locked {
        return Ok(PutBack::Loading(number));
    }
    let done = put_back(pool).await;
    lock.close().await?;
    Ok(PutBack::Done(done?))
}

async fn put_foreign_keys_back(connection: &mut PgConnection) -> sqlx::Result<()> {
    let mut transaction = connection.begin().await?;
    let statements: Vec<String> =
        sqlx::query_scalar(FOREIGN_KEYS).fetch_all(&mut *transaction).await?;
    if statements.is_empty() {
        return transaction.rollback().await;
    }
    // Postgres itself has quoted the names and the comments, here and below.
    sqlx::raw_sql(AssertSqlSafe(statements.join(";\n"))).execute(&mut *transaction).await?;
    transaction.commit().await
}

/// One table after the other. What fails for its rows does not keep the rest.
async fn finish_tables(
    pool: &PgPool,
    tables: &Mutex<VecDeque<Table>>,
) -> Result<(), SetAsideFailure> {
    let next = || tables.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let mut connection = pool.acquire().await?;
    let mut first = Ok(());
    while let Some(Table { name: table, items }) = next() {
        for (kind, name) in items {
            match finish(&mut connection, [&table, &kind, &name]).await {
                Err(SetAsideFailure::Other(error)) => {
                    tracing::error!(error = error.detail(), "a foreign key is not validated");
                    first = first.and(Err(SetAsideFailure::Other(error)));
                }
                done => done?,
            }
        }
    }
    first
}

/// Makes an index or validates a foreign key, and deletes its note.
async fn finish(
    connection: &mut PgConnection,
    [table, kind, name]: [&str; 3],
) -> Result<(), SetAsideFailure> {
    let mut transaction = connection.begin().await?;
    sqlx::query(SETTINGS).execute(&mut *transaction).await?;
    let statement: Option<String> = sqlx::query_scalar(FINISH)
        .bind(table)
        .bind(kind)
        .bind(name)
        .fetch_optional(&mut *transaction)
        .await
        .map_err(only_the_owner)?;
    let Some(statement) = statement else {
        // Somebody else has put it back.
        return Ok(transaction.rollback().await?);
    };
    let done = match statement.is_empty() {
        true => Ok(()),
        false => sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *transaction).await.map(drop),
    };
    if let Err(error) = done {
        transaction.rollback().await?;
        if sqlstate(&error).as_deref() == Some(FOREIGN_KEY_VIOLATION) {
            return Err(orphaned(connection, table, name, error).await?);
        }
        return Err(only_the_owner(error));
    }
    sqlx::query(FORGET).bind(table).bind(kind).bind(name).execute(&mut *transaction).await?;
    Ok(transaction.commit().await?)
}

/// What to do about rows that lack their parents.
async fn orphaned(
    connection: &mut PgConnection,
    table: &str,
    name: &str,
    cause: sqlx::Error,
) -> sqlx::Result<SetAsideFailure> {
    let count: String =
        sqlx::query_scalar(ORPHANS).bind(table).bind(name).fetch_one(&mut *connection).await?;
    let rows: i64 = sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(connection).await?;
    let database = cause.as_database_error();
    let first = database
        .and_then(|error| error.try_downcast_ref::<PgDatabaseError>())
        .and_then(PgDatabaseError::detail)
        .unwrap_or_default();
    let message = format!(
        "the foreign key {name} of {table} was set aside for a load and cannot be validated, for \
         {rows} rows lack their parent, such as: {first} Somebody has deleted it meanwhile. Insert \
         the parents or delete these rows, then run `salesgraph load` or `salesgraph migrate up`; \
         no row is lost, and new ones are checked"
    );
    Ok(SetAsideFailure::Other(Error::new(Code::Conflict, message).with_source(cause)))
}

fn only_the_owner(error: sqlx::Error) -> SetAsideFailure {
    if sqlstate(&error).as_deref() != Some(INSUFFICIENT_PRIVILEGE) {
        return error.into();
    }
    let message = "foreign keys and indexes are set aside, and only the owner of the tables may \
                   put them back: run `salesgraph migrate up` as the owner";
    SetAsideFailure::Other(Error::new(Code::Conflict, message).with_source(error))
}
