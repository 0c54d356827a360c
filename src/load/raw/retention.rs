//! Removes kept versions that are older than the rule says: the copy, its manifest, and then
//! its row says so. One that fails stays for the next run.

use chrono::{NaiveDate, Utc};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::RawOptions;
use crate::error::Result;
use crate::lake::{Lake, Manifest, RawNames};
use crate::load::ledger::raw::{self, Expired, StaleClaim};
use crate::storage::ObjectVersion;

/// Versions between two commits.
const PAGE: i64 = 500;
/// Objects that are removed at a time.
const AT_A_TIME: usize = 16;

/// Removes what is too old; tells how many versions.
///
/// # Errors
/// Those of S3 and of Postgres; what was removed before stays removed.
pub(crate) async fn remove_old(
    options: &RawOptions,
    pool: &PgPool,
    stop: &CancellationToken,
) -> Result<usize> {
    let Some(before) = options.keep.and_then(|keep| {
        let keep = chrono::Duration::from_std(keep).ok()?;
        Some(Utc::now().checked_sub_signed(keep)?.date_naive())
    }) else {
        return Ok(0);
    };
    let (lake, mut count) = (&options.lake, 0);
    while !stop.is_cancelled() {
        let expired = raw::expired(&mut *pool.acquire().await?, before, PAGE).await?;
        if expired.is_empty() {
            break;
        }
        let removing: Vec<BoxFuture<'_, Result<()>>> =
            expired.iter().map(|one| remove(lake, one).boxed()).collect();
        stream::iter(removing).buffer_unordered(AT_A_TIME).try_collect::<()>().await?;
        let files: Vec<i32> = expired.iter().map(|one| one.file_id).collect();
        raw::removed(&mut *pool.acquire().await?, &files).await?;
        count += files.len();
    }
    remove_claimed(lake, pool, before, stop).await?;
    Ok(count)
}

async fn remove(lake: &Lake, expired: &Expired) -> Result<()> {
    if expired.is_page {
        let key = lake.key_of(&expired.manifest_uri).unwrap_or_default();
        // Without a manifest its objects were removed before.
        let objects = Manifest::read(lake, key).await?.map(|manifest| manifest.objects);
        for object in objects.unwrap_or_default() {
            lake.delete(&object.raw).await?;
        }
    } else if !expired.is_shared {
        lake.delete_uri(&expired.uri).await?;
    }
    lake.delete_uri(&expired.manifest_uri).await
}

/// Copies of versions that were never loaded.
async fn remove_claimed(
    lake: &Lake,
    pool: &PgPool,
    before: NaiveDate,
    stop: &CancellationToken,
) -> Result<()> {
    while !stop.is_cancelled() {
        let mut connection = pool.acquire().await?;
        let claims = raw::stale_claims(&mut connection, before, PAGE).await?;
        if claims.is_empty() {
            break;
        }
        for claim in &claims {
            let names = RawNames::of(&claim.dataset, claim.kept_on, &version(claim));
            for name in [names.short, names.long] {
                if !raw::is_kept(&mut connection, &lake.uri_of(&name)).await? {
                    lake.delete(&name).await?;
                }
            }
        }
        let column = |of: fn(&StaleClaim) -> &str| -> Vec<&str> { claims.iter().map(of).collect() };
        let versions = [
            column(|claim| &claim.bucket),
            column(|claim| &claim.object_key),
            column(|claim| &claim.etag),
            column(|claim| &claim.version_id),
        ];
        raw::release(&mut connection, versions).await?;
    }
    Ok(())
}

fn version(claim: &StaleClaim) -> ObjectVersion {
    ObjectVersion {
        bucket: claim.bucket.clone(),
        key: claim.object_key.clone(),
        etag: claim.etag.clone(),
        version_id: None,
        size: 0,
        last_modified: None,
        kept_at: None,
    }
}
