//! A token's parts, decoded and not yet verified.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::json;
use crate::auth::denied::{Denied, shown};
use crate::config::JwtAlgorithm;

/// Longest name of a key.
const KEY_ID_BYTES: usize = 512;

/// A token in its compact form, decoded.
pub(super) struct Parts<'a> {
    pub(super) algorithm: JwtAlgorithm,
    /// The name of the key: any text, and no more than that.
    pub(super) key_id: Option<String>,
    pub(super) claims: Map<String, Value>,
    /// What is signed: the first two parts.
    pub(super) message: &'a [u8],
    pub(super) signature: &'a str,
}

impl<'a> Parts<'a> {
    pub(super) fn of(token: &'a str) -> Result<Self, Denied> {
        let mut parts = token.split('.');
        let (Some(header), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Denied::because("the token does not have three parts"));
        };
        let message = token.as_bytes().get(..header.len() + 1 + claims.len()).unwrap_or_default();
        let header = decode("header", header)?;
        // RFC 7515, 4.1.11: who does not understand what is critical refuses the token.
        if header.contains_key("crit") {
            return Err(Denied::because("the token has critical headers"));
        }
        let is_typed = match header.get("typ") {
            None => true,
            Some(Value::String(typ)) => ["JWT", "at+jwt", "application/at+jwt"]
                .iter()
                .any(|it| it.eq_ignore_ascii_case(typ)),
            Some(_) => false,
        };
        if !is_typed {
            return Err(Denied::because("the token is not an access token by its typ"));
        }
        let algorithm = match header.get("alg") {
            Some(Value::String(name)) => named(name)
                .ok_or_else(|| Denied::because(format!("the algorithm is {}", shown(name))))?,
            _ => return Err(Denied::because("the token names no algorithm")),
        };
        let key_id = match header.get("kid") {
            None => None,
            Some(Value::String(id)) if id.len() <= KEY_ID_BYTES => Some(id.clone()),
            Some(_) => return Err(Denied::because("the kid is no text, or a long one")),
        };
        Ok(Self { algorithm, key_id, claims: decode("claims", claims)?, message, signature })
    }
}

/// The algorithm as headers name it. RFC 9864 has its own name for EdDSA on Ed25519.
fn named(name: &str) -> Option<JwtAlgorithm> {
    match name {
        "Ed25519" => Some(JwtAlgorithm::EdDsa),
        name => name.parse().ok(),
    }
}

fn decode(what: &str, part: &str) -> Result<Map<String, Value>, Denied> {
    let text = URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| Denied::because(format!("the {what} of the token: not base64url")))?;
    json::object(&text)
        .map_err(|problem| Denied::because(format!("the {what} of the token: {problem}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(header: &str) -> Result<(JwtAlgorithm, Option<String>), Denied> {
        let token =
            format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode("{}"));
        let parts = Parts::of(&token)?;
        assert_eq!(parts.signature, "c2ln");
        assert_eq!(token.as_bytes(), [parts.message, b".c2ln"].concat());
        Ok((parts.algorithm, parts.key_id))
    }

    #[test]
    fn headers_that_are_understood_are_accepted() {
        let key = Some("1".to_owned());
        assert_eq!(
            of(r#"{"alg":"ES256","kid":"1","typ":"at+jwt"}"#),
            Ok((JwtAlgorithm::Es256, key))
        );
        assert_eq!(of(r#"{"alg":"Ed25519","typ":"jwt"}"#), Ok((JwtAlgorithm::EdDsa, None)));
        // Keys that the token itself brings are not looked at.
        assert!(of(r#"{"alg":"HS256","jku":"https://example.com","jwk":{}}"#).is_ok());
    }

    #[test]
    fn other_headers_are_refused() {
        let long = format!(r#"{{"alg":"HS256","kid":"{}"}}"#, "k".repeat(KEY_ID_BYTES + 1));
        for header in [
            "{}",
            "[]",
            r#"{"alg":"none"}"#,
            r#"{"alg":"None"}"#,
            r#"{"alg":"HS512"}"#,
            r#"{"alg":null}"#,
            r#"{"alg":"HS256","alg":"HS256"}"#,
            r#"{"alg":"HS256","kid":1}"#,
            r#"{"alg":"HS256","crit":["exp"],"exp":1}"#,
            r#"{"alg":"HS256","crit":[]}"#,
            r#"{"alg":"HS256","typ":"dpop+jwt"}"#,
            r#"{"alg":"HS256","typ":1}"#,
            &long,
        ] {
            assert!(of(header).is_err(), "{header}");
        }
        let good = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#);
        for token in [
            "",
            ".",
            "..",
            "a.b",
            &format!("{good}.e30"),
            &format!("{good}.e30.a.b"),
            &format!("{good}=.e30.a"),
            &format!("{good}.e31.a"),
            &format!("{good}..a"),
        ] {
            assert!(Parts::of(token).is_err(), "{token}");
        }
    }
}
