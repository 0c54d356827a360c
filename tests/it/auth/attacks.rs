//! Credentials that must not be accepted. All of them get the same answer.

use std::sync::Arc;

use hyper::StatusCode;
use salesgraph::auth::{Access, RefreshTimes};
use salesgraph::config::JwtAlgorithm;
use serde_json::{Value as Json, json};

use super::key_server::{KeyServer, Reply};
use super::signing::{Key, encode};
use super::{AUDIENCE, ISSUER, ask, ask_with, claims, in_seconds, principal, serve, shared_secret};
use crate::support::database;

const SECRET: &str = "a secret of more than thirty-two bytes";
const OWN: &str = "own";
const ALL: [JwtAlgorithm; 3] = [JwtAlgorithm::Rs256, JwtAlgorithm::Es256, JwtAlgorithm::EdDsa];

/// Keys of an issuer, some of which may not verify.
struct Keys {
    rsa: Key,
    ec: Key,
    ed: Key,
    /// Keys that are published and not to be used, by their ids.
    barred: Vec<(Key, Json)>,
}

impl Keys {
    fn make() -> Self {
        let barred = [
            ("use", json!("enc")),
            ("key_ops", json!(["sign"])),
            ("alg", json!("RS256")),
            ("alg", json!("ES384")),
            ("d", json!("AQAB")),
        ];
        let barred = barred.into_iter().enumerate().map(|(number, (member, value))| {
            let key = Key::ec();
            let mut jwk = key.jwk(&format!("barred-{number}"));
            jwk[member] = value;
            (key, jwk)
        });
        Self { rsa: Key::rsa(), ec: Key::ec(), ed: Key::ed(), barred: barred.collect() }
    }

    fn published(&self) -> Vec<Json> {
        let barred = self.barred.iter().map(|(_, jwk)| jwk.clone());
        let usable = [self.rsa.jwk("rsa"), self.ec.jwk("ec"), self.ed.jwk("ed")];
        let unknown = json!({ "kty": "AKP", "kid": "unknown" });
        usable.into_iter().chain([unknown]).chain(barred).collect()
    }

