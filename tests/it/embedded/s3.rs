//! The embedded S3 endpoint as the AWS SDK sees it.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, RequestChecksumCalculation};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    ChecksumAlgorithm, ChecksumMode, ChecksumType, CompletedMultipartUpload, CompletedPart, Delete,
    ObjectIdentifier,
};
use salesgraph::embedded::s3::{S3Options, S3Server};
use tempfile::TempDir;

const BUCKET: &str = "sales";
const PART: usize = 5 * 1024 * 1024;

struct Fixture {
    server: S3Server,
    client: Client,
    root: TempDir,
}

impl Fixture {
    async fn start() -> Self {
        let root = tempfile::tempdir().unwrap();
        let server = serve(root.path()).await;
        server.create_bucket(BUCKET).await.unwrap();
        let client = client(&server, "secret");
        Self { server, client, root }
    }

    async fn restart(self) -> Self {
        self.server.stop().await.unwrap();
        let server = serve(self.root.path()).await;
        let client = client(&server, "secret");
        Self { server, client, root: self.root }
    }

    async fn put(&self, key: &str, content: &str) -> String {
        let put = self.client.put_object().bucket(BUCKET).key(key);
        let put = put.body(ByteStream::from(content.as_bytes().to_vec())).send().await.unwrap();
        put.e_tag.unwrap()
    }

    async fn get(&self, key: &str) -> Vec<u8> {
        let got = self.client.get_object().bucket(BUCKET).key(key).send().await.unwrap();
        got.body.collect().await.unwrap().to_vec()
    }

    fn blobs(&self) -> usize {
        fs::read_dir(self.root.path().join("blobs")).unwrap().count()
    }

    async fn upload(&self, key: &str) -> String {
        let upload = self.client.create_multipart_upload().bucket(BUCKET).key(key);
        upload.send().await.unwrap().upload_id.unwrap()
    }

    async fn part(&self, key: &str, id: &str, number: i32, content: Vec<u8>) -> CompletedPart {
        let part = self.client.upload_part().bucket(BUCKET).key(key).upload_id(id);
        let part = part.part_number(number).body(content.into()).send().await.unwrap();
        CompletedPart::builder()
            .part_number(number)
            .set_e_tag(part.e_tag)
            .set_checksum_crc32(part.checksum_crc32)
            .build()
    }
}

async fn serve(root: &Path) -> S3Server {
    let options = S3Options {
        root: root.to_owned(),
        bind: SocketAddr::from(([127, 0, 0, 1], 0)),
        access_key: "key".into(),
        secret_key: "secret".into(),
    };
    S3Server::start(options).await.unwrap()
}

fn client(server: &S3Server, secret: &str) -> Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .endpoint_url(server.endpoint())
        .credentials_provider(Credentials::new(server.access_key(), secret, None, None, "test"))
        .force_path_style(true);
    Client::from_conf(config.build())
}

/// The S3 error code of a refusal, or its status where the answer has no body.
fn refusal<T: std::fmt::Debug, E: ProvideErrorMetadata + std::fmt::Debug>(
    result: Result<T, SdkError<E>>,
) -> String {
    let error = result.unwrap_err();
    let status = error.raw_response().map(|response| response.status().as_u16());
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code).map(str::to_owned);
    code.unwrap_or_else(|| format!("{status:?}"))
}

fn completed(parts: Vec<CompletedPart>) -> CompletedMultipartUpload {
    CompletedMultipartUpload::builder().set_parts(Some(parts)).build()
}

#[tokio::test]
async fn get_returns_what_was_put() {
    let s3 = Fixture::start().await;
    let put = s3.client.put_object().bucket(BUCKET).key("a b/ü.csv").content_type("text/csv");
    let put = put.metadata("owner", "west").content_encoding("gzip");
    let put = put.body(ByteStream::from_static(b"hello")).send().await.unwrap();
    assert_eq!(put.e_tag(), Some("\"5d41402abc4b2a76b9719d911017c592\""));
    let got = s3.client.get_object().bucket(BUCKET).key("a b/ü.csv").send().await.unwrap();
    assert_eq!(got.content_type(), Some("text/csv"));
    assert_eq!(got.content_encoding(), Some("gzip"));
    assert_eq!(got.metadata().unwrap()["owner"], "west");
    assert_eq!(got.content_length(), Some(5));
    assert_eq!(got.e_tag(), put.e_tag());
    assert!(got.checksum_crc32().is_some());
    assert_eq!(got.body.collect().await.unwrap().to_vec(), b"hello");
    let head = s3.client.head_object().bucket(BUCKET).key("a b/ü.csv").send().await.unwrap();
    assert_eq!(head.content_length(), Some(5));
    assert_eq!(head.e_tag(), put.e_tag());
    s3.server.stop().await.unwrap();
}

