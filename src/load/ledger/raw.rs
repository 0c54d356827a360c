//! The ledger's statements for file versions that are kept in the lake.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{Connection as _, PgConnection};

use super::commit_to_disk;
use crate::load::failure::LoadResult;
use crate::storage::ObjectVersion;

/// Where the copy of a version goes.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    /// The day of its folder.
    pub(crate) day: NaiveDate,
    /// The address of the copy that an earlier reading of the version has.
    pub(crate) known: Option<String>,
}

fn column(objects: &[ObjectVersion], of: fn(&ObjectVersion) -> &str) -> Vec<&str> {
    objects.iter().map(of).collect()
}

fn version(object: &ObjectVersion) -> &str {
    object.version_id.as_deref().unwrap_or_default()
}

/// Claims a day for each of these versions, in the order given; a claim that a crashed attempt
/// has left stays.
pub(crate) async fn claim(
    connection: &mut PgConnection,
    dataset: &str,
    objects: &[ObjectVersion],
) -> LoadResult<Vec<Claim>> {
    let mut transaction = connection.begin().await?;
    commit_to_disk(&mut transaction).await?;
    let claims: Vec<(NaiveDate, Option<String>)> = sqlx::query_as(
        "WITH found AS (SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) \
             WITH ORDINALITY AS found (bucket, object_key, etag, version_id, position)), \
           claimed AS (INSERT INTO load_raw_claim AS claim \
               (bucket, object_key, etag, version_id, dataset, kept_on) \
             SELECT bucket, object_key, etag, version_id, $5, (now() AT TIME ZONE 'UTC')::date \
             FROM found \
             ON CONFLICT (bucket, object_key, etag, version_id) \
               DO UPDATE SET kept_on = claim.kept_on \
             RETURNING *) \
         SELECT claimed.kept_on, (SELECT raw.uri FROM load_file AS file \
             JOIN load_raw AS raw ON raw.file_id = file.id AND raw.removed_at IS NULL \
             WHERE file.bucket = found.bucket AND file.object_key = found.object_key \
               AND file.etag = found.etag AND file.version_id = found.version_id \
             ORDER BY file.id LIMIT 1) \
         FROM found JOIN claimed USING (bucket, object_key, etag, version_id) \
         ORDER BY found.position",
    )
    .bind(column(objects, |object| &object.bucket))
    .bind(column(objects, |object| &object.key))
    .bind(column(objects, |object| &object.etag))
    .bind(column(objects, version))
    .bind(dataset)
    .fetch_all(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(claims.into_iter().map(|(day, known)| Claim { day, known }).collect())
}

/// What a manifest says of an entry.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct RawEntry {
    pub(crate) id: i32,
    pub(crate) mapping: String,
    pub(crate) mode: String,
    pub(crate) started_at: DateTime<Utc>,
}

/// The entries of these files.
pub(crate) async fn entries(
    connection: &mut PgConnection,
    files: &[i32],
) -> LoadResult<Vec<RawEntry>> {
    Ok(sqlx::query_as("SELECT id, mapping, mode, started_at FROM load_file WHERE id = ANY($1)")
        .bind(files)
        .fetch_all(connection)
        .await?)
}

/// What is kept of an entry.
#[derive(Debug)]
pub(crate) struct RawRow {
    pub(crate) file: i32,
    pub(crate) day: NaiveDate,
    pub(crate) uri: String,
    pub(crate) manifest_uri: String,
    pub(crate) sha256: Option<String>,
    /// The addresses of the objects of a page.
    pub(crate) objects: Option<Vec<String>>,
}

