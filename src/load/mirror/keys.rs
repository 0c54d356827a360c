//! The keys that a mirrored file holds.

use sqlx::PgConnection;

use crate::dataset::Dataset;
use crate::load::decode::Batch;
use crate::load::failure::LoadResult;

/// Records the keys of a batch's rows, in the batch's transaction. Call it when earlier
/// batches are committed: one of the same key is waited for.
pub(crate) async fn record_keys(
    connection: &mut PgConnection,
    file: i32,
    batch: &Batch,
) -> LoadResult<()> {
    if batch.rows.is_empty() {
        return Ok(());
    }
    let (first, second): (Vec<i32>, Vec<i32>) =
        batch.rows.iter().map(|row| <(i32, i32)>::from(row.key)).unzip();
    sqlx::query(
        "INSERT INTO load_file_key (file_id, first_key, second_key) \
         SELECT $1, * FROM unnest($2::integer[], $3::integer[]) ON CONFLICT DO NOTHING",
    )
    .bind(file)
    .bind(first)
    .bind(second)
    .execute(connection)
    .await?;
    Ok(())
}

/// When a new file of a dataset begins, older ones that were never mirrored to their end
/// are overruled. Their keys are deleted, and with them the means to mirror them: they can
/// be finished in merge mode.
pub(crate) async fn forget_overruled(
    connection: &mut PgConnection,
    dataset: &Dataset,
    file: i32,
) -> LoadResult<()> {
    sqlx::query(
        "WITH overruled AS (\
           UPDATE load_file SET mode = 'merge' \
           WHERE dataset = $1 AND id < $2 AND mode = 'mirror' AND state <> 'loaded' \
           RETURNING id) \
         DELETE FROM load_file_key USING overruled WHERE file_id = overruled.id",
    )
    .bind(dataset.table)
    .bind(file)
    .execute(connection)
    .await?;
    Ok(())
}

/// Keeps keys in a temporary table of this connection, which hides the stored one: a check
/// writes nothing.
pub(crate) async fn hold_temporarily(connection: &mut PgConnection) -> LoadResult<()> {
    sqlx::raw_sql("CREATE TEMP TABLE load_file_key (LIKE load_file_key INCLUDING INDEXES)")
        .execute(connection)
        .await?;
    Ok(())
}