#[tokio::test]
async fn a_streamed_body_arrives_complete() {
    let s3 = Fixture::start().await;
    let content: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), &content).unwrap();
    let body = ByteStream::from_path(file.path()).await.unwrap();
    s3.client.put_object().bucket(BUCKET).key("big").body(body).send().await.unwrap();
    assert!(s3.get("big").await == content);
}

#[tokio::test]
async fn a_wrong_checksum_leaves_the_old_object() {
    let s3 = Fixture::start().await;
    s3.put("k", "old").await;
    let put =
        || s3.client.put_object().bucket(BUCKET).key("k").body(ByteStream::from_static(b"new"));
    assert_eq!(refusal(put().checksum_crc32("AAAAAA==").send().await), "BadDigest");
    let sha = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    assert_eq!(refusal(put().checksum_sha256(sha).send().await), "BadDigest");
    let md5 = "1B2M2Y8AsgTpgAmY7PhCfg==";
    assert_eq!(refusal(put().content_md5(md5).send().await), "BadDigest");
    assert_eq!(refusal(put().content_md5("nonsense").send().await), "InvalidDigest");
    assert_eq!(s3.get("k").await, b"old");
    assert_eq!(s3.blobs(), 1, "rejected bodies leave no blob");
}

#[tokio::test]
async fn one_of_many_conditional_puts_wins() {
    let s3 = Fixture::start().await;
    // Every content is unique: equal content has an equal ETag, so the condition of
    // a second writer would rightly hold.
    let attempt = |round: &str, n: usize, etag: Option<String>| {
        let put = s3.client.put_object().bucket(BUCKET).key("lock");
        let put = put.body(ByteStream::from(format!("{round} {n}").into_bytes()));
        let put = match etag {
            Some(etag) => put.if_match(etag),
            None => put.if_none_match("*"),
        };
        tokio::spawn(put.send())
    };
    let mut etag = None;
    for round in ["create", "replace"] {
        let tasks: Vec<_> = (0..24).map(|n| attempt(round, n, etag.clone())).collect();
        let mut winners = vec![];
        for task in tasks {
            match task.await.unwrap() {
                Ok(put) => winners.push(put.e_tag.unwrap()),
                lost => assert_eq!(refusal(lost), "PreconditionFailed"),
            }
        }
        assert_eq!(winners.len(), 1);
        etag = winners.pop();
    }
    let head = s3.client.head_object().bucket(BUCKET).key("lock").send().await.unwrap();
    assert_eq!(head.e_tag, etag);
    assert_eq!(s3.blobs(), 1);
    let absent = s3.client.put_object().bucket(BUCKET).key("absent").if_match("\"aa\"");
    assert_eq!(refusal(absent.send().await), "NoSuchKey");
}

#[tokio::test]
async fn reads_are_conditional() {
    let s3 = Fixture::start().await;
    let etag = s3.put("k", "v").await;
    let get = || s3.client.get_object().bucket(BUCKET).key("k");
    assert!(get().if_match(&etag).send().await.is_ok());
    assert_eq!(refusal(get().if_match("\"other\"").send().await), "PreconditionFailed");
    assert!(get().if_none_match("\"other\"").send().await.is_ok());
    let unchanged = get().if_none_match(&etag).send().await.unwrap_err();
    let response = unchanged.raw_response().unwrap();
    assert_eq!(response.status().as_u16(), 304);
    assert_eq!(response.headers().get("etag"), Some(etag.as_str()));
    assert_eq!(s3.get("k").await, b"v", "the connection is usable after a 304");
    let head = s3.client.head_object().bucket(BUCKET).key("k").if_none_match(&etag);
    assert_eq!(head.send().await.unwrap_err().raw_response().unwrap().status().as_u16(), 304);
}

