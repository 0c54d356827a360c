//! The ledger's statements for files that are loaded in one transaction: each of them for all
//! files.

use sqlx::types::Json;
use sqlx::{PgConnection, Row as _};
use uuid::Uuid;

use super::readings::{Place, ReadBy, readings};
use crate::dataset::Dataset;
use crate::load::counts::{Counts, bigint};
use crate::load::decode::Dialect;
use crate::load::failure::{Failure, LoadResult};
use crate::storage::ObjectVersion;

/// A file version of a group.
#[derive(Debug)]
pub(crate) struct Entry {
    /// `load_file.id`.
    pub(crate) id: i32,
    /// Whether it is loaded to its end.
    pub(crate) loaded: bool,
    /// The entries of earlier readings of the version in other formats.
    pub(crate) superseded: Vec<i32>,
}

/// A file that is read to its end in this transaction.
pub(crate) struct Done<'a> {
    pub(crate) id: i32,
    pub(crate) dialect: &'a Dialect,
    pub(crate) end_offset: u64,
    pub(crate) end_line: u64,
    pub(crate) counts: Counts,
}

/// Finds or inserts the versions' entries, for this run. Ids ascend in the order given: of
/// equal rows the later file's wins.
pub(crate) async fn enter(
    connection: &mut PgConnection,
    by: ReadBy,
    dataset: &Dataset,
    objects: &[&ObjectVersion],
    mapping: &str,
) -> LoadResult<Vec<Entry>> {
    let column = |of: fn(&ObjectVersion) -> &str| -> Vec<&str> {
        objects.iter().map(|object| of(object)).collect()
    };
    let readings = readings(connection, by, objects).await?;
    let places: Vec<Place> = readings.iter().map(|readings| readings.place(mapping)).collect();
    let rows = sqlx::query(
        "WITH found AS (SELECT * FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], \
             $7::bigint[], $8::text[]) \
             WITH ORDINALITY AS found (bucket, key, etag, version, byte_size, mapping, position)), \
           entry AS (\
             INSERT INTO load_file AS file (dataset, bucket, object_key, etag, version_id, \
               byte_size, first_run_id, last_run_id, mapping) \
             SELECT $1, bucket, key, etag, version, byte_size, $2, $2, mapping FROM found \
             ORDER BY position \
             ON CONFLICT (bucket, object_key, etag, version_id, mapping) DO UPDATE SET \
               last_run_id = CASE WHEN file.state = 'loaded' THEN file.last_run_id ELSE $2 END, \
               error_code = NULL, error_message = NULL \
             RETURNING id, state = 'loaded' AS loaded, bucket, object_key, etag, version_id) \
         SELECT entry.id, entry.loaded FROM found JOIN entry ON entry.bucket = found.bucket \
           AND entry.object_key = found.key AND entry.etag = found.etag \
           AND entry.version_id = found.version \
         ORDER BY position",
    )
    .bind(dataset.table)
    .bind(by.run)
    .bind(column(|object| &object.bucket))
    .bind(column(|object| &object.key))
    .bind(column(|object| &object.etag))
    .bind(column(|object| object.version_id.as_deref().unwrap_or_default()))
    .bind(objects.iter().map(|object| bigint(object.size)).collect::<Vec<_>>())
    .bind(places.iter().map(|place| place.mapping.as_str()).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    let entry = |(row, place): (sqlx::postgres::PgRow, Place)| {
        let superseded = place.superseded;
        Ok(Entry { id: row.try_get(0)?, loaded: row.try_get(1)?, superseded })
    };
    rows.into_iter().zip(places).map(entry).collect()
}

/// Records that these files are loaded, none of which was begun before. Fails when the run is
/// over: another loader took over.
pub(crate) async fn commit(
    connection: &mut PgConnection,
    run: Uuid,
    files: &[Done<'_>],
    elapsed_ms: i64,
) -> LoadResult<()> {
    let count = |of: fn(&Counts) -> i64| files.iter().map(|file| of(&file.counts)).collect();
    let counts: [Vec<i64>; 6] = [
        count(|counts| counts.read),
        count(|counts| counts.inserted),
        count(|counts| counts.updated),
        count(|counts| counts.unchanged),
        count(|counts| counts.rejected),
        count(|counts| counts.parked),
    ];
    let mut query = sqlx::query(
        "WITH run AS (SELECT id FROM load_run WHERE id = $1 AND state = 'running' FOR SHARE), \
           done AS (SELECT done.* FROM run, unnest($3::integer[], $4::jsonb[], $5::bigint[], \
             $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], \
             $11::bigint[], $12::bigint[]) AS done (file_id, dialect, byte_offset, line, \
             read, inserted, updated, unchanged, rejected, parked)), \
           point AS (INSERT INTO load_checkpoint (file_id, byte_offset, line, batches, at_end) \
             SELECT file_id, byte_offset, line, 1, true FROM done), \
           total AS (INSERT INTO load_run_file (run_id, file_id, rows_read, rows_inserted, \
               rows_updated, rows_unchanged, rows_rejected, rows_parked, elapsed_ms) \
             SELECT $1, file_id, read, inserted, updated, unchanged, rejected, parked, $2 \
             FROM done) \
         UPDATE load_file AS file SET dialect = done.dialect, mode = 'merge', \
           rows_read = read, rows_inserted = inserted, rows_updated = updated, \
           rows_unchanged = unchanged, rows_rejected = rejected, rows_parked = parked, \
           state = 'loaded', finished_at = now() \
         FROM done WHERE file.id = done.file_id",
    )
    .bind(run)
    .bind(elapsed_ms)
    .bind(files.iter().map(|file| file.id).collect::<Vec<_>>())
    .bind(files.iter().map(|file| Json(file.dialect)).collect::<Vec<_>>())
    .bind(files.iter().map(|file| bigint(file.end_offset)).collect::<Vec<_>>())
    .bind(files.iter().map(|file| bigint(file.end_line)).collect::<Vec<_>>());
    for column in counts {
        query = query.bind(column);
    }
    let done = query.execute(connection).await?;
    if done.rows_affected() == files.len() as u64 {
        Ok(())
    } else {
        Err(Failure::Lost(super::taken_over()))
    }
}
