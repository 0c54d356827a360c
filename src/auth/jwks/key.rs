//! A JSON web key that may verify tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde_json::{Map, Value};

use crate::config::JwtAlgorithm;

/// RSA keys from 2,048 bits are safe; beyond 8,192 the library refuses them.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2_048..=8_192;
/// Bytes of a coordinate on P-256, and of a key on Ed25519.
const COORDINATE_BYTES: usize = 32;

/// A public key.
#[derive(Clone)]
pub(super) struct PublicKey {
    pub(super) id: Option<String>,
    pub(super) algorithm: JwtAlgorithm,
    pub(super) key: DecodingKey,
    /// The key as it was published, by which two are compared.
    pub(super) source: Map<String, Value>,
}

impl PublicKey {
    /// The key, or why it is not used. Members that restrict a key do so here: the library
    /// does not look at them.
    pub(super) fn of(jwk: &Map<String, Value>) -> Result<Self, &'static str> {
        let text = |name: &str| match jwk.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err("a member is no text"),
        };
        if ["d", "p", "q", "k"].iter().any(|private| jwk.contains_key(*private)) {
            return Err("it is a private or a shared key, which must not be published");
        }
        if text("use")?.is_some_and(|used| used != "sig") {
            return Err("its use is not sig");
        }
        let may_verify = match jwk.get("key_ops") {
            None => true,
            Some(Value::Array(ops)) => ops.iter().any(|op| op == "verify"),
            Some(_) => false,
        };
        if !may_verify {
            return Err("its key_ops do not have verify");
        }
        let (algorithm, key) = match (text("kty")?, text("crv")?) {
            (Some("RSA"), _) => (JwtAlgorithm::Rs256, rsa(text("n")?, text("e")?)?),
            (Some("EC"), Some("P-256")) => (JwtAlgorithm::Es256, p256(text("x")?, text("y")?)?),
            (Some("OKP"), Some("Ed25519")) => (JwtAlgorithm::EdDsa, ed25519(text("x")?)?),
            _ => return Err("it is of another kind"),
        };
        let names: &[&str] = match algorithm {
            JwtAlgorithm::Hs256 => &[],
            JwtAlgorithm::Rs256 => &["RS256"],
            JwtAlgorithm::Es256 => &["ES256"],
            JwtAlgorithm::EdDsa => &["EdDSA", "Ed25519"],
        };
        if text("alg")?.is_some_and(|alg| !names.contains(&alg)) {
            return Err("it is for another algorithm");
        }
        let id = text("kid")?.map(str::to_owned);
        Ok(Self { id, algorithm, key, source: jwk.clone() })
    }
}

fn decode(text: Option<&str>) -> Result<Vec<u8>, &'static str> {
    let text = text.ok_or("a member is missing")?;
    URL_SAFE_NO_PAD.decode(text).map_err(|_| "a member is not base64url")
}

fn rsa(n: Option<&str>, e: Option<&str>) -> Result<DecodingKey, &'static str> {
    let (n, e) = (decode(n)?, decode(e)?);
    let significant = n.iter().position(|byte| *byte != 0).and_then(|zeros| n.get(zeros..));
    let bits = significant.map_or(0, |bytes| {
        bytes.len() * 8 - bytes.first().map_or(0, |first| first.leading_zeros() as usize)
    });
    if !RSA_BITS.contains(&bits) {
        return Err("its modulus does not have 2048 to 8192 bits");
    }
    Ok(DecodingKey::from_rsa_raw_components(significant.unwrap_or_default(), &e))
}

/// RFC 7518, 6.2.1.2: a coordinate has all its bytes, zeros at the beginning too.
fn p256(x: Option<&str>, y: Option<&str>) -> Result<DecodingKey, &'static str> {
    let (x, y) = (decode(x)?, decode(y)?);
    if x.len() != COORDINATE_BYTES || y.len() != COORDINATE_BYTES {
        return Err("its coordinates do not have 32 bytes");
    }
    Ok(DecodingKey::from_ec_der(&[&[4], &*x, &*y].concat()))
}

fn ed25519(x: Option<&str>) -> Result<DecodingKey, &'static str> {
    let x = decode(x)?;
    if x.len() != COORDINATE_BYTES {
        return Err("it does not have 32 bytes");
    }
    Ok(DecodingKey::from_ed_der(&x))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(jwk: &Value) -> Result<(JwtAlgorithm, Option<String>), &'static str> {
        PublicKey::of(jwk.as_object().unwrap()).map(|key| (key.algorithm, key.id))
    }

    fn bytes(length: usize) -> String {
        URL_SAFE_NO_PAD.encode(vec![0xFF; length])
    }

    #[test]
    fn a_key_is_for_the_algorithm_of_its_kind() {
        let rsa = json!({ "kty": "RSA", "n": bytes(256), "e": "AQAB", "kid": "a", "use": "sig" });
        assert_eq!(of(&rsa), Ok((JwtAlgorithm::Rs256, Some("a".to_owned()))));
        let ec = json!({ "kty": "EC", "crv": "P-256", "x": bytes(32), "y": bytes(32),
            "alg": "ES256", "key_ops": ["verify"] });
        assert_eq!(of(&ec), Ok((JwtAlgorithm::Es256, None)));
        for alg in ["EdDSA", "Ed25519"] {
            let ed = json!({ "kty": "OKP", "crv": "Ed25519", "x": bytes(32), "alg": alg });
            assert_eq!(of(&ed), Ok((JwtAlgorithm::EdDsa, None)));
        }
    }

    #[test]
    fn a_key_that_may_not_verify_or_is_weak_is_not_used() {
        let rsa = json!({ "kty": "RSA", "n": bytes(256), "e": "AQAB" });
        for (member, value) in [
            ("use", json!("enc")),
            ("use", json!(1)),
            ("key_ops", json!([])),
            ("key_ops", json!(["sign"])),
            ("key_ops", json!("verify")),
            ("alg", json!("RS512")),
            ("alg", json!("HS256")),
            ("alg", json!("ES256")),
            ("alg", json!(null)),
            ("d", json!("AQAB")),
            ("kid", json!(1)),
            ("n", json!(bytes(255))),
            ("n", json!(URL_SAFE_NO_PAD.encode([vec![0; 128], vec![0xFF; 128]].concat()))),
            ("n", json!(bytes(1_025))),
            ("n", json!("")),
            ("n", json!("=")),
            ("e", json!(null)),
            ("kty", json!("oct")),
            ("kty", json!("AKP")),
            ("kty", json!(null)),
        ] {
            let mut changed = rsa.clone();
            changed[member] = value.clone();
            assert!(of(&changed).is_err(), "{member}: {value}");
        }
        for jwk in [
            json!({ "kty": "oct", "k": bytes(32) }),
            json!({ "kty": "EC", "crv": "P-256", "x": bytes(31), "y": bytes(32) }),
            json!({ "kty": "EC", "crv": "P-384", "x": bytes(48), "y": bytes(48) }),
            json!({ "kty": "OKP", "crv": "Ed448", "x": bytes(57) }),
            json!({ "kty": "OKP", "crv": "Ed25519", "x": bytes(31) }),
            json!({}),
        ] {
            assert!(of(&jwk).is_err(), "{jwk}");
        }
    }
}
