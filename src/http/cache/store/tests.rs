use async_graphql::Request;
use axum::response::IntoResponse as _;
use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;

use super::*;
use crate::auth::Scope;
use crate::db::data_version::DataVersion;
use crate::http::request::media::Form;

fn key_at(document: &str, version: i64, as_of: DateTime<Utc>) -> Arc<Key> {
    let version = DataVersion { version, as_of };
    Arc::new(Key::new(version, Scope::All, Form::Json, &Request::new(document)).unwrap())
}

fn key(document: &str) -> Arc<Key> {
    key_at(document, 1, DateTime::UNIX_EPOCH)
}

fn cache() -> AnswerCache {
    AnswerCache::new(1 << 20).unwrap()
}

fn lasting(body: &'static str) -> Made {
    Made::Lasting(Bytes::from_static(body.as_bytes()))
}

fn text(made: Made) -> Option<String> {
    match made {
        Made::Lasting(body) => Some(String::from_utf8(body.to_vec()).unwrap()),
        Made::Passing(_) => None,
    }
}

#[tokio::test]
async fn a_flight_that_is_given_up_is_taken_over() {
    let (cache, key) = (cache(), key("a"));
    let mut given_up = Box::pin(cache.once(&key, std::future::pending()));
    assert!(given_up.as_mut().now_or_never().is_none(), "it is under way");
    let mut second = Box::pin(cache.once(&key, async { lasting("second") }));
    let mut third = Box::pin(cache.once(&key, async { lasting("third") }));
    assert!(second.as_mut().now_or_never().is_none() && third.as_mut().now_or_never().is_none());
    drop(given_up);
    assert_eq!(text(second.await).as_deref(), Some("second"));
    assert_eq!(text(third.await).as_deref(), Some("second"), "one of the crowd made it for all");
}

#[tokio::test]
async fn an_answer_of_ones_own_is_not_shared() {
    let (cache, key) = (cache(), key("a"));
    let (let_go, gate) = tokio::sync::oneshot::channel::<()>();
    let mut first = Box::pin(cache.once(&key, async {
        let _ = gate.await;
        Made::Passing("first's own".into_response())
    }));
    assert!(first.as_mut().now_or_never().is_none());
    let mut second = Box::pin(cache.once(&key, async { lasting("second") }));
    assert!(second.as_mut().now_or_never().is_none(), "it waits");
    let_go.send(()).unwrap();
    assert_eq!(text(first.await), None);
    assert_eq!(text(second.await).as_deref(), Some("second"));
}

#[tokio::test]
async fn an_answer_too_large_to_keep_is_still_shared() {
    let (cache, key) = (AnswerCache::new(1 << 10).unwrap(), key("a"));
    let large = || Made::Lasting(Bytes::from(vec![b'x'; 1 << 10]));
    assert_eq!(text(cache.once(&key, async { large() }).await).map(|text| text.len()), Some(1024));
    assert_eq!((cache.bytes(), cache.find(&key)), (0, None));
}

#[tokio::test]
async fn a_number_given_again_after_a_crash_is_another_version() {
    let cache = cache();
    let before = key("a");
    cache.once(&before, async { lasting("undone by the crash") }).await;
    let after = key_at("a", 1, DateTime::UNIX_EPOCH + chrono::TimeDelta::microseconds(1));
    assert_eq!(cache.find(&after), None);
    assert!(cache.find(&before).is_some());
}

#[tokio::test]
async fn old_versions_are_dropped_and_the_newest_is_not() {
    let cache = cache();
    for version in 1..=3 {
        let key = key_at("a", version, DateTime::UNIX_EPOCH);
        cache.once(&key, async { lasting("x") }).await;
    }
    cache.keep_from(3);
    let kept = |version| cache.find(&key_at("a", version, DateTime::UNIX_EPOCH)).is_some();
    assert_eq!([kept(1), kept(2), kept(3)], [false, false, true]);
}
