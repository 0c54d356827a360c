use std::sync::LazyLock;

use async_graphql::Request;
use axum::response::IntoResponse as _;
use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;

use super::*;
use crate::auth::Scope;
use crate::db::data_version::DataVersion;
use crate::http::request::media::MediaType;

fn versions(version: i64, as_of: DateTime<Utc>) -> Versions {
    Versions::of_all(DataVersion { version, as_of, unwatched: 0 })
}

/// Those that most tests are at.
fn at_first() -> &'static Versions {
    static FIRST: LazyLock<Versions> = LazyLock::new(|| versions(1, DateTime::UNIX_EPOCH));
    &FIRST
}

fn key(document: &str) -> Arc<CacheKey> {
    let request = Request::new(document);
    Arc::new(CacheKey::new(Scope::everything(), MediaType::Json, &request).unwrap())
}

const IGNORED: fn(CacheOutcome) = |_| {};

fn store() -> ResponseStore {
    ResponseStore::new(1 << 20).unwrap()
}

fn cacheable(body: &'static str) -> Execution {
    Execution::Cacheable(Bytes::from_static(body.as_bytes()), TableSet::ALL)
}

fn text(execution: Execution) -> Option<String> {
    match execution {
        Execution::Cacheable(body, _) => Some(String::from_utf8(body.to_vec()).unwrap()),
        Execution::Uncacheable(_) => None,
    }
}

#[tokio::test]
async fn a_follower_takes_over_a_cancelled_flight() {
    let (store, key) = (store(), key("a"));
    let mut cancelled =
        Box::pin(store.get_or_execute(&key, at_first(), std::future::pending(), &IGNORED));
    assert!(cancelled.as_mut().now_or_never().is_none(), "it is in flight");
    let mut second =
        Box::pin(store.get_or_execute(&key, at_first(), async { cacheable("second") }, &IGNORED));
    let mut third =
        Box::pin(store.get_or_execute(&key, at_first(), async { cacheable("third") }, &IGNORED));
    assert!(second.as_mut().now_or_never().is_none() && third.as_mut().now_or_never().is_none());
    drop(cancelled);
    assert_eq!(text(second.await).as_deref(), Some("second"));
    assert_eq!(text(third.await).as_deref(), Some("second"), "one of them executes for all");
}

#[tokio::test]
async fn an_uncacheable_response_is_not_shared() {
    let (store, key) = (store(), key("a"));
    let (release, gate) = tokio::sync::oneshot::channel::<()>();
    let own = async {
        let _ = gate.await;
        Execution::Uncacheable("the first's own".into_response())
    };
    let mut first = Box::pin(store.get_or_execute(&key, at_first(), own, &IGNORED));
    assert!(first.as_mut().now_or_never().is_none());
    let mut second =
        Box::pin(store.get_or_execute(&key, at_first(), async { cacheable("second") }, &IGNORED));
    assert!(second.as_mut().now_or_never().is_none(), "it waits");
    release.send(()).unwrap();
    assert_eq!(text(first.await), None);
    assert_eq!(text(second.await).as_deref(), Some("second"));
}

#[tokio::test]
async fn a_response_too_large_to_cache_is_still_shared() {
    let (store, key) = (ResponseStore::new(1 << 10).unwrap(), key("a"));
    let large = async { Execution::Cacheable(Bytes::from(vec![b'x'; 1 << 10]), TableSet::ALL) };
    assert_eq!(
        text(store.get_or_execute(&key, at_first(), large, &IGNORED).await).map(|text| text.len()),
        Some(1024)
    );
    assert_eq!((store.bytes(), store.get(&key, at_first()).is_some()), (0, false));
}

#[tokio::test]
async fn a_version_number_reused_after_a_crash_is_another_version() {
    let (store, key) = (store(), key("a"));
    let undone = async { cacheable("undone by the crash") };
    store.get_or_execute(&key, at_first(), undone, &IGNORED).await;
    let after = versions(1, DateTime::UNIX_EPOCH + chrono::TimeDelta::microseconds(1));
    assert!(store.get(&key, &after).is_none());
    assert!(store.get(&key, at_first()).is_some());
}

#[tokio::test]
async fn what_is_right_stays_and_the_rest_is_evicted() {
    let store = store();
    for version in 1..=3 {
        let (key, versions) = (key(&version.to_string()), versions(version, DateTime::UNIX_EPOCH));
        store.get_or_execute(&key, &versions, async { cacheable("x") }, &IGNORED).await;
    }
    let latest = versions(3, DateTime::UNIX_EPOCH);
    store.evict_stale(&latest);
    let kept = |version: i64| {
        store.get(&key(&version.to_string()), &versions(version, DateTime::UNIX_EPOCH)).is_some()
    };
    assert_eq!([kept(1), kept(2), kept(3)], [false, false, true]);
}

#[tokio::test]
async fn an_older_body_does_not_take_the_place_of_a_newer_one() {
    let (store, key) = (store(), key("a"));
    let at = |version| versions(version, DateTime::UNIX_EPOCH);
    store.get_or_execute(&key, &at(2), async { cacheable("newer") }, &IGNORED).await;
    store.get_or_execute(&key, &at(1), async { cacheable("older") }, &IGNORED).await;
    let body = store.get(&key, &at(2)).map(|kept| kept.body);
    assert_eq!(body.as_deref(), Some(&b"newer"[..]));
}

#[tokio::test]
async fn a_compressed_body_is_made_once_and_counts() {
    let (store, key) = (store(), key("a"));
    let large = async { Execution::Cacheable(Bytes::from(vec![b'x'; 10_000]), TableSet::ALL) };
    store.get_or_execute(&key, at_first(), large, &IGNORED).await;
    let (kept, before) = (store.get(&key, at_first()).unwrap(), store.bytes());
    assert!(store.compressed(&key, &kept, Coding::Identity).await.is_none());
    let first = store.compressed(&key, &kept, Coding::Gzip).await.unwrap();
    assert_eq!(store.bytes(), before + u64::try_from(first.len()).unwrap());
    let kept = store.get(&key, at_first()).unwrap();
    let second = store.compressed(&key, &kept, Coding::Gzip).await.unwrap();
    assert_eq!(second.as_ptr(), first.as_ptr(), "the very same");
}

#[tokio::test]
async fn what_is_small_or_leaves_no_room_is_not_compressed() {
    let (store, small) = (ResponseStore::new(1 << 16).unwrap(), key("small"));
    store.get_or_execute(&small, at_first(), async { cacheable("x") }, &IGNORED).await;
    let large = key("large");
    let body = Bytes::from(vec![b'x'; 3_000]);
    let execute = async { Execution::Cacheable(body, TableSet::ALL) };
    store.get_or_execute(&large, at_first(), execute, &IGNORED).await;
    for key in [small, large] {
        let kept = store.get(&key, at_first()).unwrap();
        assert!(store.compressed(&key, &kept, Coding::Gzip).await.is_none());
    }
}
