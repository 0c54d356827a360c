//! Removes kept versions that are older than the rule says: the manifest, the copy, and then
//! its row says so. One that fails stays for the next run.

use std::collections::BTreeSet;

use chrono::{NaiveDate, Utc};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use sqlx::{PgConnection, PgPool};
use tokio_util::sync::CancellationToken;

use super::RawOptions;
use crate::error::Result;
use crate::lake::{Lake, Manifest, RawNames, is_manifest, is_manifest_of, page_manifests};
use crate::load::document::name::DOCUMENTS;
use crate::load::ledger::raw::{self, Expired, StaleClaim};
use crate::storage::ObjectVersion;

/// Versions between two commits. A page of documents has the addresses of a thousand.
const PAGE: i64 = 50;
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
        let mut connection = pool.acquire().await?;
        let expired = raw::expired(&mut connection, lake.uri(), before, PAGE).await?;
        if expired.is_empty() {
            break;
        }
        remove(lake, &mut connection, &expired, before).await?;
        let files: Vec<i32> = expired.iter().map(|one| one.file_id).collect();
        raw::removed(&mut connection, &files).await?;
        count += files.len();
    }
    remove_claimed(lake, pool, before, stop).await?;
    Ok(count)
}

/// Removes what these have and no reading that stays: the manifests first, as they say that the
/// copies are there.
async fn remove(
    lake: &Lake,
    connection: &mut PgConnection,
    expired: &[Expired],
    before: NaiveDate,
) -> Result<()> {
    let manifests: Vec<&str> = expired.iter().map(|one| one.manifest_uri.as_str()).collect();
    let copies: Vec<&str> = expired
        .iter()
        .flat_map(|one| one.objects.as_deref().unwrap_or(std::slice::from_ref(&one.uri)))
        .map(String::as_str)
        .collect();
    for uris in [manifests, copies] {
        let needed = raw::needed(connection, &uris, Some(before)).await?;
        let removing: Vec<BoxFuture<'_, Result<()>>> = uris
            .into_iter()
            .filter(|uri| !needed.contains(*uri))
            .map(|uri| lake.delete_uri(uri).boxed())
            .collect();
        stream::iter(removing).buffer_unordered(AT_A_TIME).try_collect::<()>().await?;
    }
    Ok(())
}

/// Copies of versions that were never loaded, and what manifests say of them: a load may have
/// ended after it had written one and before it was committed.
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
        let (mut manifests, mut copies) = (BTreeSet::new(), BTreeSet::new());
        let mut pages = BTreeSet::new();
        for claim in &claims {
            let names = RawNames::of(&claim.dataset, claim.kept_on, &version(claim));
            for name in [names.short, names.long] {
                manifests.extend(lake.keys_where(&name, |key| is_manifest_of(key, &name)).await?);
                copies.insert(name);
            }
            if claim.dataset == DOCUMENTS.table {
                pages.insert(page_manifests(&claim.dataset, claim.kept_on));
            }
        }
        for page in pages {
            for key in lake.keys_where(&page, is_manifest).await? {
                let objects = Manifest::read(lake, &key).await?.map(|manifest| manifest.objects);
                if objects.unwrap_or_default().iter().any(|object| copies.contains(&object.raw)) {
                    manifests.insert(key);
                }
            }
        }
        for keys in [manifests, copies] {
            let uris: Vec<String> = keys.iter().map(|key| lake.uri_of(key)).collect();
            let asked: Vec<&str> = uris.iter().map(String::as_str).collect();
            let needed = raw::needed(&mut connection, &asked, None).await?;
            for uri in uris.iter().filter(|uri| !needed.contains(*uri)) {
                lake.delete_uri(uri).await?;
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
