//! The SQL catalogue: where the metadata of each table is, in the layout that PyIceberg and
//! others read.

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
                 VALUES ($1, $1, $2, $3, 'TABLE') ON CONFLICT DO NOTHING",
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