#[tokio::test]
async fn ranges_are_read() {
    let s3 = Fixture::start().await;
    s3.put("k", "0123456789").await;
    s3.put("empty", "").await;
    let get = |key: &str, range: &str| s3.client.get_object().bucket(BUCKET).key(key).range(range);
    for (range, content, header) in [
        ("bytes=0-0", "0", "bytes 0-0/10"),
        ("bytes=2-4", "234", "bytes 2-4/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=-3", "789", "bytes 7-9/10"),
        ("bytes=-99", "0123456789", "bytes 0-9/10"),
        ("bytes=8-99", "89", "bytes 8-9/10"),
    ] {
        let got = get("k", range).checksum_mode(ChecksumMode::Enabled).send().await.unwrap();
        assert_eq!(got.content_range(), Some(header));
        assert_eq!(got.body.collect().await.unwrap().to_vec(), content.as_bytes());
    }
    assert_eq!(refusal(get("k", "bytes=10-").send().await), "InvalidRange");
    assert_eq!(refusal(get("empty", "bytes=-1").send().await), "InvalidRange");
    assert_eq!(s3.get("empty").await, b"");
}

#[tokio::test]
async fn a_multipart_upload_replaces_an_object() {
    let s3 = Fixture::start().await;
    s3.put("k", "old").await;
    let id = s3.upload("k").await;
    let second = s3.part("k", &id, 2, b"tail".to_vec()).await;
    s3.part("k", &id, 1, b"to be replaced".to_vec()).await;
    let first = s3.part("k", &id, 1, vec![b'x'; PART]).await;
    s3.part("k", &id, 3, b"not used".to_vec()).await;
    assert_eq!(s3.get("k").await, b"old");
    let complete = || {
        let complete = s3.client.complete_multipart_upload().bucket(BUCKET).key("k");
        complete.upload_id(&id)
    };
    let reversed = completed(vec![second.clone(), first.clone()]);
    let rejected = complete().multipart_upload(reversed).send().await;
    assert_eq!(refusal(rejected), "InvalidPartOrder");
    let parts = completed(vec![first, second]);
    let done = complete().multipart_upload(parts.clone()).send().await.unwrap();
    assert!(done.e_tag().unwrap().ends_with("-2\""));
    let again = complete().multipart_upload(parts).send().await.unwrap();
    assert_eq!(again.e_tag(), done.e_tag(), "completing again gives the same result");
    let content = s3.get("k").await;
    assert_eq!(content.len(), PART + 4);
    assert!(content.ends_with(b"xtail"));
    let across = format!("bytes={}-{}", PART - 1, PART);
    let got = s3.client.get_object().bucket(BUCKET).key("k").range(across).send().await.unwrap();
    assert_eq!(got.body.collect().await.unwrap().to_vec(), b"xt");
    let got = s3.client.get_object().bucket(BUCKET).key("k").part_number(2).send().await.unwrap();
    assert_eq!(got.parts_count(), Some(2));
    assert_eq!(got.body.collect().await.unwrap().to_vec(), b"tail");
    assert_eq!(s3.blobs(), 2, "the old object and the unused parts are gone");
}

#[tokio::test]
async fn a_multipart_upload_verifies_a_full_object_checksum() {
    let s3 = Fixture::start().await;
    let create = s3.client.create_multipart_upload().bucket(BUCKET).key("k");
    let create = create.checksum_algorithm(ChecksumAlgorithm::Crc32);
    let create = create.checksum_type(ChecksumType::FullObject).send().await.unwrap();
    let id = create.upload_id.unwrap();
    let part = s3.part("k", &id, 1, b"123456789".to_vec()).await;
    let complete = |crc: &str| {
        let complete = s3.client.complete_multipart_upload().bucket(BUCKET).key("k");
        let complete = complete.upload_id(&id).checksum_crc32(crc);
        complete.multipart_upload(completed(vec![part.clone()])).send()
    };
    assert_eq!(refusal(complete("AAAAAA==").await), "BadDigest");
    let done = complete("y/Q5Jg==").await.unwrap();
    assert_eq!(done.checksum_crc32(), Some("y/Q5Jg=="));
    assert_eq!(s3.get("k").await, b"123456789");
}

