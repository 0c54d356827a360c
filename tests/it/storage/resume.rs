//! S3 alone: cut connections, multipart uploads, refusing and unreachable servers.

use std::time::Duration;

use salesgraph::error::Code;
use salesgraph::storage::{Bucket, MAX_CHUNK, ObjectVersion, S3Settings, Source, SourceUri};
use uuid::Uuid;

use crate::storage::contract::{Place, drain, noise, s3_backend};
use crate::support::cut_proxy::{CutProxy, Fate};

/// The place's source behind a proxy.
async fn through(proxy: &CutProxy, place: &Place) -> Source {
    let settings = S3Settings {
        endpoint_url: Some(proxy.endpoint()),
        read_timeout: Duration::from_secs(1),
        ..place.settings.clone()
    };
    Source::connect(place.source.uri(), &settings).await.unwrap()
}

async fn proxy_for(place: &Place, fate: impl Fn(usize) -> Fate + Send + 'static) -> CutProxy {
    CutProxy::start(place.settings.endpoint_url.as_deref().unwrap(), fate).await
}

async fn with_object(size: usize) -> (Place, ObjectVersion, Vec<u8>) {
    let place = Place::s3().await;
    let bytes = noise(size);
    let object = place.put_and_list(&bytes).await;
    (place, object, bytes)
}

#[tokio::test]
async fn a_body_is_read_to_the_end_through_repeated_cuts() {
    let (place, object, bytes) = with_object(8 * 70_001 + 5).await;
    let proxy = proxy_for(&place, |_| Fate::Cut(70_001)).await;
    for offset in [0, 12_345] {
        let source = through(&proxy, &place).await;
        let stream = source.open(&object, offset as u64).await.unwrap();
        assert!(drain(stream).await.unwrap() == bytes[offset..], "from byte {offset} on");
    }
    assert!(proxy.connections() >= 16, "{} connections", proxy.connections());
}

#[tokio::test]
async fn a_stalled_body_is_resumed() {
    let (place, object, bytes) = with_object(2 * MAX_CHUNK).await;
    let fate = |number| if number == 0 { Fate::Stall(100_000) } else { Fate::Pass };
    let proxy = proxy_for(&place, fate).await;
    let stream = through(&proxy, &place).await.open(&object, 0).await.unwrap();
    assert!(drain(stream).await.unwrap() == bytes);
    assert_eq!(proxy.connections(), 2);
}

#[tokio::test]
async fn reading_fails_when_retries_make_no_progress() {
    let (place, object, _) = with_object(2 * MAX_CHUNK).await;
    let fate = |number| Fate::Cut(if number == 0 { 100_000 } else { 0 });
    let proxy = proxy_for(&place, fate).await;
    let stream = through(&proxy, &place).await.open(&object, 0).await.unwrap();
    let error = drain(stream).await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    for part in [object.to_string().as_str(), "byte 100000", "was lost"] {
        assert!(error.message().contains(part), "{error} does not name {part}");
    }
    // The first connection still delivered bytes; the others are retries.
    assert_eq!(proxy.connections(), 5);
}

#[tokio::test]
async fn an_object_overwritten_between_two_tries_is_detected() {
    let (place, object, bytes) = with_object(2 * MAX_CHUNK).await;
    let fate = |number| if number == 0 { Fate::Cut(100_000) } else { Fate::Pass };
    let proxy = proxy_for(&place, fate).await;
    let mut stream = through(&proxy, &place).await.open(&object, 0).await.unwrap();
    assert!(stream.next().await.unwrap().is_some());
    place.put("object.csv", bytes.repeat(2)).await;
    let error = drain(stream).await.unwrap_err();
    assert_eq!(error.code(), Code::Conflict, "{}", error.detail());
    assert!(error.message().contains(&object.to_string()));
}

#[tokio::test]
async fn a_big_file_is_uploaded_in_parts() {
    let (settings, name) = s3_backend().await;
    let bucket = Bucket::connect(&name, &settings).await.unwrap();
    let bytes = noise(33 * 1024 * 1024 + 1);
    let path = std::env::temp_dir().join(format!("salesgraph-{}", Uuid::new_v4()));
    tokio::fs::write(&path, &bytes).await.unwrap();
    let prefix = format!("parts/{}", Uuid::new_v4());
    bucket.put_file(&path, &format!("{prefix}/big.csv")).await.unwrap();
    tokio::fs::remove_file(&path).await.unwrap();
    let source = Source::connect(&SourceUri::S3 { bucket: name, prefix }, &settings).await.unwrap();
    let page = source.list().next_page().await.unwrap().unwrap();
    assert!(page[0].etag.ends_with("-3"), "ETag {} of three parts", page[0].etag);
    let stream = source.open(&page[0], 0).await.unwrap();
    assert!(drain(stream).await.unwrap() == bytes);
}

#[tokio::test]
async fn a_missing_bucket_is_named() {
    let (settings, _) = s3_backend().await;
    let bucket = format!("missing-{}", Uuid::new_v4());
    let uri = SourceUri::S3 { bucket: bucket.clone(), prefix: String::new() };
    let source = Source::connect(&uri, &settings).await.unwrap();
    let listed = source.list().next_page().await.unwrap_err();
    let writer = Bucket::connect(&bucket, &settings).await.unwrap();
    let written = writer.put_bytes("key", "value").await.unwrap_err();
    for error in [listed, written] {
        assert_eq!(error.code(), Code::NotFound, "{}", error.detail());
        assert!(error.message().contains(&bucket));
    }
}

#[tokio::test]
async fn an_unreachable_server_is_named() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let (settings, bucket) = s3_backend().await;
    let settings = S3Settings { endpoint_url: Some(endpoint.clone()), ..settings };
    let uri = SourceUri::S3 { bucket, prefix: String::new() };
    let source = Source::connect(&uri, &settings).await.unwrap();
    let error = source.list().next_page().await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable, "{}", error.detail());
    assert!(error.message().contains(&endpoint));
}
