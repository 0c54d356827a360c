//! Why credentials are not accepted.

/// Why credentials are not accepted. It goes to the log and not to the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// They are missing or wrong.
    #[error("{0}")]
    Unauthenticated(String),
    /// They cannot be checked now.
    #[error("{0}")]
    Unavailable(String),
}

impl Denied {
    pub(super) fn because(reason: impl Into<String>) -> Self {
        Self::Unauthenticated(reason.into())
    }
}

/// Most characters of a caller's text in the log.
const SHOWN: usize = 40;

/// A text that the caller wrote, for the log: quoted, escaped and shortened.
pub(super) fn shown(text: &str) -> String {
    let short: String = text.chars().take(SHOWN).collect();
    let more = if short.len() < text.len() { "..." } else { "" };
    format!("{short:?}{more}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callers_text_is_one_short_line() {
        assert_eq!(shown("key\n1"), r#""key\n1""#);
        assert_eq!(shown(&"é".repeat(41)), format!("\"{}\"...", "é".repeat(40)));
    }
}
