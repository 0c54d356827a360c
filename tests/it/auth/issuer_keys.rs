//! The keys of issuers: fetched, rotated, missing.

use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use salesgraph::auth::{Access, RefreshTimes};
use salesgraph::config::{JwksLocation, JwtAlgorithm};
use serde_json::json;

use super::key_server::{KeyServer, Reply};
use super::signing::Key;
use super::{LIMIT, claims, issuer, principal, until};

const HOUR: Duration = Duration::from_secs(3_600);

/// Keys are fetched again for every unknown one, and never else.
const AT_ONCE: RefreshTimes = RefreshTimes {
    age: HOUR,
    pause: Duration::ZERO,
    retry: HOUR,
    file: Duration::from_millis(20),
    attempts: 1,
    attempt_pause: Duration::ZERO,
};

async fn control(location: JwksLocation, times: RefreshTimes) -> Access {
    let issuers = [issuer(&[JwtAlgorithm::EdDsa], location)];
    Access::control(&issuers, None, times).await.expect("access control")
}

async fn accepts(access: &Access, token: &str) -> bool {
    principal(access, token).await.is_ok()
}

/// A key with its id and a token.
struct Signer {
    key: Key,
    id: &'static str,
    token: String,
}

fn signer(id: &'static str) -> Signer {
    let key = Key::ed();
    let token = key.token(id, &claims(json!({})));
    Signer { key, id, token }
}

fn keys(signers: &[&Signer]) -> Reply {
    Reply::Keys(signers.iter().map(|signer| signer.key.jwk(signer.id)).collect())
}

#[tokio::test]
async fn a_new_key_is_used_at_once() {
    let (old, new) = (signer("old"), signer("new"));
    let server = KeyServer::start(keys(&[&old])).await;
    let access = control(server.location(), AT_ONCE).await;
    assert!(accepts(&access, &old.token).await);
    assert_eq!(server.fetches(), 1);
    server.reply(keys(&[&old, &new]));
    assert!(accepts(&access, &new.token).await);
    assert!(accepts(&access, &old.token).await);
    assert_eq!(server.fetches(), 2);
}

#[tokio::test]
async fn a_removed_key_verifies_nothing_not_even_what_it_has_verified() {
    let (old, new) = (signer("old"), signer("new"));
    let server = KeyServer::start(keys(&[&old])).await;
    let times = RefreshTimes { age: Duration::from_millis(20), pause: HOUR, ..AT_ONCE };
    let access = control(server.location(), times).await;
    assert!(accepts(&access, &old.token).await);
    server.reply(keys(&[&new]));
    until("the old key is gone", async || !accepts(&access, &old.token).await).await;
    assert!(accepts(&access, &new.token).await);
    // A key of the same name is another one.
    let same = signer("new");
    server.reply(keys(&[&same]));
    until("the new key is gone", async || !accepts(&access, &new.token).await).await;
    assert!(accepts(&access, &same.token).await);
}

#[tokio::test]
async fn keys_are_kept_while_the_issuer_fails() {
    let (known, new) = (signer("known"), signer("new"));
    let large = format!("{{\"keys\":[],\"pad\":\"{}\"}}", "x".repeat(256 * 1024));
    let server = KeyServer::start(keys(&[&known])).await;
    let access = control(server.location(), AT_ONCE).await;
    assert!(accepts(&access, &known.token).await);
    for reply in [
        Reply::Status(StatusCode::INTERNAL_SERVER_ERROR),
        Reply::Status(StatusCode::NO_CONTENT),
        Reply::Text("<html>".to_owned()),
        Reply::Text("{}".to_owned()),
        Reply::Text(large),
        Reply::Keys(vec![json!({}); 101]),
    ] {
        server.reply(reply);
        let before = server.fetches();
        assert!(!accepts(&access, &new.token).await);
        assert_eq!(server.fetches(), before + 1, "it was not asked");
        let anew = known.key.token("known", &claims(json!({ "jti": before })));
        assert!(accepts(&access, &anew).await);
    }
    let location = server.location();
    drop(server);
    assert!(!accepts(&access, &new.token).await);
    assert!(accepts(&access, &known.token).await);

    // Who starts during the outage refuses tokens, and accepts them once there are keys.
    let late = KeyServer::start(Reply::Status(StatusCode::BAD_GATEWAY)).await;
    let times = RefreshTimes { attempts: 2, ..AT_ONCE };
    let access = control(late.location(), times).await;
    assert!(late.fetches() >= 2, "it did not try again");
    assert!(!accepts(&access, &known.token).await);
    late.reply(keys(&[&known]));
    assert!(accepts(&access, &known.token).await);
    let unreachable = control(location, times).await;
    assert!(!accepts(&unreachable, &known.token).await);
}

