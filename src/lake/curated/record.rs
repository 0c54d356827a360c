//! What Postgres tells of the tables, for the API: it asks no catalogue.

use sqlx::PgConnection;
use uuid::Uuid;

use super::failure::LakeResult;
use super::snapshot::{ATTEMPT, WrittenSnapshot};
use crate::lake::iceberg::metadata::Snapshot;
use crate::lake::rest::Loaded;

/// A table that was committed.
pub(super) struct Recorded<'a> {
    pub(super) name: &'a str,
    pub(super) location: &'a str,
    pub(super) metadata_location: &'a str,
    /// All snapshots that it has.
    pub(super) snapshots: &'a [i64],
    /// Objects that nothing needs any more.
    pub(super) unneeded: &'a [String],
}

/// A snapshot that this program has written.
#[derive(Debug)]
pub(super) struct Own {
    data_version: i64,
    run: Uuid,
    written: WrittenSnapshot,
}

impl Own {
    /// What the summary of a snapshot says; `None` if it is of another program.
    fn of(snapshot: &Snapshot) -> Option<Self> {
        let text = |name: &str| snapshot.summary.get(name);
        let number = |name: &str| text(name)?.parse::<i64>().ok();
        text(ATTEMPT)?;
        Some(Self {
            data_version: number("salesgraph.data-version")?,
            run: text("salesgraph.run-id")?.parse().ok()?,
            written: WrittenSnapshot {
                id: snapshot.snapshot_id,
                rows: number("total-records")?,
                files: number("total-data-files")?,
                bytes: number("total-files-size")?,
                rows_written: number("added-records")?,
                files_added: number("added-data-files")?,
                files_removed: number("deleted-data-files")?,
            },
        })
    }
}

/// Records a table, and tells its id.
pub(super) async fn table(connection: &mut PgConnection, of: &Recorded<'_>) -> LakeResult<i32> {
    let id: i32 = sqlx::query_scalar(
        "INSERT INTO lake_table (name, location, metadata_location) VALUES ($1, $2, $3) \
         ON CONFLICT (name) DO UPDATE SET location = excluded.location, \
             metadata_location = excluded.metadata_location, written_at = now() \
         RETURNING id",
    )
    .bind(of.name)
    .bind(of.location)
    .bind(of.metadata_location)
    .fetch_one(&mut *connection)
    .await?;
    // Also those of a table of that name whose place this one takes.
    sqlx::query("DELETE FROM lake_snapshot WHERE table_id = $1 AND snapshot_id <> ALL ($2)")
        .bind(id)
        .bind(of.snapshots)
        .execute(&mut *connection)
        .await?;
    sqlx::query("INSERT INTO lake_removal SELECT unnest($1::text[]) ON CONFLICT DO NOTHING")
        .bind(of.unneeded)
        .execute(&mut *connection)
        .await?;
    Ok(id)
}

/// Records a snapshot of a table. One that is known, and one of a run that is not, is left out.
pub(super) async fn snapshot(
    connection: &mut PgConnection,
    table: i32,
    run: Uuid,
    data_version: i64,
    snapshot: &WrittenSnapshot,
) -> LakeResult<()> {
    sqlx::query(
        "INSERT INTO lake_snapshot (table_id, snapshot_id, data_version, run_id, row_count, \
             files, bytes, rows_written, files_added, files_removed) \
         SELECT $1, $2, $3, id, $5, $6, $7, $8, $9, $10 FROM load_run \
         WHERE id = $4 AND NOT EXISTS ( \
             SELECT FROM lake_snapshot WHERE table_id = $1 AND snapshot_id = $2)",
    )
    .bind(table)
    .bind(snapshot.id)
    .bind(data_version)
    .bind(run)
    .bind(snapshot.rows)
    .bind(snapshot.files)
    .bind(snapshot.bytes)
    .bind(snapshot.rows_written)
    .bind(snapshot.files_added)
    .bind(snapshot.files_removed)
    .execute(connection)
    .await?;
    Ok(())
}

/// Records a table as a catalogue of its own has it.
pub(super) async fn loaded(
    connection: &mut PgConnection,
    name: &str,
    loaded: &Loaded,
    unneeded: &[String],
) -> LakeResult<()> {
    let all = loaded.metadata.snapshots();
    let ids: Vec<i64> = all.iter().map(|one| one.snapshot_id).collect();
    let recorded = Recorded {
        name,
        location: loaded.metadata.location(),
        metadata_location: &loaded.metadata_location,
        snapshots: &ids,
        unneeded,
    };
    let id = table(connection, &recorded).await?;
    // The newest has the highest id.
    let mut in_order: Vec<&Snapshot> = all.iter().collect();
    in_order.sort_by_key(|one| one.sequence_number);
    for own in in_order.into_iter().filter_map(Own::of) {
        snapshot(connection, id, own.run, own.data_version, &own.written).await?;
    }
    Ok(())
}
