//! Sets foreign keys and indexes of tables aside.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};

use super::SetAsideFailure;
use crate::db::sqlstate::sqlstate;

/// How many times the bytes of a table, as it is stored, its new files have at least. A row takes
/// about its plain size when it is stored, of which a compressed file has a fraction: what is
/// stored is a small part of what will be. A file of all rows that comes every day is about as
/// large as its table.
const NEARLY_EMPTY: i64 = 8;
/// Queries wait as long for the lock as it is waited for.
const LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '200ms'";
const LOCK_NOT_AVAILABLE: &str = "55P03";
const INSUFFICIENT_PRIVILEGE: &str = "42501";

/// A table, and the bytes of its files that are to be loaded.
#[derive(Debug, Clone, Copy)]
pub struct NewRows {
    /// The table.
    pub table: &'static str,
    /// Bytes of its files, as they are stored.
    pub bytes: i64,
}

/// $1 and $2 are the tables and the bytes to load. A role that may not put things back sets
/// nothing aside. Distributed tables have their foreign keys on other servers.
const NEARLY_EMPTY_TABLES: &str = "
    SELECT relname::text FROM unnest($1::text[], $2::bigint[]) AS new (name, bytes)
    JOIN pg_class ON pg_class.oid = to_regclass(quote_ident(name))
    WHERE relkind = 'r' AND NOT relispartition AND NOT relhassubclass
        AND relam = (SELECT oid FROM pg_am WHERE amname = 'heap')
        AND pg_relation_size(pg_class.oid) * $3 <= bytes AND pg_has_role(relowner, 'USAGE')
        AND has_table_privilege(to_regclass('load_set_aside')::oid, 'INSERT')
        AND has_table_privilege(to_regclass('load_set_aside')::oid, 'DELETE')
        AND to_regclass('pg_catalog.pg_dist_partition') IS NULL";

/// Foreign keys of the tables $1 that can be put back as they are.
macro_rules! foreign_keys {
    () => {
        "SELECT key.oid, conname AS name, child.relname AS child, parent.relname AS parent
         FROM pg_constraint AS key
         JOIN pg_class AS child ON child.oid = conrelid
         JOIN pg_class AS parent ON parent.oid = confrelid
         WHERE contype = 'f' AND conparentid = 0 AND convalidated AND NOT condeferrable
             AND (confupdtype, confdeltype, confmatchtype) = ('a', 'a', 's')
             AND conrelid IN (SELECT to_regclass(quote_ident(name)) FROM unnest($1::text[]) AS of (name))
             AND child.relnamespace = parent.relnamespace
             AND pg_has_role(parent.relowner, 'USAGE')
             AND NOT EXISTS (SELECT FROM pg_trigger
                 WHERE tgconstraint = key.oid AND tgenabled <> 'O')
             AND 2 = (SELECT count(*) FROM pg_trigger
                 WHERE tgrelid IN (conrelid, confrelid) AND tgname = 'load_set_aside_guard')"
    };
}

/// Locks what is altered, in the order $2, which is that of a load.
const LOCKS: &str = concat!(
    "WITH key AS (",
    foreign_keys!(),
    "), named AS (
        SELECT unnest($1::text[]) AS name UNION SELECT child FROM key UNION SELECT parent FROM key)
    SELECT format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE',
        string_agg(quote_ident(name), ', ' ORDER BY array_position($2::text[], name)))
    FROM named",
);