#[tokio::test]
async fn unknown_keys_are_looked_up_rarely_and_one_at_a_time() {
    let (known, new) = (signer("known"), signer("new"));
    let server = KeyServer::start(keys(&[&known])).await;
    let access = control(server.location(), RefreshTimes { pause: HOUR, ..AT_ONCE }).await;
    server.reply(keys(&[&known, &new]));
    for number in 0..50 {
        let token = new.key.token(&format!("unknown-{number}"), &claims(json!({})));
        assert!(!accepts(&access, &token).await);
    }
    // Nor does a token that is refused for its claims.
    let access = control(server.location(), AT_ONCE).await;
    let before = server.fetches();
    for change in [json!({ "exp": 1 }), json!({ "aud": "other-api" }), json!({ "iss": "other" })] {
        assert!(!accepts(&access, &new.key.token("unknown", &claims(change))).await);
    }
    assert_eq!((before, server.fetches()), (2, 2));

    let held = KeyServer::start(keys(&[&known])).await;
    let access = control(held.location(), AT_ONCE).await;
    held.reply(keys(&[&known, &new]));
    held.hold();
    let asking: Vec<_> = (0..20)
        .map(|number| {
            let token = new.key.token("new", &claims(json!({ "jti": number })));
            let access = access.clone();
            tokio::spawn(async move { accepts(&access, &token).await })
        })
        .collect();
    until("one asks", async || held.fetches() == 2).await;
    // A known key is not held up.
    assert!(accepts(&access, &known.token).await);
    held.release();
    for asked in asking {
        assert!(asked.await.expect("join"));
    }
    assert_eq!(held.fetches(), 2, "each fetched for itself");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let known = signer("known");
    let server = KeyServer::start(keys(&[&known])).await;
    server.reply(Reply::Redirect(format!("{}/elsewhere", server.origin)));
    let access = control(server.location(), AT_ONCE).await;
    assert!(!accepts(&access, &known.token).await);
    assert!(server.fetches() >= 1);
    assert_eq!(server.others(), 0);
}

#[tokio::test]
async fn a_file_is_read_again_when_it_changes() {
    let (old, new) = (signer("old"), signer("new"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jwks.json");
    let write = |signers: &[&Signer]| {
        let keys: Vec<_> = signers.iter().map(|signer| signer.key.jwk(signer.id)).collect();
        std::fs::write(&path, json!({ "keys": keys }).to_string()).unwrap();
    };
    let issuers = [issuer(&[JwtAlgorithm::EdDsa], JwksLocation::File(path.clone()))];
    let missing = Access::control(&issuers, None, AT_ONCE).await.expect_err("there is no file");
    assert!(missing.to_string().contains("jwks.json"), "{missing}");
    std::fs::write(&path, "{").unwrap();
    assert!(Access::control(&issuers, None, AT_ONCE).await.is_err());

    write(&[&old]);
    let access = control(JwksLocation::File(path.clone()), AT_ONCE).await;
    let remembered = principal(&access, &old.token).await.expect("accepted");
    write(&[&old, &new]);
    until("the new key is read", async || accepts(&access, &new.token).await).await;
    std::fs::write(&path, "not JSON").unwrap();
    std::fs::remove_file(&path).unwrap();
    let again = principal(&access, &old.token).await.expect("kept");
    assert_eq!(*remembered, *again);
    write(&[&new]);
    until("the old key is gone", async || !accepts(&access, &old.token).await).await;
    assert!(accepts(&access, &new.token).await);
}

#[tokio::test]
async fn a_verified_token_is_remembered_until_it_ends() {
    let known = signer("known");
    let server = KeyServer::start(keys(&[&known])).await;
    let access = control(server.location(), AT_ONCE).await;
    // Two seconds are left of the leeway.
    let end = json!({ "exp": super::in_seconds(-28) });
    let token = known.key.token("known", &claims(end));
    let first = principal(&access, &token).await.expect("accepted");
    let second = principal(&access, &token).await.expect("accepted");
    assert!(Arc::ptr_eq(&first, &second));
    tokio::time::timeout(LIMIT, access.clone().ended(first)).await.expect("it ends");
    assert!(!accepts(&access, &token).await);
}
