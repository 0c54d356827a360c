//! The contract of every kind of storage, checked for S3 and for local folders.

use std::env;
use std::path::PathBuf;

use futures_util::{StreamExt, stream};
use salesgraph::error::{Code, Result};
use salesgraph::storage::{
    Bucket, ByteStream, MAX_CHUNK, ObjectVersion, S3Settings, Source, SourceUri,
};
use uuid::Uuid;

use crate::support::servers::servers;

/// The S3 server to test against, and a bucket in it.
pub(crate) async fn s3_backend() -> (S3Settings, String) {
    let settings = servers().s3.clone();
    let bucket = "salesgraph-test".to_owned();
    Bucket::connect(&bucket, &settings).await.unwrap().create_if_missing().await.unwrap();
    (settings, bucket)
}

/// A new, empty source of one kind of storage.
pub(crate) struct Place {
    pub(crate) source: Source,
    pub(crate) settings: S3Settings,
    root: Root,
}

enum Root {
    S3 { bucket: Bucket, prefix: String },
    Folder(PathBuf),
}

impl Place {
    pub(crate) async fn s3() -> Self {
        let (settings, name) = s3_backend().await;
        let bucket = Bucket::connect(&name, &settings).await.unwrap();
        let prefix = format!("contract/{}/in", Uuid::new_v4());
        let uri = SourceUri::S3 { bucket: name, prefix: prefix.clone() };
        let source = Source::connect(&uri, &settings).await.unwrap();
        Self { source, settings, root: Root::S3 { bucket, prefix } }
    }

    async fn folder() -> Self {
        let dir = env::temp_dir().join(format!("salesgraph-{}", Uuid::new_v4())).join("in");
        std::fs::create_dir_all(&dir).unwrap();
        let settings = S3Settings::default();
        let uri = SourceUri::File { dir: dir.clone() };
        let source = Source::connect(&uri, &settings).await.unwrap();
        Self { source, settings, root: Root::Folder(dir) }
    }

    /// Writes an object; `name` is relative to the source's prefix or folder.
    pub(crate) async fn put(&self, name: &str, bytes: impl Into<Vec<u8>>) {
        self.put_at(&format!("/{name}"), bytes.into()).await;
    }

    /// Writes an object whose key is the source's prefix followed by `rest`.
    async fn put_at(&self, rest: &str, bytes: Vec<u8>) {
        match &self.root {
            Root::S3 { bucket, prefix } => {
                bucket.put_bytes(&format!("{prefix}{rest}"), bytes).await.unwrap();
            }
            Root::Folder(dir) => {
                let path = PathBuf::from(format!("{}{rest}", dir.display()));
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, bytes).unwrap();
            }
        }
    }

    pub(crate) async fn pages(&self) -> Vec<Vec<ObjectVersion>> {
        let mut listing = self.source.list();
        let mut pages = Vec::new();
        while let Some(page) = listing.next_page().await.unwrap() {
            pages.push(page);
        }
        pages
    }

    /// Puts one object and lists it.
    pub(crate) async fn put_and_list(&self, bytes: &[u8]) -> ObjectVersion {
        self.put("object.csv", bytes).await;
        let mut objects = self.pages().await.concat();
        assert_eq!(objects.len(), 1);
        objects.remove(0)
    }

    /// Keys without the part that all of them have in common.
    async fn names(&self) -> Vec<String> {
        let root = match &self.root {
            Root::S3 { prefix, .. } => prefix.clone(),
            Root::Folder(dir) => dir.to_str().unwrap().to_owned(),
        };
        let objects = self.pages().await.concat();
        let name = |object: &ObjectVersion| object.key.strip_prefix(&root).unwrap().to_owned();
        objects.iter().map(name).collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Root::Folder(dir) = &self.root {
            let _ = std::fs::remove_dir_all(dir.parent().unwrap());
        }
    }
}

/// Bytes without a period, which could hide errors at chunk boundaries.
pub(crate) fn noise(size: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    (0..size).map(|_| next()).collect()
}

/// The rest of a stream; checks the size of its chunks.
pub(crate) async fn drain(mut stream: ByteStream) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    while let Some(chunk) = stream.next().await? {
        assert!((1..=MAX_CHUNK).contains(&chunk.len()), "a chunk of {} bytes", chunk.len());
        all.extend_from_slice(&chunk);
    }
    assert_eq!(stream.next().await?, None, "the end stays the end");
    Ok(all)
}

macro_rules! contract {
    ($($name:ident),+ $(,)?) => {
        mod s3 {
            $(#[tokio::test]
            async fn $name() {
                super::$name(&super::Place::s3().await).await;
            })+
        }
        mod folder {
            $(#[tokio::test]
            async fn $name() {
                super::$name(&super::Place::folder().await).await;
            })+
        }
    };
}

