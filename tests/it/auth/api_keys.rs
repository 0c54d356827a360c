//! API keys: made, shown once, revoked everywhere.

use std::time::{Duration, Instant, SystemTime};

use hyper::StatusCode;
use salesgraph::auth::api_key::{self, NewApiKey};
use salesgraph::auth::{Access, ApiKeys, Denied, Grants, RefreshTimes, Scope};
use salesgraph::db::pool::{self, Settings};
use salesgraph::error::Code;

use super::program::Serving;
use super::{ask_with, principal, serve, until};
use crate::support::statements::during;
use crate::support::{TestApp, TestDb, database};

const KEYS: [(&str, &str); 1] = [("AUTH_API_KEYS", "true")];

async fn control(keys: ApiKeys) -> Access {
    Access::control(&[], Some(keys), RefreshTimes::default()).await.expect("access control")
}

/// Makes a key of a partner; returns its id and its text.
pub(super) async fn make(db: &TestDb, expires: Option<SystemTime>) -> (String, String) {
    let scope =
        Scope::new(Some("acme".to_owned()), Grants::known_in("sales:read"), Some(vec![4, 1]));
    let key = NewApiKey { name: "till", scope, expires };
    api_key::create(&db.pool, &key).await.expect("a key")
}

#[tokio::test]
async fn a_key_works_on_every_server_until_it_is_revoked() {
    let app = TestApp::start().await;
    let servers = [
        Serving::start(&app, "127.0.0.1:0", &KEYS).await,
        Serving::start(&app, "127.0.0.1:0", &KEYS).await,
    ];
    assert!(app.run(&["key", "list"]).await.expect(0).out.contains("no keys"));
    let arguments = [
        "key", "create", "--name", "till 1", "--org", "acme", "--scope", "sales:read loads:read",
        "--territories", "1,4", "--expires", "90d",
    ];
    let made = app.run(&arguments).await.expect(0);
    let key = made.out.trim_end();
    assert!(key.starts_with("sgk_") && key.len() == 60, "{key}");
    let other = app.run(&["key", "create", "--name", "other", "--scope", "sales:read"]).await;
    let other = other.expect(0).out.trim_end().to_owned();
    for server in &servers {
        until("the key works", async || server.status(key).await == StatusCode::OK).await;
        until("the other works", async || server.status(&other).await == StatusCode::OK).await;
        for wrong in [&key[..59], &format!("{}_{}", &key[..16], &other[17..]), "sgk_"] {
            assert_eq!(server.status(wrong).await, StatusCode::UNAUTHORIZED, "{wrong}");
        }
    }
    let id = &key[4..16];
    let list = app.run(&["key", "list"]).await.expect(0);
    let list = list.says(&[id, "till 1", "acme", "sales:read loads:read", "1,4", "in use", "all"]);
    let stored: String = app.value("SELECT string_agg(api_key::text, '') FROM api_key").await;
    for secret in [&key[17..], &other[17..]] {
        assert!(!list.out.contains(secret) && !stored.contains(secret), "{stored}");
    }

    app.run(&["key", "revoke", id]).await.expect(0);
    for server in &servers {
        until("the key is revoked", async || server.status(key).await == StatusCode::UNAUTHORIZED)
            .await;
        assert_eq!(server.status(&other).await, StatusCode::OK);
    }
    app.run(&["key", "list"]).await.expect(0).says(&["revoked", "in use"]);
    // The whole key names itself, and to revoke twice does no harm.
    app.run(&["key", "revoke", key]).await.expect(0);
    let unknown = app.run(&["key", "revoke", "000000000000"]).await.expect(1);
    assert!(unknown.err.contains("salesgraph key list"), "{}", unknown.err);
    let nothing = app.run(&["key", "create", "--name", " ", "--scope", "sales:read"]).await;
    assert!(nothing.expect(2).err.contains("name"));
}