/// Records what is kept of entries that are loaded by this transaction.
pub(crate) async fn insert(connection: &mut PgConnection, rows: &[&RawRow]) -> LoadResult<()> {
    let (pages, files): (Vec<&RawRow>, Vec<&RawRow>) =
        rows.iter().copied().partition(|row| row.objects.is_some());
    sqlx::query(
        "INSERT INTO load_raw (file_id, kept_on, uri, manifest_uri, sha256) \
         SELECT * FROM unnest($1::integer[], $2::date[], $3::text[], $4::text[], $5::text[]) \
         ON CONFLICT (file_id) DO UPDATE SET kept_on = excluded.kept_on, uri = excluded.uri, \
           manifest_uri = excluded.manifest_uri, sha256 = excluded.sha256, objects = NULL, \
           kept_at = now(), removed_at = NULL",
    )
    .bind(files.iter().map(|row| row.file).collect::<Vec<_>>())
    .bind(files.iter().map(|row| row.day).collect::<Vec<_>>())
    .bind(files.iter().map(|row| row.uri.as_str()).collect::<Vec<_>>())
    .bind(files.iter().map(|row| row.manifest_uri.as_str()).collect::<Vec<_>>())
    .bind(files.iter().map(|row| row.sha256.as_deref()).collect::<Vec<_>>())
    .execute(&mut *connection)
    .await?;
    for page in pages {
        sqlx::query(
            "INSERT INTO load_raw (file_id, kept_on, uri, manifest_uri, objects) \
             VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (file_id) DO UPDATE SET kept_on = excluded.kept_on, uri = excluded.uri, \
               manifest_uri = excluded.manifest_uri, sha256 = NULL, objects = excluded.objects, \
               kept_at = now(), removed_at = NULL",
        )
        .bind(page.file)
        .bind(page.day)
        .bind(&page.uri)
        .bind(&page.manifest_uri)
        .bind(&page.objects)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Ends the claims of versions that are recorded: buckets, keys, ETags and version ids.
pub(crate) async fn release(
    connection: &mut PgConnection,
    versions: [Vec<&str>; 4],
) -> LoadResult<()> {
    let [buckets, keys, etags, ids] = versions;
    sqlx::query(
        "DELETE FROM load_raw_claim AS claim USING \
           unnest($1::text[], $2::text[], $3::text[], $4::text[]) \
           AS loaded (bucket, object_key, etag, version_id) \
         WHERE claim.bucket = loaded.bucket AND claim.object_key = loaded.object_key \
           AND claim.etag = loaded.etag AND claim.version_id = loaded.version_id",
    )
    .bind(buckets)
    .bind(keys)
    .bind(etags)
    .bind(ids)
    .execute(connection)
    .await?;
    Ok(())
}

/// A kept version that is to be removed.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Expired {
    pub(crate) file_id: i32,
    pub(crate) uri: String,
    pub(crate) manifest_uri: String,
    /// The addresses of the objects of a page.
    pub(crate) objects: Option<Vec<String>>,
}

/// The oldest versions kept below this address that were loaded before this day: not only
/// their folders are older, which are of the day when loading began.
pub(crate) async fn expired(
    connection: &mut PgConnection,
    lake: &str,
    before: NaiveDate,
    most: i64,
) -> LoadResult<Vec<Expired>> {
    Ok(sqlx::query_as(
        "SELECT file_id, uri, manifest_uri, objects FROM load_raw \
         WHERE removed_at IS NULL AND kept_on < $1 \
           AND kept_at < $1::timestamp AT TIME ZONE 'UTC' AND starts_with(manifest_uri, $2) \
         ORDER BY kept_on, file_id LIMIT $3",
    )
    .bind(before)
    .bind(lake)
    .bind(most)
    .fetch_all(connection)
    .await?)
}

/// Which of these addresses of copies and of manifests the kept versions have, or only those that
/// were loaded on this day or later.
pub(crate) async fn needed(
    connection: &mut PgConnection,
    uris: &[&str],
    since: Option<NaiveDate>,
) -> LoadResult<HashSet<String>> {
    let needed: Vec<String> = sqlx::query_scalar(
        "WITH asked AS (SELECT DISTINCT uri FROM unnest($1::text[]) AS asked (uri)), \
           stays AS NOT MATERIALIZED (SELECT raw.* FROM load_raw AS raw WHERE removed_at IS NULL \
             AND ($2::date IS NULL OR kept_on >= $2 \
               OR kept_at >= $2::timestamp AT TIME ZONE 'UTC')) \
         SELECT uri FROM asked WHERE EXISTS (SELECT FROM stays WHERE stays.uri = asked.uri) \
           OR EXISTS (SELECT FROM stays WHERE stays.manifest_uri = asked.uri) \
           OR EXISTS (SELECT FROM stays WHERE stays.objects @> ARRAY[asked.uri COLLATE \"C\"])",
    )
    .bind(uris)
    .bind(since)
    .fetch_all(connection)
    .await?;
    Ok(needed.into_iter().collect())
}

/// Records that these were removed from the lake.
pub(crate) async fn removed(connection: &mut PgConnection, files: &[i32]) -> LoadResult<()> {
    sqlx::query("UPDATE load_raw SET removed_at = now() WHERE file_id = ANY($1)")
        .bind(files)
        .execute(connection)
        .await?;
    Ok(())
}

/// A claim of a version that was never loaded.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct StaleClaim {
    pub(crate) bucket: String,
    pub(crate) object_key: String,
    pub(crate) etag: String,
    pub(crate) version_id: String,
    pub(crate) dataset: String,
    pub(crate) kept_on: NaiveDate,
}

/// Claims of days before this one.
pub(crate) async fn stale_claims(
    connection: &mut PgConnection,
    before: NaiveDate,
    most: i64,
) -> LoadResult<Vec<StaleClaim>> {
    Ok(sqlx::query_as(
        "SELECT bucket, object_key, etag, version_id, dataset, kept_on FROM load_raw_claim \
         WHERE kept_on < $1 ORDER BY kept_on LIMIT $2",
    )
    .bind(before)
    .bind(most)
    .fetch_all(connection)
    .await?)
}
