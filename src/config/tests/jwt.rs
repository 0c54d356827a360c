//! The issuers of tokens.

use super::*;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A complete issuer by HS256, with these changes.
fn issuer<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let complete = [
        ("JWT_ALGORITHM", "HS256"),
        ("JWT_SECRET", SECRET),
        ("JWT_ISSUER", "https://issuer.example/"),
        ("JWT_AUDIENCE", "one, two"),
    ];
    let kept = complete.iter().filter(|(name, _)| !changes.iter().any(|(other, _)| other == name));
    kept.chain(changes).copied().collect()
}

#[test]
fn without_keys_there_is_no_issuer() {
    assert!(env(&[]).load().expect("valid").jwt.issuers.is_empty());
}

#[test]
fn an_issuer_has_the_documented_claims() {
    let config = env(&issuer(&[])).load().expect("valid");
    let [issuer] = &config.jwt.issuers[..] else { panic!("{:?}", config.jwt) };
    assert_eq!(issuer.issuer, "https://issuer.example/");
    assert_eq!(issuer.audience, ["one", "two"]);
    let ClaimNames { audience, subject, org, scope, territories } = &issuer.claims;
    let names = [audience, subject, org, scope, territories];
    assert_eq!(names, ["aud", "sub", "org", "scope", "territories"]);
    assert!(!issuer.territories_required);
    assert!(!format!("{config:?}").contains(SECRET));
    let shown = config.entries().iter().find(|entry| entry.key.env == "JWT_SECRET");
    assert_eq!(shown.and_then(|entry| entry.value.as_deref()), Some("***"));
}

#[test]
fn a_half_configured_issuer_is_refused() {
    for (changes, part) in [
        (&[("JWT_ALGORITHM", "")][..], "jwt.algorithm is not set"),
        (&[("JWT_ISSUER", "")], "jwt.issuer is not set"),
        (&[("JWT_AUDIENCE", "")], "jwt.audience is not set"),
        (&[("JWT_SECRET", "")], "jwt.secret is not set"),
        (&[("JWT_SECRET", "short")], "32 bytes or more"),
        (&[("JWT_ALGORITHM", "none")], "HS256, RS256, ES256, EdDSA"),
        (&[("JWT_ALGORITHM", "HS256,")], "HS256, RS256, ES256, EdDSA"),
        (&[("JWT_AUDIENCE", "one,,two")], "separated by commas"),
        (&[("JWT_ALGORITHM", "RS256")], "which jwt.algorithm does not list"),
        (&[("JWT_ALGORITHM", "RS256"), ("JWT_SECRET", "")], "set jwt.jwks_url or jwt.jwks_file"),
        (&[("JWT_ALGORITHM", "HS256,RS256")], "set jwt.jwks_url or jwt.jwks_file"),
        (&[("JWT_JWKS_FILE", "/keys.json")], "leave out jwt.jwks_url and jwt.jwks_file"),
        (
            &[
                ("JWT_ALGORITHM", "HS256,ES256"),
                ("JWT_JWKS_FILE", "/keys.json"),
                ("JWT_JWKS_URL", "https://issuer.example/keys"),
            ],
            "both set",
        ),
    ] {
        let error = env(&issuer(changes)).error().to_string();
        assert!(error.contains(part) && !error.contains(SECRET), "{changes:?}: {error}");
    }
    let error = env(&[("JWT_CLAIM_ORG", "o")]).error().to_string();
    assert!(error.contains("jwt.algorithm is not set"), "{error}");
    let error = env(&issuer(&[("JWT_SECRET", "hunter2")])).error().detail();
    assert!(!error.contains("hunter2"), "{error}");
}

#[test]
fn keys_come_over_https_or_from_this_machine() {
    let url = |url: &str| {
        let changes = [("JWT_ALGORITHM", "RS256,EdDSA"), ("JWT_SECRET", ""), ("JWT_JWKS_URL", url)];
        env(&issuer(&changes)).load()
    };
    for good in [
        "https://issuer.example/keys?v=1",
        "http://localhost:8080/keys",
        "http://127.0.0.1/keys",
        "http://[::1]:1/keys",
    ] {
        let config = url(good).expect(good);
        let location = JwksLocation::Url(good.parse().expect("a URL"));
        assert_eq!(config.jwt.issuers[0].jwks, Some(location));
    }
    for bad in [
        "http://issuer.example/keys",
        "http://localhost.example/keys",
        "http://169.254.169.254/",
        "file:///keys",
        "https://user:hunter2@issuer.example/keys",
        "/keys",
        "https://",
    ] {
        let error = url(bad).expect_err(bad).to_string();
        assert!(error.contains("https URL") && !error.contains("hunter2"), "{error}");
    }
}

#[test]
fn a_file_has_several_issuers() {
    let text = format!(
        "[jwt]\nalgorithm = \"HS256\"\nsecret = \"{SECRET}\"\nissuer = \"own\"\naudience = \"api\"\n\
         [jwt.partner]\nalgorithm = [\"RS256\", \"ES256\"]\njwks_file = \"/keys.json\"\n\
         issuer = \"partner\"\naudience = [\"a\", \"b\"]\nclaim_scope = \"realm_access.roles\"\n\
         territories_required = true\n"
    );
    let config = file(&text).load().expect("valid");
    let [own, partner] = &config.jwt.issuers[..] else { panic!("{:?}", config.jwt) };
    assert_eq!((&*own.issuer, &*partner.issuer), ("own", "partner"));
    assert_eq!(partner.audience, ["a", "b"]);
    assert_eq!(partner.algorithms.len(), 2);
    assert_eq!((own.territories_required, partner.territories_required), (false, true));
    assert_eq!((&*own.claims.scope, &*partner.claims.scope), ("scope", "realm_access.roles"));
    let shown: Vec<String> = config.entries().iter().map(ToString::to_string).collect();
    assert!(shown.contains(&"jwt.partner.claim_scope".to_owned()), "{shown:?}");

    for (change, part) in [
        (text.replace("issuer = \"partner\"", "issuer = \"own\""), "two issuers"),
        (text.replace("issuer = \"partner\"", ""), "jwt.partner.issuer is not set"),
        (text.replace("claim_scope", "claim_scopes"), "`claim_scopes` in section [jwt.partner]"),
        (text.replace("[\"a\", \"b\"]", "[1]"), "a list of texts"),
        (text.replace("\"realm_access.roles\"", "[\"roles\"]"), "not a list"),
        (text.replace("[jwt.partner]", "[jwt.partner.more]"), "section [jwt.partner]"),
        (text.replace("[jwt.partner]", "[cache.partner]"), "section [cache]"),
    ] {
        let error = file(&change).error().to_string();
        assert!(error.contains(part) && !error.contains(SECRET), "{error}");
    }
}