contract! {
    an_empty_source_has_no_pages,
    objects_are_listed_in_the_order_of_their_keys,
    many_objects_are_listed_in_several_pages,
    a_listing_has_versions_and_sizes,
    reading_may_begin_at_any_byte,
    an_empty_object_has_no_bytes,
    an_offset_past_the_end_is_refused,
    an_overwritten_object_is_not_read,
    a_missing_object_is_named,
}

async fn an_empty_source_has_no_pages(place: &Place) {
    assert!(place.pages().await.is_empty());
}

async fn objects_are_listed_in_the_order_of_their_keys(place: &Place) {
    for name in ["b/z.csv", "b.csv", "b-2.csv", "a/n/c.csv", "b/a.csv", "é +&=%20#?.csv", "B.csv"]
    {
        place.put(name, name).await;
    }
    place.put_at("-old/other.csv", b"not below the place".to_vec()).await;
    let expected =
        ["/B.csv", "/a/n/c.csv", "/b-2.csv", "/b.csv", "/b/a.csv", "/b/z.csv", "/é +&=%20#?.csv"];
    assert_eq!(place.names().await, expected);
    for object in place.pages().await.concat() {
        let bytes = drain(place.source.open(&object, 0).await.unwrap()).await.unwrap();
        assert!(object.key.ends_with(std::str::from_utf8(&bytes).unwrap()));
    }
}

async fn many_objects_are_listed_in_several_pages(place: &Place) {
    let names: Vec<_> = (0..1100).map(|number| format!("{number:04}.csv")).collect();
    stream::iter(&names).for_each_concurrent(16, |name| place.put(name, "x")).await;
    let pages = place.pages().await;
    assert!(pages.len() > 1 && pages.iter().all(|page| (1..=1000).contains(&page.len())));
    let listed = place.names().await;
    assert!(listed.iter().zip(&names).all(|(listed, name)| listed.ends_with(name)));
    assert_eq!(listed.len(), names.len());
}

async fn a_listing_has_versions_and_sizes(place: &Place) {
    let first = place.put_and_list(b"one").await;
    assert_eq!(first.size, 3);
    assert!(!first.etag.is_empty() && !first.etag.contains('"'));
    assert!(first.last_modified.is_some());
    assert_eq!(place.pages().await.concat(), std::slice::from_ref(&first));
    let second = place.put_and_list(b"other").await;
    assert_eq!((second.key, second.size), (first.key, 5));
    assert_ne!(second.etag, first.etag);
}

async fn reading_may_begin_at_any_byte(place: &Place) {
    let bytes = noise(3 * MAX_CHUNK + 17);
    let object = place.put_and_list(&bytes).await;
    for offset in [0, 1, MAX_CHUNK, 2 * MAX_CHUNK + 1, bytes.len() - 1, bytes.len()] {
        let stream = place.source.open(&object, offset as u64).await.unwrap();
        assert!(drain(stream).await.unwrap() == bytes[offset..], "from byte {offset} on");
    }
}

async fn an_empty_object_has_no_bytes(place: &Place) {
    let object = place.put_and_list(b"").await;
    let stream = place.source.open(&object, 0).await.unwrap();
    assert!(drain(stream).await.unwrap().is_empty());
}

async fn an_offset_past_the_end_is_refused(place: &Place) {
    let object = place.put_and_list(b"four").await;
    let error = place.source.open(&object, 5).await.unwrap_err();
    assert_eq!(error.code(), Code::Conflict);
    assert!(error.message().contains(&object.to_string()));
}

async fn an_overwritten_object_is_not_read(place: &Place) {
    let object = place.put_and_list(b"first").await;
    place.put("object.csv", "second").await;
    let error = place.source.open(&object, 2).await.unwrap_err();
    assert_eq!(error.code(), Code::Conflict, "{}", error.detail());
    assert!(error.message().contains(&object.to_string()));
}

async fn a_missing_object_is_named(place: &Place) {
    let mut object = place.put_and_list(b"first").await;
    object.key.push_str(".gone");
    let error = place.source.open(&object, 0).await.unwrap_err();
    assert_eq!(error.code(), Code::NotFound, "{}", error.detail());
    assert!(error.message().contains(&object.to_string()));
}

#[tokio::test]
async fn a_folder_that_changes_during_reading_is_detected() {
    let place = Place::folder().await;
    let object = place.put_and_list(&noise(2 * MAX_CHUNK)).await;
    let mut stream = place.source.open(&object, 0).await.unwrap();
    assert!(stream.next().await.unwrap().is_some());
    place.put("object.csv", noise(2 * MAX_CHUNK + 1)).await;
    assert_eq!(drain(stream).await.unwrap_err().code(), Code::Conflict);
}

#[tokio::test]
async fn a_missing_folder_is_named() {
    let uri: SourceUri = "file:///no/such/folder".parse().unwrap();
    let source = Source::connect(&uri, &S3Settings::default()).await.unwrap();
    let error = source.list().next_page().await.unwrap_err();
    assert_eq!(error.code(), Code::NotFound);
    assert!(error.message().contains("file:///no/such/folder"));
}
