//! Entity tags of GETs that name their document, and 304.

use hyper::StatusCode;
use salesgraph::http::RequestLimits;
use sha2::{Digest as _, Sha256};
use sqlx::Executor as _;

use crate::support::http::{Answer, CACHE_BYTES, TestServer, state};
use crate::support::statements::during;
use crate::support::{TestDb, database, fixture, write, write_over};

const JSON: &str = "application/json";
const RESPONSE: &str = "application/graphql-response+json";

async fn start(cache: bool) -> (TestDb, TestServer) {
    let db = database().await;
    fixture::insert(&db.pool).await;
    let state = state(&db.pool, RequestLimits::default());
    let state = if cache { state.with_cache(CACHE_BYTES) } else { state };
    (db, TestServer::serve(state).await)
}

/// The path of a GET that sends a document, with its hash if it is to be `named`.
fn path_of(document: &str, named: bool) -> String {
    let mut path = format!("/graphql?query={}", document.replace('{', "%7B").replace('}', "%7D"));
    path = path.replace(' ', "%20");
    if named {
        let hash: String =
            Sha256::digest(document).iter().map(|byte| format!("{byte:02x}")).collect();
        path.push_str(
            "&extensions=%7B%22persistedQuery%22:%7B%22version%22:1,%22sha256Hash%22:%22",
        );
        path.push_str(&hash);
        path.push_str("%22%7D%7D");
    }
    path
}

fn person(id: i32) -> String {
    format!("{{person(businessEntityId:{id}){{firstName}}}}")
}

fn path(id: i32) -> String {
    path_of(&person(id), true)
}

async fn get(server: &TestServer, path: &str, accept: &str, held: &str) -> Answer {
    let headers = [("accept", accept), ("if-none-match", held)];
    let headers = if held.is_empty() { &headers[..1] } else { &headers };
    server.request("GET", path, headers, "").await
}

async fn tags_and_304(cache: bool) {
    let (db, server) = start(cache).await;
    let first = get(&server, &path(1), JSON, "").await;
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 20, "{tag}");
    assert_eq!(first.header("cache-control"), "private, no-cache");
    assert!(first.header("vary").contains("accept"), "{}", first.header("vary"));

    for held in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}")] {
        let path = path(1);
        let (answer, statements) = during(get(&server, &path, JSON, &held)).await;
        assert_eq!((answer.status, answer.text.as_str()), (StatusCode::NOT_MODIFIED, ""), "{held}");
        assert_eq!(answer.header("etag"), tag);
        assert_eq!(answer.header("cache-control"), "private, no-cache");
        assert!(!statements.iter().any(|text| text.contains("FROM person")), "{statements:?}");
    }
    let node = TestServer::serve(state(&db.pool, RequestLimits::default())).await;
    let answer = get(&node, &path(1), JSON, &tag).await;
    assert_eq!(answer.status, StatusCode::NOT_MODIFIED, "every server computes the same tag");

    for (path, accept) in [(path(2), JSON), (path(1), RESPONSE)] {
        let answer = get(&server, &path, accept, &tag).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_ne!(answer.header("etag"), tag, "{path} {accept}");
        assert_ne!(answer.header("etag"), "");
    }
    write(&db.pool, "UPDATE person SET first_name = 'New'").await;
    let answer = get(&server, &path(1), JSON, &tag).await;
    assert_eq!(answer.json()["data"]["person"]["firstName"], "New");
    assert_ne!(answer.header("etag"), tag);
    server.stop().await;
}

#[tokio::test]
async fn a_held_answer_is_not_modified() {
    tags_and_304(true).await;
}

#[tokio::test]
async fn a_held_answer_is_not_modified_without_a_cache() {
    tags_and_304(false).await;
}

