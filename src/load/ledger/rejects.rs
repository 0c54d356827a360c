//! Writes rejected rows.

use sqlx::PgConnection;
use uuid::Uuid;

use super::storable;
use crate::load::counts::bigint;
use crate::load::decode::{Batch, Reject};
use crate::load::failure::LoadResult;

/// Writes the rejects of batches, each of the file with that id.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    run: Uuid,
    batches: &[(i32, &Batch)],
) -> LoadResult<()> {
    let rejects = || {
        let of = |(file, batch): &(i32, _)| {
            let (file, batch): (i32, &Batch) = (*file, *batch);
            batch.rejects.iter().map(move |reject| (file, batch, reject))
        };
        batches.iter().flat_map(of)
    };
    let raw = |batch: &Batch, reject| batch.raw_of_reject(reject).into_owned();
    if rejects().next().is_none() {
        return Ok(());
    }
    let line = |batch: &Batch, reject: &Reject| bigint(batch.place(reject.line).0);
    let part = |batch: &Batch, reject: &Reject| batch.place(reject.line).1;
    let part = |batch, reject| i32::try_from(part(batch, reject)).unwrap_or_default();
    sqlx::query(
        "INSERT INTO load_reject \
           (run_id, file_id, line, part, byte_offset, column_name, reason, message, raw) \
         SELECT $1, * FROM unnest($2::integer[], $3::bigint[], $9::integer[], $4::bigint[], \
           $5::text[], $6::text[], $7::text[], $8::bytea[])",
    )
    .bind(run)
    .bind(rejects().map(|(file, ..)| file).collect::<Vec<_>>())
    .bind(rejects().map(|(_, batch, reject)| line(batch, reject)).collect::<Vec<_>>())
    .bind(rejects().map(|(_, _, reject)| bigint(reject.offset)).collect::<Vec<_>>())
    .bind(rejects().map(|(_, _, reject)| reject.column().map(storable)).collect::<Vec<_>>())
    .bind(rejects().map(|(_, _, reject)| reject.fault.reason.as_str()).collect::<Vec<_>>())
    .bind(rejects().map(|(_, _, reject)| storable(&reject.fault.message)).collect::<Vec<_>>())
    .bind(rejects().map(|(_, batch, reject)| raw(batch, reject)).collect::<Vec<_>>())
    .bind(rejects().map(|(_, batch, reject)| part(batch, reject)).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}
