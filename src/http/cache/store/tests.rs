use async_graphql::Request;
use axum::response::IntoResponse as _;
use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;

use super::*;
use crate::auth::Scope;
use crate::db::data_version::DataVersion;
use crate::http::request::media::MediaType;

fn key_at(document: &str, version: i64, as_of: DateTime<Utc>) -> Arc<CacheKey> {
    let version = DataVersion { version, as_of, unwatched: 0 };
    let request = Request::new(document);
    Arc::new(CacheKey::new(version, Scope::everything(), MediaType::Json, &request).unwrap())
}

fn key(document: &str) -> Arc<CacheKey> {
    key_at(document, 1, DateTime::UNIX_EPOCH)
}

const IGNORED: fn(CacheOutcome) = |_| {};

fn store() -> ResponseStore {
    ResponseStore::new(1 << 20).unwrap()
}

fn cacheable(body: &'static str) -> Execution {
    Execution::Cacheable(Bytes::from_static(body.as_bytes()))
}

fn text(execution: Execution) -> Option<String> {
    match execution {
        Execution::Cacheable(body) => Some(String::from_utf8(body.to_vec()).unwrap()),
        Execution::Uncacheable(_) => None,
    }
}

#[tokio::test]
async fn a_follower_takes_over_a_cancelled_flight() {
    let (store, key) = (store(), key("a"));
    let mut cancelled = Box::pin(store.get_or_execute(&key, std::future::pending(), &IGNORED));
    assert!(cancelled.as_mut().now_or_never().is_none(), "it is in flight");
    let mut second = Box::pin(store.get_or_execute(&key, async { cacheable("second") }, &IGNORED));
    let mut third = Box::pin(store.get_or_execute(&key, async { cacheable("third") }, &IGNORED));
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
    let mut first = Box::pin(store.get_or_execute(&key, own, &IGNORED));
    assert!(first.as_mut().now_or_never().is_none());
    let mut second = Box::pin(store.get_or_execute(&key, async { cacheable("second") }, &IGNORED));
    assert!(second.as_mut().now_or_never().is_none(), "it waits");
    release.send(()).unwrap();
    assert_eq!(text(first.await), None);
    assert_eq!(text(second.await).as_deref(), Some("second"));
}

#[tokio::test]
async fn a_response_too_large_to_cache_is_still_shared() {
    let (store, key) = (ResponseStore::new(1 << 10).unwrap(), key("a"));
    let large = async { Execution::Cacheable(Bytes::from(vec![b'x'; 1 << 10])) };
    assert_eq!(
        text(store.get_or_execute(&key, large, &IGNORED).await).map(|text| text.len()),
        Some(1024)
    );
    assert_eq!((store.bytes(), store.get(&key)), (0, None));
}

#[tokio::test]
async fn a_version_number_reused_after_a_crash_is_another_version() {
    let store = store();
    let before = key("a");
    store.get_or_execute(&before, async { cacheable("undone by the crash") }, &IGNORED).await;
    let after = key_at("a", 1, DateTime::UNIX_EPOCH + chrono::TimeDelta::microseconds(1));
    assert_eq!(store.get(&after), None);
    assert!(store.get(&before).is_some());
}

#[tokio::test]
async fn older_versions_are_evicted_and_the_newest_is_not() {
    let store = store();
    for version in 1..=3 {
        let key = key_at("a", version, DateTime::UNIX_EPOCH);
        store.get_or_execute(&key, async { cacheable("x") }, &IGNORED).await;
    }
    store.evict_before(3);
    let cached = |version| store.get(&key_at("a", version, DateTime::UNIX_EPOCH)).is_some();
    assert_eq!([cached(1), cached(2), cached(3)], [false, false, true]);
}