#[tokio::test]
async fn answers_that_cannot_be_revalidated_have_no_tag() {
    let (_db, server) = start(true).await;
    let tag = get(&server, &path(1), JSON, "").await.header("etag").to_owned();
    let unnamed = path_of(&person(1), false);
    let failed = path_of("{persons(first:-1){totalCount}}", true);
    for path in [unnamed, failed] {
        let answer = get(&server, &path, JSON, &tag).await;
        assert_eq!((answer.status, answer.header("etag")), (StatusCode::OK, ""), "{path}");
    }
    let body = r#"{"query":"{person(businessEntityId:1){firstName}}"}"#;
    let headers = [("content-type", JSON), ("if-none-match", tag.as_str())];
    let answer = server.request("POST", "/graphql", &headers, body).await;
    assert_eq!((answer.status, answer.header("etag")), (StatusCode::OK, ""));
    server.stop().await;
}

#[tokio::test]
async fn an_answer_during_which_the_data_changed_has_no_tag() {
    let (db, server) = start(true).await;
    let mut change = db.pool.begin().await.unwrap();
    change.execute("LOCK TABLE person IN ACCESS EXCLUSIVE MODE").await.unwrap();
    write_over(&mut change, "UPDATE person SET first_name = 'New'").await;
    let path = path(1);
    let commit = async {
        let waits = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted
                     AND relation = 'person'::regclass AND database =
                     (SELECT oid FROM pg_database WHERE datname = current_database()))";
        while !sqlx::query_scalar::<_, bool>(waits).fetch_one(&db.pool).await.unwrap() {
            tokio::task::yield_now().await;
        }
        change.commit().await.unwrap();
    };
    let (answer, ()) = tokio::join!(get(&server, &path, JSON, ""), commit);
    assert_eq!(answer.json()["data"]["person"]["firstName"], "New");
    assert_eq!(answer.header("etag"), "", "it was requested at the version before");
    let answer = get(&server, &path, JSON, "").await;
    assert_ne!(answer.header("etag"), "");
    server.stop().await;
}

#[tokio::test]
async fn each_coding_has_a_tag_of_its_own() {
    let (_db, server) = start(false).await;
    let path = path_of("{__schema{types{name description}}}", true);
    let mut tags: Vec<(&str, String)> = Vec::new();
    for (accepted, coding) in [("", ""), ("gzip", "gzip"), ("gzip, br", "br"), ("br;q=0", "")] {
        let headers = [("accept", JSON), ("accept-encoding", accepted)];
        let answer = server.request("GET", &path, &headers, "").await;
        assert_eq!(answer.header("content-encoding"), coding, "{accepted}");
        let suffix = format!("-{}\"", if coding.is_empty() { "identity" } else { coding });
        let tag = answer.header("etag").to_owned();
        assert!(tag.ends_with(&suffix), "{accepted}: {tag}");
        tags.push((accepted, tag));
    }
    // A client has what it would get, or it gets what it accepts now.
    for (accepted, tag) in &tags {
        for (_, held) in &tags {
            let headers =
                [("accept", JSON), ("accept-encoding", accepted), ("if-none-match", held)];
            let status = server.request("GET", &path, &headers, "").await.status;
            let expected = if held == tag { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
            assert_eq!(status, expected, "{accepted}: {held}");
        }
    }
    server.stop().await;
}

/// Also of an answer too small to be compressed.
#[tokio::test]
async fn a_304_has_the_headers_that_the_answer_would_have() {
    let (_db, server) = start(true).await;
    let all = |answer: &Answer, name: &str| -> Vec<String> {
        let values = answer.headers.get_all(name).iter();
        values.map(|value| value.to_str().expect("text").to_owned()).collect()
    };
    for path in [path(1), path_of("{__schema{types{name description}}}", true)] {
        for accepted in ["", "gzip", "br, gzip", "identity"] {
            let headers = [("accept", JSON), ("accept-encoding", accepted)];
            let whole = server.request("GET", &path, &headers, "").await;
            let held = ("if-none-match", whole.header("etag"));
            let headers = [headers[0], headers[1], held];
            let again = server.request("GET", &path, &headers, "").await;
            assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{accepted} {path}");
            for name in ["etag", "vary", "cache-control"] {
                assert!(!whole.header(name).is_empty(), "{name} of {path}");
                assert_eq!(all(&again, name), all(&whole, name), "{accepted}: {name} of {path}");
            }
        }
    }
    server.stop().await;
}
