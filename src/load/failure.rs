//! Failures of a load: a lost connection, which a run survives, or anything else.

use crate::db::set_aside::SetAsideFailure;
use crate::db::sqlstate::sqlstate;
use crate::error::{Code, Error};

/// A failure while loading.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The connection to Postgres was lost; after reconnecting, work resumes at the
    /// checkpoint.
    Lost(Error),
    /// A foreign key was violated.
    MissingParent(Error),
    /// A row with this key is stored already.
    Stored(Error),
    /// Any other; a retry would fail again.
    Fatal(Error),
}

/// A result with a [`Failure`].
pub(crate) type LoadResult<T> = Result<T, Failure>;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Fatal(error)
    }
}

impl From<SetAsideFailure> for Failure {
    fn from(failure: SetAsideFailure) -> Self {
        match failure {
            SetAsideFailure::Database(error) => error.into(),
            SetAsideFailure::Other(error) => error.into(),
        }
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        let state = sqlstate(&error);
        let lost = match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::Protocol(_)
            | sqlx::Error::WorkerCrashed => true,
            _ => state.as_deref().is_some_and(is_transient),
        };
        if lost {
            let message = "the connection to Postgres was lost";
            return Self::Lost(Error::new(Code::Unavailable, message).with_source(error));
        }
        match state.as_deref() {
            Some("23503") => Self::MissingParent(error.into()),
            Some("23505") => Self::Stored(error.into()),
            _ => Self::Fatal(error.into()),
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Lost(error)
            | Failure::MissingParent(error)
            | Failure::Stored(error)
            | Failure::Fatal(error) => error,
        }
    }
}

/// SQLSTATEs of a server that is stopping, starting or unreachable, and of conflicts
/// that a retry of the batch resolves.
fn is_transient(state: &str) -> bool {
    state.starts_with("08")
        || matches!(state, "57P01" | "57P02" | "57P03" | "40001" | "40P01" | "53300")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restart_is_transient_and_a_constraint_is_not() {
        for state in ["08006", "57P01", "57P03", "40P01"] {
            assert!(is_transient(state), "{state}");
        }
        for state in ["23503", "23505", "42P01", "57014"] {
            assert!(!is_transient(state), "{state}");
        }
        assert!(matches!(Failure::from(sqlx::Error::PoolTimedOut), Failure::Lost(_)));
        assert!(matches!(Failure::from(sqlx::Error::RowNotFound), Failure::Fatal(_)));
    }
}