#[tokio::test]
async fn a_key_has_the_claims_of_a_token() {
    let db = database().await;
    let access = control(ApiKeys::new(db.pool.clone())).await;
    let (id, text) = make(&db, None).await;
    let partner = principal(&access, &text).await.expect("accepted");
    assert_eq!((&*partner.subject, partner.api_key.as_deref()), ("till", Some(&*id)));
    assert_eq!(
        (partner.scope.org(), partner.scope.territories()),
        (Some("acme"), Some(&[1, 4][..]))
    );
    assert_eq!(partner.scope.grants().to_string(), "sales:read");
    assert_eq!(partner.expires, None);
    assert!(matches!(principal(&access, "a.b.c").await, Err(Denied::Unauthenticated(_))));

    let (_, past) = make(&db, Some(SystemTime::now() - Duration::from_secs(1))).await;
    let (_, future) = make(&db, Some(SystemTime::now() + Duration::from_secs(600))).await;
    until("the new key is read", async || principal(&access, &future).await.is_ok()).await;
    assert!(principal(&access, &past).await.is_err());
    // A new key is read after two seconds at the latest.
    let soon = SystemTime::now() + Duration::from_secs(6);
    let (_, short) = make(&db, Some(soon)).await;
    until("the short key is read", async || principal(&access, &short).await.is_ok()).await;
    until("the short key ends", async || principal(&access, &short).await.is_err()).await;
}

#[tokio::test]
async fn without_the_database_a_key_cannot_be_checked() {
    let db = database().await;
    let own = pool::connect(&Settings::new(&db.url)).await.expect("connect");
    let access = control(ApiKeys::new(own.clone())).await;
    let (_, text) = make(&db, None).await;
    let server = serve(&db, &access).await;
    assert_eq!(ask_with(&server, &text).await.status, StatusCode::OK);
    own.close().await;
    // It is known for some seconds, and then it is not known whether it was revoked.
    let mut answer = ask_with(&server, &text).await;
    until("the key is too old", async || {
        answer = ask_with(&server, &text).await;
        answer.status != StatusCode::OK
    })
    .await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.text);
    assert_eq!((&*answer.code(), answer.header("retry-after")), ("UNAVAILABLE", "1"));
    server.stop().await;
}

#[tokio::test]
async fn who_tries_keys_does_not_make_servers_read_them_all_the_time() {
    let db = database().await;
    let access = control(ApiKeys::new(db.pool.clone())).await;
    let begun = Instant::now();
    let tries = async {
        let mut tried = 0_u64;
        // Long enough for several reads, were they not two seconds apart.
        while tried < 100 || begun.elapsed() < Duration::from_millis(1_200) {
            let unknown = format!("sgk_{tried:012x}_{}", "A".repeat(43));
            assert!(matches!(principal(&access, &unknown).await, Err(Denied::Unauthenticated(_))));
            tried += 1;
        }
    };
    let ((), statements) = during(tries).await;
    let reads = statements.iter().filter(|sql| sql.contains("FROM api_key")).count() as u64;
    let most = 1 + begun.elapsed().as_secs() / 2;
    assert!((1..=most).contains(&reads), "{reads} reads, and not {most}");
}

#[tokio::test]
async fn there_are_only_so_many_keys() {
    let db = database().await;
    sqlx::query(
        "INSERT INTO api_key (id, name, hash, scope, revoked_at) \
         SELECT lpad(to_hex(n), 12, '0'), 'n', sha256(n::text::bytea), '', \
             CASE WHEN n > 10000 THEN now() END FROM generate_series(1, 10001) AS n",
    )
    .execute(&db.pool)
    .await
    .expect("keys");
    let scope = Scope::new(None, Grants::all(), None);
    let key = NewApiKey { name: "one more", scope, expires: None };
    let error = api_key::create(&db.pool, &key).await.expect_err("too many");
    assert_eq!(error.code(), Code::Conflict);
    api_key::revoke(&db.pool, "000000000001").await.expect("revoked");
    let (_, text) = api_key::create(&db.pool, &key).await.expect("there is room");
    let access = control(ApiKeys::new(db.pool.clone())).await;
    assert!(principal(&access, &text).await.is_ok());
}

#[test]
fn the_api_does_not_know_of_keys() {
    let sdl = salesgraph::graphql::sdl().to_lowercase();
    assert!(!sdl.contains("apikey") && !sdl.contains("api_key"));
}
