//! Why the lake was not written.

use crate::error::Error;

/// Why the lake was not written.
#[derive(Debug)]
pub enum LakeFailure {
    /// Postgres says so, or does not answer.
    Database(sqlx::Error),
    /// Anything else.
    Other(Error),
}

/// A result with a [`LakeFailure`].
pub(super) type LakeResult<T> = Result<T, LakeFailure>;

impl From<sqlx::Error> for LakeFailure {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<Error> for LakeFailure {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl From<LakeFailure> for Error {
    fn from(failure: LakeFailure) -> Self {
        match failure {
            LakeFailure::Database(error) => error.into(),
            LakeFailure::Other(error) => error,
        }
    }
}
