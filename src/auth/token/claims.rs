//! From the claims of a verified token to its scope. A claim of the wrong type is an error,
//! never as if it were missing: without territories a caller sees all.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

use crate::auth::denied::Denied;
use crate::auth::{Grant, Grants, Scope, is_organisation};
use crate::config::{ClaimNames, IssuerConfig};

/// How far the clocks of an issuer and of this machine may be apart.
pub(super) const LEEWAY: Duration = Duration::from_secs(30);
/// Most territories that a token may list.
const TERRITORIES: usize = 1_000;
/// Longest subject.
const SUBJECT_BYTES: usize = 255;

/// The claims of a token.
pub(super) struct Claims<'a>(pub(super) &'a Map<String, Value>);

impl Claims<'_> {
    /// The claim of that name, else what the parts of the name between its dots lead to.
    fn get(&self, name: &str) -> Result<Option<&Value>, Denied> {
        find(self.0, name)
    }

    /// The issuer that the token claims to be from.
    pub(super) fn issuer(&self) -> Option<&str> {
        self.0.get("iss").and_then(Value::as_str)
    }

    /// When the token ends, if it is valid now and meant for this API.
    pub(super) fn check(&self, issuer: &IssuerConfig) -> Result<SystemTime, Denied> {
        let now = SystemTime::now();
        let since = |name: &str| match self.0.get(name) {
            None => Ok(None),
            // RFC 7519 allows fractions; no known issuer writes them.
            Some(value) => value
                .as_u64()
                .and_then(|seconds| {
                    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
                })
                .map(Some)
                .ok_or_else(|| Denied::because(format!("{name} is no whole number of seconds"))),
        };
        let end = since("exp")?.and_then(|end| end.checked_add(LEEWAY));
        let end = end.ok_or_else(|| Denied::because("there is no exp, or it is out of range"))?;
        if end <= now {
            return Err(Denied::because("the token has expired"));
        }
        if since("nbf")?.is_some_and(|begin| begin > now + LEEWAY) {
            return Err(Denied::because("the token is not valid yet"));
        }
        let is_ours = |value: &Value| {
            value.as_str().is_some_and(|name| issuer.audience.iter().any(|own| own == name))
        };
        let is_for_us = match self.get(&issuer.claims.audience)? {
            Some(Value::Array(names)) => names.iter().any(is_ours),
            Some(name) => is_ours(name),
            None => false,
        };
        if !is_for_us {
            return Err(Denied::because("the token is for another audience"));
        }
        Ok(end)
    }

    /// The caller.
    pub(super) fn subject(&self, names: &ClaimNames) -> Result<String, Denied> {
        match self.get(&names.subject)? {
            Some(Value::String(subject)) if (1..=SUBJECT_BYTES).contains(&subject.len()) => {
                Ok(subject.clone())
            }
            _ => Err(wrong(&names.subject, "a text, not an empty or a long one")),
        }
    }

    /// What the caller may see and do.
    pub(super) fn scope(&self, issuer: &IssuerConfig) -> Result<Scope, Denied> {
        let names = &issuer.claims;
        let org = match self.get(&names.org)? {
            None => None,
            Some(Value::String(org)) if is_organisation(org) => Some(org.clone()),
            Some(_) => return Err(wrong(&names.org, "1 to 63 of a-z, 0-9 and -")),
        };
        let territories = match self.get(&names.territories)? {
            None if issuer.territories_required => {
                return Err(Denied::because(format!("there is no claim {:?}", names.territories)));
            }
            None => None,
            Some(value) => Some(territories(value).ok_or_else(|| {
                let expected =
                    format!("a list of ids, or a text of ids with commas, at most {TERRITORIES}");
                wrong(&names.territories, &expected)
            })?),
        };
        Ok(Scope::new(org, self.grants(issuer)?, territories))
    }

    fn grants(&self, issuer: &IssuerConfig) -> Result<Grants, Denied> {
        let expected = || wrong(&issuer.claims.scope, "a text or a list of texts");
        let scopes: Vec<&str> = match self.get(&issuer.claims.scope)? {
            None => Vec::new(),
            Some(Value::String(text)) => text.split_ascii_whitespace().collect(),
            Some(Value::Array(list)) => {
                list.iter().map(Value::as_str).collect::<Option<_>>().ok_or_else(expected)?
            }
            Some(_) => return Err(expected()),
        };
        let prefix = issuer.scope_prefix.as_deref().unwrap_or_default();
        let own = scopes.iter().filter_map(|scope| scope.strip_prefix(prefix));
        Ok(own.filter_map(Grant::named).collect())
    }
}

fn wrong(claim: &str, expected: &str) -> Denied {
    Denied::because(format!("the claim {claim:?} is not {expected}"))
}

