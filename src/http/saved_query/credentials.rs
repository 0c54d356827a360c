//! Credentials of programs that know user and password only, such as Excel and Power BI: a
//! token or an API key as the password, or as the user where there is no password.

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Longest credentials that are decoded; longer ones are refused as they are.
const MAX_BYTES: usize = 16 * 1024;

/// The headers with `Authorization: Basic` as `Bearer`.
pub(super) fn as_bearer(headers: &HeaderMap) -> HeaderMap {
    let mut credentials = HeaderMap::new();
    for sent in headers.get_all(AUTHORIZATION) {
        credentials.append(AUTHORIZATION, bearer(sent).unwrap_or_else(|| sent.clone()));
    }
    for id in headers.get_all("x-request-id") {
        credentials.append("x-request-id", id.clone());
    }
    credentials
}

fn bearer(sent: &HeaderValue) -> Option<HeaderValue> {
    let (scheme, encoded) = sent.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") || encoded.len() > MAX_BYTES {
        return None;
    }
    let decoded = STANDARD.decode(encoded.trim()).ok()?;
    let (user, password) = str::from_utf8(&decoded).ok()?.split_once(':')?;
    let secret = if password.is_empty() { user } else { password };
    let mut value = HeaderValue::try_from(format!("Bearer {secret}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_the_token() {
        let of = |sent: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, HeaderValue::from_str(sent).unwrap());
            as_bearer(&headers)[AUTHORIZATION].to_str().unwrap().to_owned()
        };
        let basic = |text: &str| format!("basic {}", STANDARD.encode(text));
        assert_eq!(of(&basic("anyone:sgk_1:2")), "Bearer sgk_1:2");
        assert_eq!(of(&basic("a.b.c:")), "Bearer a.b.c");
        assert_eq!(of("Bearer a.b.c"), "Bearer a.b.c");
        for other in ["Basic !", "Basic", "Digest a:b"] {
            assert_eq!(of(other), other);
        }
    }
}