/// Notes them, and says how each is dropped. Indexes that are more than that stay: the loader
/// needs those that are unique.
const NOTES: &str = concat!(
    "WITH key AS (",
    foreign_keys!(),
    "), plain AS (
        SELECT indexrelid, index.relname AS name, owner.relname AS of_table
        FROM pg_index JOIN pg_class AS index ON index.oid = indexrelid
        JOIN pg_class AS owner ON owner.oid = indrelid
        WHERE indrelid IN (SELECT to_regclass(quote_ident(name)) FROM unnest($1::text[]) AS of (name))
            AND NOT (indisunique OR indisexclusion OR indisclustered OR indisreplident)
            AND indisvalid AND index.reltablespace = 0 AND NOT index.relispartition
            AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
            AND NOT EXISTS (SELECT FROM pg_attribute
                WHERE attrelid = indexrelid AND attstattarget >= 0)
            AND NOT EXISTS (SELECT FROM pg_depend WHERE deptype IN ('e', 'x')
                AND classid = 'pg_class'::regclass AND objid = indexrelid)
    ), noted AS (
        INSERT INTO load_set_aside AS known (table_name, kind, name, definition, comment)
        SELECT child, 'foreign key', name, pg_get_constraintdef(oid),
            obj_description(oid, 'pg_constraint') FROM key
        UNION ALL SELECT of_table, 'index', name, pg_get_indexdef(indexrelid),
            obj_description(indexrelid, 'pg_class') FROM plain
        ON CONFLICT (table_name, kind, name) DO UPDATE
        SET definition = excluded.definition, comment = excluded.comment
        RETURNING table_name, kind, name
    )
    SELECT CASE kind
        WHEN 'index' THEN format('DROP INDEX %I', name)
        ELSE format('ALTER TABLE %I DROP CONSTRAINT %I', table_name, name) END
    FROM noted
    UNION ALL
    SELECT format('ALTER TABLE %I ENABLE TRIGGER load_set_aside_guard', name)
    FROM (SELECT child FROM key UNION SELECT parent FROM key) AS guarded (name)",
);

/// Sets aside what the tables have that is not needed to load them, of those that are empty, or
/// nearly so against what is to be loaded. Nothing is, and all goes on without, if the tables
/// are in use or the role may not. `order` has all tables, children first.
///
/// # Errors
/// As any query.
pub async fn set_aside(
    connection: &mut PgConnection,
    new: &[NewRows],
    order: &[&str],
) -> Result<(), SetAsideFailure> {
    match attempt(connection, new, order).await {
        Err(error) => match sqlstate(&error).as_deref() {
            Some(LOCK_NOT_AVAILABLE | INSUFFICIENT_PRIVILEGE) => {
                tracing::info!(%error, "foreign keys and indexes stay in place during the load");
                Ok(())
            }
            _ => Err(error.into()),
        },
        done => Ok(done?),
    }
}

async fn attempt(
    connection: &mut PgConnection,
    new: &[NewRows],
    order: &[&str],
) -> sqlx::Result<()> {
    let mut transaction = connection.begin().await?;
    // To ask for the size of a table locks it, too.
    sqlx::query(LOCK_TIMEOUT).execute(&mut *transaction).await?;
    let tables: Vec<String> = sqlx::query_scalar(NEARLY_EMPTY_TABLES)
        .bind(new.iter().map(|rows| rows.table).collect::<Vec<_>>())
        .bind(new.iter().map(|rows| rows.bytes).collect::<Vec<_>>())
        .bind(NEARLY_EMPTY)
        .fetch_all(&mut *transaction)
        .await?;
    if tables.is_empty() {
        return transaction.rollback().await;
    }
    let lock: String =
        sqlx::query_scalar(LOCKS).bind(&tables).bind(order).fetch_one(&mut *transaction).await?;
    // Postgres itself has quoted the names, here and below.
    sqlx::raw_sql(AssertSqlSafe(lock)).execute(&mut *transaction).await?;
    let statements = sqlx::query(NOTES).bind(&tables).fetch_all(&mut *transaction).await?;
    let statements: Vec<String> =
        statements.iter().map(|row| row.try_get(0)).collect::<sqlx::Result<_>>()?;
    if statements.is_empty() {
        return transaction.rollback().await;
    }
    sqlx::raw_sql(AssertSqlSafe(statements.join(";\n"))).execute(&mut *transaction).await?;
    transaction.commit().await?;
    tracing::info!(?tables, "foreign keys and indexes are set aside until the end of the load");
    Ok(())
}
