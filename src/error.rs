//! The library's error type: a constant code, a public message, and a private source that
//! is only logged.

use std::error::Error as StdError;
use std::fmt;

/// The kind of failure. Codes are part of the API: clients match on them, so a code is
/// never renamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// The input is invalid; the message names it.
    BadUserInput,
    /// The caller is not allowed to; the message says what is missing.
    Forbidden,
    /// The requested object does not exist or is not visible.
    NotFound,
    /// The current state does not allow it: a held lock, a lost race.
    Conflict,
    /// Another loader holds the lock; the message names it.
    Locked,
    /// The configuration is invalid; the message names section and key.
    Config,
    /// A time limit was exceeded.
    Timeout,
    /// A dependency (Postgres, S3) does not answer.
    Unavailable,
    /// The lake lacks changes that Postgres has.
    LakeOutdated,
    /// There is no lake, or nothing that reads it.
    LakeUnavailable,
    /// What the lake, or the engine that reads it, has no answer to.
    LakeUnsupported,
    /// A question that is too large for the engine that reads the lake.
    LakeLimit,
    /// A bug in this program; the message has no internals.
    Internal,
}

impl Code {
    /// The code as clients see it, for instance `BAD_USER_INPUT`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::Conflict => "CONFLICT",
            Self::Locked => "LOCKED",
            Self::Config => "CONFIG",
            Self::Timeout => "TIMEOUT",
            Self::Unavailable => "UNAVAILABLE",
            Self::LakeOutdated => "LAKE_OUTDATED",
            Self::LakeUnavailable => "LAKE_UNAVAILABLE",
            Self::LakeUnsupported => "LAKE_UNSUPPORTED",
            Self::LakeLimit => "LAKE_LIMIT",
            Self::Internal => "INTERNAL",
        }
    }
}

/// A failure: [`Code`], public message, private source.
///
/// `Display` shows only the public message. [`Error::detail`] adds the chain of sources,
/// for logs and terminals, never for a response of the API.
#[derive(Debug)]
pub struct Error {
    code: Code,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// A result with the library's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error with a public message and no source.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), source: None }
    }

    /// A bug in this program; `message` is public as well.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Code::Internal, message)
    }

    /// The same error with the private cause attached.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The constant code.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The public message.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The message and its chain of sources, for operators only.
    #[must_use]
    pub fn detail(&self) -> String {
        let mut text = self.message.clone();
        let mut next = self.source();
        while let Some(source) = next {
            let part = source.to_string();
            if !text.contains(&part) {
                text.push_str(": ");
                text.push_str(&part);
            }
            next = source.source();
        }
        text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_hides_the_source_and_detail_shows_it() {
        let error = Error::new(Code::Unavailable, "Postgres does not answer")
            .with_source("connection refused (os error 111)");
        assert_eq!(error.to_string(), "Postgres does not answer");
        assert_eq!(error.detail(), "Postgres does not answer: connection refused (os error 111)");
        assert_eq!(error.code().as_str(), "UNAVAILABLE");
    }
}
