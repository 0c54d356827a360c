//! Access tokens as identity providers write them, with the configuration of
//! docs/access.md.

use salesgraph::auth::{Access, Principal, RefreshTimes};
use salesgraph::config::{Config, ConfigSources, Overrides};
use serde_json::{Value as Json, json};

use super::in_seconds;
use super::signing::Key;

/// The page with the configuration of each.
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/access.md");

/// The TOML block of docs/access.md with this table, with keys from a file.
fn documented(table: &str, jwks: &std::path::Path) -> String {
    let page = std::fs::read_to_string(PAGE).expect("docs/access.md");
    let blocks = page.split("```toml\n").skip(1).map(|rest| rest.split("```").next());
    let title = format!("[jwt.{table}]");
    let block = blocks.flatten().find(|block| block.contains(&title));
    let block = block.unwrap_or_else(|| panic!("no block {title} in docs/access.md"));
    assert!(block.contains("jwks_url = \"https://"), "{block}");
    let lines = block.lines().map(|line| match line.starts_with("jwks_url") {
        true => format!("jwks_file = {:?}", jwks.to_str().expect("a path")),
        false => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The principal of a token with these claims, under the documented configuration.
async fn accepted(table: &str, header: Json, claims: &Json) -> Principal {
    let folder = tempfile::tempdir().unwrap();
    let (key, jwks) = (Key::rsa(), folder.path().join("jwks.json"));
    let mut jwk = key.jwk("1a2b");
    // As all four publish them.
    (jwk["use"], jwk["alg"]) = (json!("sig"), json!("RS256"));
    std::fs::write(&jwks, json!({ "keys": [jwk] }).to_string()).unwrap();
    let file = folder.path().join("salesgraph.toml");
    std::fs::write(&file, documented(table, &jwks)).unwrap();
    let (overrides, env) = (Overrides::default(), |_: &str| None);
    let config = Config::load(&ConfigSources { file: Some(file), overrides, env }).expect(table);
    let access = Access::control(&config.jwt.issuers, None, RefreshTimes::default()).await;
    let token = key.sign(&header.to_string(), &claims.to_string());
    let principal = super::principal(&access.expect("access control"), &token).await;
    (*principal.unwrap_or_else(|denied| panic!("{table}: {denied}"))).clone()
}

fn check(principal: &Principal, subject: &str, org: &str, scope: &str) {
    assert_eq!(principal.subject, subject);
    assert_eq!(principal.scope.org(), Some(org));
    assert_eq!(principal.scope.grants().to_string(), scope);
    assert_eq!(principal.scope.territories(), Some(&[1, 4][..]));
}

#[tokio::test]
async fn keycloak() {
    let claims = json!({
        "exp": in_seconds(300), "iat": in_seconds(0), "jti": "onrtac:8f0f2f0e",
        "iss": "https://keycloak.example.com/realms/sales", "aud": ["salesgraph", "account"],
        "sub": "f3a1c2d4-0b1e-4c55-9d3c-0a5b6c7d8e9f", "typ": "Bearer", "azp": "partner-app",
        "sid": "b6c1", "acr": "1", "allowed-origins": ["https://partner.example.com"],
        "realm_access": { "roles": ["offline_access", "default-roles-sales", "sales:read", "persons:read"] },
        "resource_access": { "account": { "roles": ["manage-account", "view-profile"] } },
        "scope": "profile email", "email_verified": true, "preferred_username": "partner",
        "org": "acme", "territories": ["1", "4"],
    });
    let header = json!({ "alg": "RS256", "typ": "JWT", "kid": "1a2b" });
    let principal = accepted("keycloak", header, &claims).await;
    check(&principal, "f3a1c2d4-0b1e-4c55-9d3c-0a5b6c7d8e9f", "acme", "sales:read persons:read");
}

#[tokio::test]
async fn auth0() {
    let claims = json!({
        "https://salesgraph.example.com/org": "acme",
        "https://salesgraph.example.com/territories": [1, 4],
        "iss": "https://tenant.eu.auth0.com/", "sub": "auth0|65a1b2c3d4e5f6a7b8c9d0e1",
        "aud": ["https://salesgraph.example.com/", "https://tenant.eu.auth0.com/userinfo"],
        "iat": in_seconds(0), "exp": in_seconds(300), "scope": "openid profile",
        "azp": "aBcDeFgHiJkLmNoPqRsTuVwXyZ012345", "permissions": ["sales:read", "reports:read"],
    });
    let header = json!({ "alg": "RS256", "typ": "JWT", "kid": "1a2b" });
    let principal = accepted("auth0", header, &claims).await;
    check(&principal, "auth0|65a1b2c3d4e5f6a7b8c9d0e1", "acme", "sales:read reports:read");
}

#[tokio::test]
async fn cognito() {
    let claims = json!({
        "sub": "6a1b2c3d4e5f6g7h8i9j", "token_use": "access",
        "scope": "salesgraph/sales:read salesgraph/persons:read aws.cognito.signin.user.admin",
        "auth_time": in_seconds(0), "version": 2, "jti": "2d5e7c1a",
        "iss": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI",
        "exp": in_seconds(300), "iat": in_seconds(0), "client_id": "6a1b2c3d4e5f6g7h8i9j",
        "custom:org": "acme", "custom:territories": "1,4",
    });
    let header = json!({ "kid": "1a2b", "alg": "RS256" });
    let principal = accepted("cognito", header, &claims).await;
    check(&principal, "6a1b2c3d4e5f6g7h8i9j", "acme", "sales:read persons:read");
}

#[tokio::test]
async fn okta() {
    let claims = json!({
        "ver": 1, "jti": "AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE",
        "iss": "https://dev-1234567.okta.com/oauth2/default", "aud": "api://default",
        "iat": in_seconds(0), "exp": in_seconds(300), "cid": "0oa1b2c3d4e5f6g7h8i9",
        "uid": "00u1b2c3d4e5f6g7h8i9", "scp": ["openid", "sales:read", "persons:read"],
        "auth_time": in_seconds(0), "sub": "partner@example.com", "org": "acme",
        "territories": [1, 4],
    });
    let header = json!({ "kid": "1a2b", "alg": "RS256" });
    let principal = accepted("okta", header, &claims).await;
    check(&principal, "partner@example.com", "acme", "sales:read persons:read");
}
