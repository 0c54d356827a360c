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
    fn get(&self, name: &str) -> Option<&Value> {
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
        let is_for_us = match self.get(&issuer.claims.audience) {
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
        match self.get(&names.subject) {
            Some(Value::String(subject)) if (1..=SUBJECT_BYTES).contains(&subject.len()) => {
                Ok(subject.clone())
            }
            _ => Err(wrong(&names.subject, "a text, not an empty or a long one")),
        }
    }

    /// What the caller may see and do.
    pub(super) fn scope(&self, issuer: &IssuerConfig) -> Result<Scope, Denied> {
        let names = &issuer.claims;
        let org = match self.get(&names.org) {
            None => None,
            Some(Value::String(org)) if is_organisation(org) => Some(org.clone()),
            Some(_) => return Err(wrong(&names.org, "1 to 63 of a-z, 0-9 and -")),
        };
        let territories = match self.get(&names.territories) {
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
        let scopes: Vec<&str> = match self.get(&issuer.claims.scope) {
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

/// A name may have dots of its own, as a URL has, and so may each part of a path.
fn find<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.get(name).or_else(|| {
        name.match_indices('.').find_map(|(at, _)| {
            let (first, rest) = name.split_at_checked(at)?;
            find(object.get(first)?.as_object()?, rest.strip_prefix('.')?)
        })
    })
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
            ("a.b.c", None),
            ("", None),
            (".", None),
        ] {
            assert_eq!(find(object, name).and_then(Value::as_i64), value, "{name}");
        }
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