/// A name may have dots of its own, as a URL has, and so may each part of a path. A part that
/// is there and leads nowhere is an error: the claim is not missing, it is wrong.
fn find<'a>(object: &'a Map<String, Value>, name: &str) -> Result<Option<&'a Value>, Denied> {
    if let Some(value) = object.get(name) {
        return Ok(Some(value));
    }
    for (at, _) in name.match_indices('.') {
        let (Some(first), Some(rest)) = (name.get(..at), name.get(at + 1..)) else { continue };
        let Some(value) = object.get(first) else { continue };
        let inner = value.as_object().ok_or_else(|| wrong(first, "an object"))?;
        if let Some(found) = find(inner, rest)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn territories(value: &Value) -> Option<Vec<i32>> {
    let of_text = |text: &str| text.trim().parse().ok();
    let ids: Option<Vec<i32>> = match value {
        Value::Array(list) => list
            .iter()
            .take(TERRITORIES + 1)
            .map(|id| match id {
                Value::Number(id) => id.as_i64().and_then(|id| i32::try_from(id).ok()),
                Value::String(id) => of_text(id),
                _ => None,
            })
            .collect(),
        Value::String(text) => text.split(',').take(TERRITORIES + 1).map(of_text).collect(),
        _ => None,
    };
    ids.filter(|ids| ids.len() <= TERRITORIES)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_claim_is_found_by_its_name_or_its_path() {
        let object = json!({
            "a": { "b": 1, "c.d": { "e": 2 } },
            "a.b": 3,
            "https://example.com/territories": 4,
        });
        let object = object.as_object().unwrap();
        for (name, value) in [
            ("a.b", Some(3)),
            ("a.c.d.e", Some(2)),
            ("https://example.com/territories", Some(4)),
            ("a.x", None),
            ("a.c.d", None),
            ("x.b", None),
            ("", None),
            (".", None),
        ] {
            assert_eq!(find(object, name).unwrap().and_then(Value::as_i64), value, "{name}");
        }
        for name in ["a.b.c", "a.b.c.d", "a.c.d.e.f"] {
            assert!(find(object, name).is_err(), "{name}");
        }
    }

    /// An issuer whose claims are all in objects.
    fn issuer() -> IssuerConfig {
        let of = |name: &str| format!("{name}.of.app");
        IssuerConfig {
            algorithms: [].into(),
            secret: None,
            jwks: None,
            issuer: "issuer".to_owned(),
            audience: vec!["api".to_owned()],
            claims: ClaimNames {
                audience: of("aud"),
                subject: of("sub"),
                org: of("org"),
                scope: of("scope"),
                territories: of("territories"),
            },
            territories_required: false,
            scope_prefix: None,
        }
    }

    /// The claims of a token of it.
    fn claims() -> Map<String, Value> {
        let claims = json!({
            "exp": u32::MAX,
            "aud": { "of": { "app": "api" } },
            "sub": { "of": { "app": "partner" } },
            "org": { "of": { "app": "acme" } },
            "scope": { "of": { "app": "sales:read" } },
            "territories": { "of": { "app": [1, 4] } },
        });
        claims.as_object().unwrap().clone()
    }

    fn read(claims: &Map<String, Value>, issuer: &IssuerConfig) -> Result<Scope, Denied> {
        let claims = Claims(claims);
        claims.check(issuer)?;
        claims.subject(&issuer.claims)?;
        claims.scope(issuer)
    }

    #[test]
    fn a_path_that_ends_before_its_claim_is_refused() {
        let issuer = issuer();
        let scope = read(&claims(), &issuer).unwrap();
        assert_eq!((scope.org(), scope.territories()), (Some("acme"), Some(&[1, 4][..])));
        assert_eq!(scope.grants().to_string(), "sales:read");
        for name in ["aud", "sub", "org", "scope", "territories"] {
            for wrong in [json!(null), json!(false), json!(1), json!("1"), json!([]), json!([{}])] {
                for value in [wrong.clone(), json!({ "of": wrong })] {
                    let mut claims = claims();
                    claims.insert(name.to_owned(), value.clone());
                    let denied = read(&claims, &issuer).expect_err(name).to_string();
                    assert!(denied.contains("is not an object"), "{name} = {value}: {denied}");
                }
            }
            // What is at the end of the path is as wrong as a claim without dots.
            let mut claims = claims();
            claims.insert(name.to_owned(), json!({ "of": { "app": null } }));
            assert!(read(&claims, &issuer).is_err(), "{name}");
        }
    }

    #[test]
    fn a_path_that_is_not_there_is_a_missing_claim() {
        let may_be_missing = |name| matches!(name, "org" | "scope" | "territories");
        for name in ["aud", "sub", "org", "scope", "territories"] {
            for value in [None, Some(json!({})), Some(json!({ "of": {} }))] {
                let mut claims = claims();
                match &value {
                    None => drop(claims.remove(name)),
                    Some(value) => drop(claims.insert(name.to_owned(), value.clone())),
                }
                let is_read = read(&claims, &issuer()).is_ok();
                assert_eq!(is_read, may_be_missing(name), "{name} = {value:?}");
            }
        }
    }

    #[test]
    fn an_issuer_may_have_to_list_territories() {
        let issuer = IssuerConfig { territories_required: true, ..issuer() };
        assert_eq!(read(&claims(), &issuer).unwrap().territories(), Some(&[1, 4][..]));
        let mut claims = claims();
        claims.insert("territories".to_owned(), json!({ "of": { "app": [] } }));
        assert_eq!(read(&claims, &issuer).unwrap().territories(), Some(&[][..]));
        claims.insert("territories".to_owned(), json!({ "of": {} }));
        let denied = read(&claims, &issuer).unwrap_err().to_string();
        assert!(denied.contains("territories.of.app"), "{denied}");
    }

    #[test]
    fn territories_are_ids_and_nothing_else() {
        for (value, ids) in [
            (json!([1, 4]), vec![1, 4]),
            (json!(["1", 4]), vec![1, 4]),
            (json!("1, 4"), vec![1, 4]),
            (json!("7"), vec![7]),
            (json!([]), vec![]),
        ] {
            assert_eq!(territories(&value), Some(ids), "{value}");
        }
        for value in [
            json!(null),
            json!(""),
            json!("all"),
            json!("1,"),
            json!(1),
            json!(true),
            json!({"1": 4}),
            json!([1.5]),
            json!([null]),
            json!([[1]]),
            json!([1_u64 << 40]),
            json!("99999999999"),
            json!(vec![1; TERRITORIES + 1]),
            json!("1,".repeat(TERRITORIES) + "1"),
        ] {
            assert_eq!(territories(&value), None, "{value}");
        }
    }
}
