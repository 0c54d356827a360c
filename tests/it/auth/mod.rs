//! Tokens and API keys: who is let in, and until when.

mod answers;
mod api_keys;
mod attacks;
mod audit;
mod issuer_keys;
mod key_server;
mod program;
mod providers;
mod serve;
mod signing;
mod subscriptions;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use salesgraph::auth::{Access, Denied, Principal, RefreshTimes};
use salesgraph::config::{ClaimNames, IssuerConfig, JwksLocation, JwtAlgorithm, Secret};
use salesgraph::http::RequestLimits;
use serde_json::{Value as Json, json};

use crate::support::TestDb;
use crate::support::http::{Answer, TestServer, state};

const JSON: &str = "application/json";
const ISSUER: &str = "https://issuer.example/";
const AUDIENCE: &str = "salesgraph";
const LIMIT: Duration = Duration::from_secs(60);

/// An issuer whose keys are there.
fn issuer(algorithms: &[JwtAlgorithm], jwks: JwksLocation) -> IssuerConfig {
    IssuerConfig {
        algorithms: algorithms.iter().copied().collect(),
        secret: None,
        jwks: Some(jwks),
        issuer: ISSUER.to_owned(),
        audience: vec!["other".to_owned(), AUDIENCE.to_owned()],
        claims: ClaimNames::default(),
        territories_required: false,
        scope_prefix: None,
    }
}

/// An issuer with a shared secret.
fn shared_secret(name: &str, secret: &str) -> IssuerConfig {
    IssuerConfig {
        algorithms: BTreeSet::from([JwtAlgorithm::Hs256]),
        secret: Some(Secret::new(secret)),
        issuer: name.to_owned(),
        jwks: None,
        ..issuer(&[], JwksLocation::File(PathBuf::new()))
    }
}

async fn access(issuers: &[IssuerConfig]) -> Access {
    Access::control(issuers, None, RefreshTimes::default()).await.expect("access control")
}

/// A server with access control over a database.
async fn serve(db: &TestDb, access: &Access) -> TestServer {
    TestServer::serve(state(&db.pool, RequestLimits::default()).with_access(access.clone())).await
}

/// Seconds since 1970, so many from now.
fn in_seconds(seconds: i64) -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(now.expect("after 1970").as_secs()).expect("a time") + seconds
}

/// Claims that are accepted, with these instead; null leaves one out.
fn claims(changes: Json) -> Json {
    let mut claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "exp": in_seconds(600), "sub": "partner",
        "org": "acme", "scope": "sales:read", "territories": [1, 4],
    });
    let Json::Object(changes) = changes else { panic!("no object: {changes}") };
    for (name, value) in changes {
        match value {
            Json::Null => drop(claims.as_object_mut().expect("an object").remove(&name)),
            value => claims[name] = value,
        }
    }
    claims
}

async fn principal(access: &Access, token: &str) -> Result<Arc<Principal>, Denied> {
    access.principal(&[format!("Bearer {token}").as_bytes()]).await
}

/// Asks with these headers.
async fn ask(server: &TestServer, headers: &[(&str, &str)]) -> Answer {
    let headers = [&[("content-type", JSON), ("accept", JSON)], headers].concat();
    server.request("POST", "/graphql", &headers, r#"{"query":"{ __typename }"}"#).await
}

/// Asks with a token or a key.
async fn ask_with(server: &TestServer, token: &str) -> Answer {
    ask(server, &[("authorization", &format!("Bearer {token}"))]).await
}

/// Tries until it is so; fails when it takes too long.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < LIMIT, "never came true: {what}");
        // The polling interval.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
