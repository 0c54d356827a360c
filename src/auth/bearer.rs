//! The credentials in the `Authorization` headers of a request.

use super::api_key::PREFIX;
use super::denied::Denied;

/// Longest token. A token of an identity provider has one or two kilobytes.
const MAX_BYTES: usize = 8 * 1024;

/// What a caller shows.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Credentials<'a> {
    /// A JSON web token.
    Token(&'a str),
    /// An API key.
    Key(&'a str),
}

impl<'a> Credentials<'a> {
    /// Those in the values of all `Authorization` headers.
    pub(super) fn of(authorization: &[&'a [u8]]) -> Result<Self, Denied> {
        let value = match authorization {
            [value] => *value,
            [] => return Err(Denied::because("there is no Authorization header")),
            several => {
                let message = format!("there are {} Authorization headers", several.len());
                return Err(Denied::because(message));
            }
        };
        if value.len() > MAX_BYTES {
            return Err(Denied::because(format!("the token has more than {MAX_BYTES} bytes")));
        }
        let value = str::from_utf8(value).ok().filter(|value| value.is_ascii());
        let value = value.ok_or_else(|| Denied::because("the token is not ASCII"))?;
        let bearer = value.split_once(' ').filter(|(scheme, _)| {
            // RFC 9110: the name of a scheme is case-insensitive.
            scheme.eq_ignore_ascii_case("Bearer")
        });
        let (_, token) = bearer.ok_or_else(|| Denied::because("the scheme is not Bearer"))?;
        let token = token.trim_matches(' ');
        let is_one = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        match is_one {
            false => Err(Denied::because("the token is empty or has spaces")),
            true if token.starts_with(PREFIX) => Ok(Self::Key(token)),
            true => Ok(Self::Token(token)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_header_with_the_scheme_bearer_is_accepted() {
        let of = |value: &'static str| Credentials::of(&[value.as_bytes()]);
        for value in ["Bearer a.b.c", "bearer a.b.c", "BEARER  a.b.c "] {
            assert_eq!(of(value), Ok(Credentials::Token("a.b.c")), "{value}");
        }
        assert_eq!(of("Bearer sgk_1"), Ok(Credentials::Key("sgk_1")));
        for value in [
            "", "Bearer", "Bearer ", "Bearer\ta.b.c", "Basic a.b.c", "a.b.c", "Bearer a b",
            "Bearer é",
        ] {
            assert!(of(value).is_err(), "{value}");
        }
        assert!(Credentials::of(&[]).is_err());
        assert!(Credentials::of(&[b"Bearer a", b"Bearer a"]).is_err());
        assert!(Credentials::of(&[b"Bearer \xff"]).is_err());
        let long = format!("Bearer {}", "a".repeat(MAX_BYTES));
        assert!(Credentials::of(&[long.as_bytes()]).is_err());
    }
}