#[tokio::test]
async fn open_uploads_survive_a_restart_and_can_be_aborted() {
    let s3 = Fixture::start().await;
    s3.put("kept", "here").await;
    let (id, doomed) = (s3.upload("k").await, s3.upload("k").await);
    let part = s3.part("k", &id, 1, b"one".to_vec()).await;
    s3.part("k", &doomed, 7, b"gone".to_vec()).await;
    fs::write(s3.root.path().join("blobs/orphan"), "left by a crash").unwrap();
    let s3 = s3.restart().await;
    assert_eq!(s3.get("kept").await, b"here");
    assert_eq!(s3.blobs(), 3, "blobs that no record names are removed at the start");
    let abort = || s3.client.abort_multipart_upload().bucket(BUCKET).key("k").upload_id(&doomed);
    abort().send().await.unwrap();
    assert_eq!(refusal(abort().send().await), "NoSuchUpload");
    let complete = s3.client.complete_multipart_upload().bucket(BUCKET).key("k").upload_id(&id);
    complete.multipart_upload(completed(vec![part])).send().await.unwrap();
    let s3 = s3.restart().await;
    assert_eq!(s3.get("k").await, b"one");
    assert_eq!(s3.blobs(), 2);
}

#[tokio::test]
async fn small_parts_are_rejected() {
    let s3 = Fixture::start().await;
    let id = s3.upload("k").await;
    let parts = vec![s3.part("k", &id, 1, vec![1]).await, s3.part("k", &id, 2, vec![2]).await];
    let complete = s3.client.complete_multipart_upload().bucket(BUCKET).key("k").upload_id(&id);
    let rejected = complete.multipart_upload(completed(parts)).send().await;
    assert_eq!(refusal(rejected), "EntityTooSmall");
}

#[tokio::test]
async fn listings_page_through_everything() {
    let s3 = Fixture::start().await;
    let etag = s3.put("a", "1234").await;
    for key in ["a/1", "a/2", "b/1", "b/c/2", "ü"] {
        s3.put(key, "x").await;
    }
    let list = || s3.client.list_objects_v2().bucket(BUCKET);
    let mut keys = vec![];
    let mut pages = list().max_keys(2).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        assert!(page.key_count().unwrap() <= 2);
        keys.extend(page.contents().iter().map(|object| object.key().unwrap().to_owned()));
    }
    assert_eq!(keys, ["a", "a/1", "a/2", "b/1", "b/c/2", "ü"]);
    let first = list().max_keys(1).send().await.unwrap();
    assert_eq!(first.contents()[0].e_tag(), Some(etag.as_str()));
    assert_eq!(first.contents()[0].size(), Some(4));
    let grouped = list().delimiter("/").max_keys(2).send().await.unwrap();
    assert_eq!(grouped.contents()[0].key(), Some("a"));
    assert_eq!(grouped.common_prefixes()[0].prefix(), Some("a/"));
    let rest = list().delimiter("/").continuation_token(grouped.next_continuation_token.unwrap());
    let rest = rest.send().await.unwrap();
    assert_eq!(rest.common_prefixes()[0].prefix(), Some("b/"));
    assert_eq!(rest.contents()[0].key(), Some("ü"));
    let after = list().prefix("b/").start_after("b/1").send().await.unwrap();
    assert_eq!(after.contents().len(), 1);
}

#[tokio::test]
async fn keys_of_every_form_survive_a_restart() {
    let s3 = Fixture::start().await;
    let longest = "k".repeat(1024);
    let keys =
        ["a", "a/", "a/b", "a//b", "../../etc/passwd", "+ %2F&=?#", "A", "日本/売上.csv", &longest];
    for key in keys {
        s3.put(key, key).await;
    }
    let s3 = s3.restart().await;
    for key in keys {
        assert_eq!(s3.get(key).await, key.as_bytes());
    }
    let listed = s3.client.list_objects_v2().bucket(BUCKET).send().await.unwrap();
    assert_eq!(listed.contents().len(), keys.len());
    let longer = s3.client.put_object().bucket(BUCKET).key("k".repeat(1025)).send().await;
    assert_eq!(refusal(longer), "KeyTooLongError");
}

