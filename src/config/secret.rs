//! Values that must not appear in a log or on a terminal.

use std::fmt;

/// Replaces a secret.
pub(super) const MASK: &str = "***";

/// A secret: `Debug` and `Display` mask it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps `value`.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The secret itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// `url` with the password of its user and of its parameters masked.
///
/// Also of an invalid URL, such as one whose password has an unescaped `/` or `@`: it
/// rather masks too much than too little.
pub(super) fn mask_password(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").map_or(("", url), |(scheme, rest)| (scheme, rest));
    let rest = match rest.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((name, _)) => format!("{name}:{MASK}@{}", mask_parameters(host)),
            None => format!("{user}@{}", mask_parameters(host)),
        },
        None => mask_parameters(rest),
    };
    if scheme.is_empty() { rest } else { format!("{scheme}://{rest}") }
}

fn mask_parameters(rest: &str) -> String {
    let Some((path, parameters)) = rest.split_once('?') else { return rest.to_owned() };
    let masked: Vec<String> = parameters
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, _)) if name.contains("password") => format!("{name}={MASK}"),
            _ => pair.to_owned(),
        })
        .collect();
    format!("{path}?{}", masked.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_masked() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret} {secret:?}"), "*** ***");
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn passwords_of_urls_are_masked() {
        for (url, masked) in [
            ("postgres://u:p@host:5432/db", "postgres://u:***@host:5432/db"),
            ("postgres://u@host/db?sslmode=require", "postgres://u@host/db?sslmode=require"),
            ("postgres://host/db?user=u&password=p", "postgres://host/db?user=u&password=***"),
            ("postgres://u:a/b@c?d@host/db", "postgres://u:***@host/db"),
            ("u:p@host", "u:***@host"),
        ] {
            assert_eq!(mask_password(url), masked);
        }
    }
}
