//! The SQL catalogue: where the metadata of each table is, in the layout that PyIceberg and
//! others read.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::failure::LakeResult;

/// The name of the catalogue, and of its only namespace.
const NAME: &str = "salesgraph";

/// Where the metadata of a table are; `None` if there is no such table.
pub(super) async fn metadata_location(
    connection: &mut PgConnection,
    table: &str,
) -> LakeResult<Option<String>> {
    let found: Option<Option<String>> = sqlx::query_scalar(
        "SELECT metadata_location FROM lake.iceberg_tables \
         WHERE catalog_name = $1 AND table_namespace = $1 AND table_name = $2",
    )
    .bind(NAME)
    .bind(table)
    .fetch_optional(connection)
    .await?;
    Ok(found.flatten())
}

/// Which of these tables the catalogue does not name.
pub(super) async fn missing(
    connection: &mut PgConnection,
    tables: &[&str],
) -> LakeResult<Vec<String>> {
    let missing = sqlx::query_scalar(
        "SELECT name FROM unnest($2::text[]) AS of (name) WHERE NOT EXISTS ( \
             SELECT FROM lake.iceberg_tables WHERE catalog_name = $1 AND table_namespace = $1 \
                 AND table_name = name AND metadata_location IS NOT NULL)",
    )
    .bind(NAME)
    .bind(tables)
    .fetch_all(connection)
    .await?;
    Ok(missing)
}

/// The snapshots of a table that Postgres tells of.
pub(super) async fn known_snapshots(
    connection: &mut PgConnection,
    table: &str,
) -> LakeResult<Vec<i64>> {
    let known = sqlx::query_scalar(
        "SELECT snapshot_id FROM lake_snapshot WHERE table_id = ( \
             SELECT id FROM lake_table WHERE name = $1)",
    )
    .bind(table)
    .fetch_all(connection)
    .await?;
    Ok(known)
}

/// The tables with snapshots that were replaced before a time.
pub(super) async fn expiring(
    connection: &mut PgConnection,
    before: DateTime<Utc>,
) -> LakeResult<Vec<String>> {
    let expiring = sqlx::query_scalar(
        "SELECT DISTINCT name FROM lake_table JOIN ( \
             SELECT table_id, lead(committed_at) OVER (PARTITION BY table_id ORDER BY id) \
                 AS replaced_at FROM lake_snapshot) AS snapshot ON table_id = lake_table.id \
         WHERE replaced_at < $1",
    )
    .bind(before)
    .fetch_all(connection)
    .await?;
    Ok(expiring)
}

/// Moves a table from metadata to their successor, in the caller's transaction; false if
/// somebody has been faster.
pub(super) async fn exchange(
    connection: &mut PgConnection,
    table: &str,
    old: Option<&str>,
    new: &str,
) -> LakeResult<bool> {
    let changed = match old {
        Some(old) => {
            sqlx::query(
                "UPDATE lake.iceberg_tables \
                 SET metadata_location = $4, previous_metadata_location = $3 \
                 WHERE catalog_name = $1 AND table_namespace = $1 AND table_name = $2 \
                     AND metadata_location = $3",
            )
            .bind(NAME)
            .bind(table)
            .bind(old)
            .bind(new)
            .execute(connection)
            .await?
        }
        None => {
            sqlx::query(
                "INSERT INTO lake.iceberg_tables \
                     (catalog_name, table_namespace, table_name, metadata_location, iceberg_type) \
                 VALUES ($1, $1, $2, $3, 'TABLE') \
                 ON CONFLICT (catalog_name, table_namespace, table_name) DO UPDATE \
                     SET metadata_location = excluded.metadata_location \
                     WHERE iceberg_tables.metadata_location IS NULL",
            )
            .bind(NAME)
            .bind(table)
            .bind(new)
            .execute(connection)
            .await?
        }
    };
    Ok(changed.rows_affected() == 1)
}