    fn good(&self) -> Vec<String> {
        let ed25519 = r#"{"alg":"Ed25519","kid":"ed"}"#;
        vec![
            self.rsa.token("rsa", &claims(json!({}))),
            self.ec.token("ec", &claims(json!({ "aud": [AUDIENCE, "another"] }))),
            self.ed.token("ed", &claims(json!({ "nbf": in_seconds(-5), "iat": in_seconds(5) }))),
            self.ed.sign(ed25519, &claims(json!({})).to_string()),
            // One key only fits.
            self.rsa.sign(r#"{"alg":"RS256"}"#, &claims(json!({})).to_string()),
            self.rsa.token("rsa", &claims(json!({ "exp": in_seconds(-10) }))),
        ]
    }
}

fn hs256() -> Key {
    Key::Secret(SECRET.as_bytes().to_vec())
}

/// Tokens whose headers, parts or signatures are wrong.
fn forged(keys: &Keys) -> Vec<(&'static str, String)> {
    let good = claims(json!({})).to_string();
    let signed = |header: &str| keys.ec.sign(header, &good);
    let unsigned =
        |alg: &str| format!("{}.{}.", encode(format!(r#"{{"alg":"{alg}"}}"#)), encode(&good));
    let token = keys.ec.token("ec", &claims(json!({})));
    let (message, signature) = token.rsplit_once('.').expect("a signature");
    let (header, _) = message.split_once('.').expect("claims");
    let public = keys.rsa.jwk("rsa");
    let by_public = |secret: String, kid: &str| {
        let header = json!({ "alg": "HS256", "kid": kid }).to_string();
        Key::Secret(secret.into_bytes()).sign(&header, &good)
    };
    let other = claims(json!({ "sub": "other" })).to_string();
    let own = claims(json!({ "iss": OWN }));
    let long = claims(json!({ "pad": "x".repeat(8_200) }));
    let mut forged = vec![
        ("alg none", unsigned("none")),
        ("alg None", unsigned("None")),
        ("alg none with a signature", format!("{}{signature}", unsigned("none"))),
        ("HS256 by the modulus", by_public(public["n"].as_str().expect("n").to_owned(), "rsa")),
        ("HS256 by the JWK", by_public(public.to_string(), "rsa")),
        ("HS256 by nothing", by_public(String::new(), "rsa")),
        ("HS256 by another issuer's secret", hs256().token("rsa", &claims(json!({})))),
        ("RS256 of an issuer by HS256", keys.rsa.token("rsa", &own)),
        ("an algorithm that the key is not for", signed(r#"{"alg":"RS256","kid":"ec"}"#)),
        ("the key of another algorithm", signed(r#"{"alg":"ES256","kid":"rsa"}"#)),
        ("another key", Key::ec().token("ec", &claims(json!({})))),
        ("no signature", format!("{message}.")),
        ("a signature of zeros", format!("{message}.{}", encode([0; 64]))),
        ("a truncated signature", token[..token.len() - 1].to_owned()),
        ("a padded signature", format!("{token}==")),
        ("other claims", format!("{header}.{}.{signature}", encode(other))),
        ("two parts", message.to_owned()),
        ("five parts", format!("{token}.a.b")),
        ("truncated claims", format!("{header}.{}.{signature}", "eyJzd")),
        ("no JSON", format!("{}.{}.{signature}", encode("x"), encode("y"))),
        ("an unknown kid", signed(r#"{"alg":"ES256","kid":"none"}"#)),
        ("a kid that is a path", signed(r#"{"alg":"ES256","kid":"../../../dev/null"}"#)),
        ("a kid that is SQL", signed(r#"{"alg":"ES256","kid":"ec' OR '1'='1"}"#)),
        ("a kid that is no text", signed(r#"{"alg":"ES256","kid":["ec"]}"#)),
        ("a long kid", signed(&format!(r#"{{"alg":"ES256","kid":"{}"}}"#, "k".repeat(1_000)))),
        ("a critical header", signed(r#"{"alg":"ES256","kid":"ec","crit":["b64"],"b64":true}"#)),
        ("an own critical header", signed(r#"{"alg":"ES256","kid":"ec","crit":["x"],"x":1}"#)),
        ("alg twice", signed(r#"{"alg":"none","alg":"ES256","kid":"ec"}"#)),
        ("kid twice", signed(r#"{"alg":"ES256","kid":"rsa","kid":"ec"}"#)),
        ("another typ", signed(r#"{"alg":"ES256","kid":"ec","typ":"logout+jwt"}"#)),
        ("a key in the token", {
            let key = Key::ec();
            let header = json!({ "alg": "ES256", "kid": "new", "jwk": key.jwk("new") }).to_string();
            key.sign(&header, &good)
        }),
        ("more than 8 KiB", keys.ec.token("ec", &long)),
    ];
    for (key, jwk) in &keys.barred {
        forged.push((
            "a barred key",
            key.token(jwk["kid"].as_str().expect("kid"), &claims(json!({}))),
        ));
    }
    forged
}

/// Claims that are properly signed and refused.
fn refused_claims() -> Vec<Json> {
    [
        json!({ "exp": in_seconds(-60) }),
        json!({ "exp": null }),
        json!({ "exp": 0 }),
        json!({ "exp": in_seconds(600).to_string() }),
        json!({ "exp": 1e12 }),
        json!({ "exp": u64::MAX }),
        json!({ "exp": -1 }),
        json!({ "exp": [in_seconds(600)] }),
        json!({ "nbf": in_seconds(60) }),
        json!({ "nbf": "soon" }),
        json!({ "nbf": 1.5 }),
        json!({ "iss": null }),
        json!({ "iss": "https://issuer.example" }),
        json!({ "iss": [ISSUER] }),
        json!({ "iss": "https://attacker.example/" }),
        json!({ "aud": null }),
        json!({ "aud": "" }),
        json!({ "aud": "salesgraph2" }),
        json!({ "aud": [] }),
        json!({ "aud": { AUDIENCE: 1 } }),
        json!({ "sub": null }),
        json!({ "sub": "" }),
        json!({ "sub": 1 }),
        json!({ "sub": "s".repeat(256) }),
        json!({ "org": "A b" }),
        json!({ "org": 1 }),
        json!({ "scope": 1 }),
        json!({ "scope": [1] }),
        json!({ "territories": "all" }),
        json!({ "territories": 1 }),
        json!({ "territories": true }),
        json!({ "territories": [1.5] }),
        json!({ "territories": {} }),
        json!({ "territories": vec![1; 1_001] }),
    ]
    .into_iter()
    .map(claims)
    .collect()
}

/// The same, as text that no map of claims can hold.
fn refused_texts() -> Vec<String> {
    let good = claims(json!({})).to_string();
    let with = |more: &str| format!("{},{more}}}", good.trim_end_matches('}'));
    let null = |name: &str| {
        let mut claims = claims(json!({}));
        claims[name] = Json::Null;
        claims.to_string()
    };
    let mut texts = vec![
        with(r#""territories":[1,2,3]"#),
        with(r#""sub":"other""#),
        with(r#""x":1,"x":2"#),
        with(r#""x":{"a":1,"a":1}"#),
        with(&format!(r#""exp":{}"#, in_seconds(600))),
        good.replace("600", "6e2"),
        "[]".to_owned(),
        "null".to_owned(),
    ];
    texts.retain(|text| *text != good);
    texts.extend(["territories", "scope", "org", "sub", "aud", "iss", "exp"].map(null));
    texts
}

#[tokio::test]
async fn wrong_credentials_get_one_and_the_same_answer() {
    let (db, keys) = (database().await, Keys::make());
    let published = KeyServer::start(Reply::Keys(keys.published())).await;
    let issuers = [super::issuer(&ALL, published.location()), shared_secret(OWN, SECRET)];
    let access = super::access(&issuers).await;
    let server = serve(&db, &access).await;
    for token in keys.good() {
        assert_eq!(ask_with(&server, &token).await.status, StatusCode::OK, "{token}");
    }
    let good = keys.good().remove(0);

    let without = ask(&server, &[]).await;
    assert_eq!((without.status, &*without.code()), (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"));
    assert!(without.header("www-authenticate").starts_with("Bearer"), "{:?}", without.headers);
    let check = |what: &str, answer: crate::support::http::Answer| {
        assert_eq!(answer.status, without.status, "{what}: {}", answer.text);
        assert_eq!(answer.text, without.text, "{what}");
    };
    for (what, token) in forged(&keys) {
        check(what, ask_with(&server, &token).await);
    }
    for claims in refused_claims() {
        check(&claims.to_string(), ask_with(&server, &keys.ed.token("ed", &claims)).await);
    }
    for claims in refused_texts() {
        let token = keys.ed.sign(r#"{"alg":"EdDSA","kid":"ed"}"#, &claims);
        check(&claims, ask_with(&server, &token).await);
    }
    let bearer = format!("Bearer {good}");
    for headers in [
        &[("authorization", ""), ("x-token", &*good)][..],
        &[("authorization", &*good)],
        &[("authorization", "Bearer")],
        &[("authorization", &format!("Basic {good}"))],
        &[("authorization", &format!("{bearer} {good}"))],
        &[("authorization", &format!("{bearer},{bearer}"))],
        &[("authorization", &bearer), ("authorization", &bearer)],
        &[("authorization", &bearer), ("authorization", "Basic eDp5")],
        &[("cookie", &format!("token={good}"))],
        // No API keys are accepted here.
        &[("authorization", &format!("Bearer sgk_0123456789ab_{}", encode([0; 32])))],
    ] {
        check(&format!("{headers:?}"), ask(&server, headers).await);
    }
    let path = format!("/graphql?query=%7B__typename%7D&access_token={good}&token={good}");
    check(
        "in the query string",
        server.request("GET", &path, &[("accept", super::JSON)], "").await,
    );
    assert_eq!(ask_with(&server, &good).await.status, StatusCode::OK);
    server.stop().await;
}

#[tokio::test]
async fn pages_and_the_schema_need_no_token() {
    let db = database().await;
    let server = serve(&db, &super::access(&[shared_secret(OWN, SECRET)]).await).await;
    for path in ["/schema.graphql", "/health/live", "/health/ready", "/"] {
        // Any host may ask: the guard against rebinding is for an API without access control.
        let answer = server.request_as("api.example", "GET", path, &[], "").await;
        let is_ok = answer.status.is_success() || answer.status.is_redirection();
        assert!(is_ok, "{path}: {}", answer.status);
    }
    let page = server.request("GET", "/graphql", &[("accept", "text/html")], "").await;
    assert!(page.text.contains("<html"), "{}", page.text);
    server.stop().await;
}

#[tokio::test]
async fn many_wrong_tokens_take_no_place_and_no_fetch() {
    let keys = Keys::make();
    let published = KeyServer::start(Reply::Keys(keys.published())).await;
    let times = RefreshTimes { pause: super::LIMIT * 60, ..Default::default() };
    let issuers = [super::issuer(&ALL, published.location())];
    let access = Access::control(&issuers, None, times).await.expect("access control");
    let good: Vec<String> = keys.good();
    let mut first = Vec::new();
    for token in &good {
        first.push(principal(&access, token).await.expect("accepted"));
    }
    let template = keys.ec.token("ec", &claims(json!({})));
    for number in 0..10_000 {
        let token = match number % 5 {
            0 => format!("{number}"),
            1 => format!("{}.{number}.x", encode(r#"{"alg":"ES256"}"#)),
            2 => {
                let header = json!({ "alg": "ES256", "kid": number.to_string() }).to_string();
                let rest = template.split_once('.').expect("claims").1;
                format!("{}.{rest}", encode(header))
            }
            3 => {
                let (message, _) = template.rsplit_once('.').expect("a signature");
                format!("{message}.{}", encode(vec![1; 64 + number % 7]))
            }
            _ => format!("{}{}", "a".repeat(number), &template[number % 100..]),
        };
        assert!(principal(&access, &token).await.is_err(), "{token}");
    }
    for (token, first) in good.iter().zip(first) {
        // The very principal: it was not verified again.
        let again = principal(&access, token).await.expect("accepted");
        assert!(Arc::ptr_eq(&first, &again), "{token} was forgotten");
    }
    assert_eq!(published.fetches(), 1, "wrong tokens made it fetch keys");
}

#[tokio::test]
async fn a_token_is_of_one_issuer_and_its_claims_are_its_own() {
    let keys = Keys::make();
    let published = KeyServer::start(Reply::Keys(keys.published())).await;
    let issuers = [super::issuer(&ALL, published.location()), shared_secret(OWN, SECRET)];
    let access = super::access(&issuers).await;
    let partner = principal(&access, &keys.good()[0]).await.expect("accepted");
    assert_eq!(partner.subject, "partner");
    assert_eq!(
        (partner.scope.org(), partner.scope.territories()),
        (Some("acme"), Some(&[1, 4][..]))
    );
    assert_eq!(partner.scope.grants().to_string(), "sales:read");
    assert!(partner.expires.is_some());

    // Another token of the subject is the same caller; the subject of another issuer is not.
    let other = claims(json!({ "territories": null, "org": null, "scope": "persons:read openid" }));
    let other = principal(&access, &keys.ec.token("ec", &other)).await.expect("accepted");
    assert_eq!(other.credential, partner.credential);
    assert_eq!((other.scope.org(), other.scope.territories()), (None, None));
    assert_eq!(other.scope.grants().to_string(), "persons:read");
    let own = hs256().token("any", &claims(json!({ "iss": OWN, "territories": [] })));
    let own = principal(&access, &own).await.expect("accepted");
    assert_ne!(own.credential, partner.credential);
    assert_eq!(own.scope.territories(), Some(&[][..]));
}
