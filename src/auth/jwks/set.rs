//! A set of public keys.

use jsonwebtoken::DecodingKey;
use serde_json::Value;

use super::key::PublicKey;
use crate::auth::denied::shown;
use crate::config::JwtAlgorithm;

/// Most keys of a set. Issuers have two to four.
const MAX_KEYS: usize = 100;

/// The keys of an issuer that may verify tokens.
#[derive(Default)]
pub(super) struct KeySet(Vec<PublicKey>);

impl KeySet {
    /// The set of a JSON text, without the keys that are not used; why they are not is logged.
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        let json: Value =
            serde_json::from_slice(text).map_err(|error| format!("it is not JSON: {error}"))?;
        let keys = json.get("keys").and_then(Value::as_array);
        let keys = keys.ok_or("it has no list of keys")?;
        if keys.len() > MAX_KEYS {
            return Err(format!("it has {} keys, and may have {MAX_KEYS}", keys.len()));
        }
        let usable = keys.iter().filter_map(|jwk| {
            let key = jwk.as_object().ok_or("it is no object").and_then(PublicKey::of);
            key.map_err(|reason| {
                let kid = shown(jwk.get("kid").and_then(Value::as_str).unwrap_or_default());
                tracing::debug!(kid, reason, "a key of an issuer is not used");
            })
            .ok()
        });
        Ok(Self(usable.collect()))
    }

    /// The key for an algorithm with this id, or the only one if the token has none.
    pub(super) fn find(&self, algorithm: JwtAlgorithm, id: Option<&str>) -> Option<&DecodingKey> {
        let fits = |key: &&PublicKey| {
            key.algorithm == algorithm && (id.is_none() || key.id.as_deref() == id)
        };
        let mut fitting = self.0.iter().filter(fits);
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Some(&key.key),
            _ => None,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl PartialEq for KeySet {
    fn eq(&self, other: &Self) -> bool {
        self.0.iter().map(|key| &key.source).eq(other.0.iter().map(|key| &key.source))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ed(id: Option<&str>, byte: char) -> Value {
        let x = std::iter::repeat_n(byte, 42).chain(['A']).collect::<String>();
        let mut jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": x });
        if let Some(id) = id {
            jwk["kid"] = json!(id);
        }
        jwk
    }

    fn set(keys: &[Value]) -> KeySet {
        KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_token_names_its_key_unless_there_is_one_only() {
        let one = set(&[json!({ "kty": "unknown" }), json!(1), ed(Some("a"), 'A')]);
        assert_eq!(one.len(), 1);
        let has = |set: &KeySet, id| set.find(JwtAlgorithm::EdDsa, id).is_some();
        assert!(has(&one, Some("a")) && has(&one, None) && !has(&one, Some("b")));
        assert!(one.find(JwtAlgorithm::Rs256, Some("a")).is_none());
        let two = set(&[ed(Some("a"), 'A'), ed(Some("b"), 'B'), ed(None, 'C')]);
        assert!(has(&two, Some("a")) && has(&two, Some("b")) && !has(&two, None));
        // Which one is meant cannot be known.
        let twice = set(&[ed(Some("a"), 'A'), ed(Some("a"), 'B')]);
        assert!(!has(&twice, Some("a")));
    }

    #[test]
    fn sets_are_equal_if_their_keys_are() {
        assert!(set(&[ed(Some("a"), 'A')]) == set(&[ed(Some("a"), 'A')]));
        assert!(set(&[ed(Some("a"), 'A')]) != set(&[ed(Some("a"), 'B')]));
        assert!(set(&[ed(Some("a"), 'A')]) != set(&[]));
    }

    #[test]
    fn what_is_no_set_is_refused() {
        for text in ["", "[]", "{}", r#"{"keys":{}}"#] {
            assert!(KeySet::parse(text.as_bytes()).is_err(), "{text}");
        }
        let many = json!({ "keys": vec![json!({}); MAX_KEYS + 1] }).to_string();
        assert!(KeySet::parse(many.as_bytes()).is_err());
    }
}