#[tokio::test]
async fn deletes_are_conditional_and_idempotent() {
    let s3 = Fixture::start().await;
    s3.put("ü x", "content").await;
    s3.put("other", "content").await;
    let delete = || s3.client.delete_object().bucket(BUCKET).key("ü x");
    assert_eq!(refusal(delete().if_match("\"other\"").send().await), "PreconditionFailed");
    delete().send().await.unwrap();
    delete().send().await.unwrap();
    assert_eq!(s3.get("other").await, b"content");
    let ids = ["other", "absent"].map(|key| ObjectIdentifier::builder().key(key).build().unwrap());
    let several = Delete::builder().set_objects(Some(ids.to_vec())).build().unwrap();
    let gone = s3.client.delete_objects().bucket(BUCKET).delete(several).send().await.unwrap();
    assert_eq!(gone.deleted().len(), 2);
    assert_eq!(s3.blobs(), 0);
}

#[tokio::test]
async fn a_reader_finishes_an_overwritten_object() {
    let s3 = Fixture::start().await;
    let content = vec![7_u8; 8 * PART];
    let put = s3.client.put_object().bucket(BUCKET).key("k");
    put.body(content.clone().into()).send().await.unwrap();
    let reading = s3.client.get_object().bucket(BUCKET).key("k").send().await.unwrap();
    s3.put("k", "replaced").await;
    assert!(reading.body.collect().await.unwrap().to_vec() == content);
    assert_eq!(s3.get("k").await, b"replaced");
}

#[tokio::test]
async fn buckets_are_created_once() {
    let s3 = Fixture::start().await;
    let absent = s3.client.put_object().bucket("absent").key("k").send().await;
    assert_eq!(refusal(absent), "NoSuchBucket");
    assert_eq!(refusal(s3.client.list_objects_v2().bucket("absent").send().await), "NoSuchBucket");
    assert!(s3.client.head_bucket().bucket("absent").send().await.is_err());
    s3.client.create_bucket().bucket("other").send().await.unwrap();
    let twice = s3.client.create_bucket().bucket("other").send().await;
    assert_eq!(refusal(twice), "BucketAlreadyOwnedByYou");
    s3.server.create_bucket("other").await.unwrap();
    assert!(s3.server.create_bucket("No Such Name").await.is_err());
    let s3 = s3.restart().await;
    for bucket in [BUCKET, "other"] {
        s3.client.head_bucket().bucket(bucket).send().await.unwrap();
    }
}

#[tokio::test]
async fn requests_with_a_bad_secret_are_refused() {
    let s3 = Fixture::start().await;
    s3.put("k", "v").await;
    let stranger = client(&s3.server, "guessed");
    let rejected = stranger.get_object().bucket(BUCKET).key("k").send().await;
    assert_eq!(refusal(rejected), "SignatureDoesNotMatch");
    let minute = PresigningConfig::expires_in(Duration::from_secs(60)).unwrap();
    let get = s3.client.get_object().bucket(BUCKET).key("k");
    let url = get.presigned(minute).await.unwrap();
    let answer =
        tokio::process::Command::new("curl").args(["-sf", url.uri()]).output().await.unwrap();
    assert_eq!(answer.stdout, b"v");
}

#[tokio::test]
async fn requests_without_a_checksum_are_served() {
    let s3 = Fixture::start().await;
    let config = s3.client.config().to_builder();
    let config =
        config.request_checksum_calculation(RequestChecksumCalculation::WhenRequired).build();
    let plain = Client::from_conf(config);
    let put = plain.put_object().bucket(BUCKET).key("k").body(ByteStream::from_static(b"v"));
    put.send().await.unwrap();
    assert_eq!(s3.get("k").await, b"v");
}

#[tokio::test]
async fn a_folder_is_locked_by_one_server() {
    let s3 = Fixture::start().await;
    let options = S3Options {
        root: s3.root.path().to_owned(),
        bind: SocketAddr::from(([127, 0, 0, 1], 0)),
        access_key: "key".into(),
        secret_key: "secret".into(),
    };
    let rejected = S3Server::start(options).await.unwrap_err();
    assert_eq!(rejected.code().as_str(), "CONFLICT");
}
