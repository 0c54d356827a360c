//! Why a step of a load stopped: Postgres went away, which a run survives, or
//! anything else.

use crate::db::sqlstate::sqlstate;
use crate::error::{Code, Error};

/// A failure of one step.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The connection to Postgres is gone; after reconnecting, the step is taken
    /// up again at the checkpoint.
    Lost(Error),
    /// It would fail again.
    Fatal(Error),
}

/// A result with a [`Failure`].
pub(crate) type Step<T> = Result<T, Failure>;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Fatal(error)
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        let lost = match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::Protocol(_)
            | sqlx::Error::WorkerCrashed => true,
            sqlx::Error::Database(_) => sqlstate(&error).is_some_and(|state| lost(&state)),
            _ => false,
        };
        if lost {
            let message = "the connection to Postgres was lost";
            return Self::Lost(Error::new(Code::Unavailable, message).with_source(error));
        }
        Self::Fatal(error.into())
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Lost(error) | Failure::Fatal(error) => error,
        }
    }
}

/// SQLSTATEs of a server that is going down, coming up, or out of reach, and of
/// conflicts that go away when the batch is tried again.
fn lost(state: &str) -> bool {
    state.starts_with("08")
        || matches!(state, "57P01" | "57P02" | "57P03" | "40001" | "40P01" | "53300")
}

/// Whether the statement failed because a parent row is missing.
pub(crate) fn is_missing_parent(error: &sqlx::Error) -> bool {
    sqlstate(error).as_deref() == Some("23503")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restarting_server_is_lost_and_a_constraint_is_not() {
        for state in ["08006", "57P01", "57P03", "40P01"] {
            assert!(lost(state), "{state}");
        }
        for state in ["23503", "23505", "42P01", "57014"] {
            assert!(!lost(state), "{state}");
        }
        assert!(matches!(Failure::from(sqlx::Error::PoolTimedOut), Failure::Lost(_)));
        assert!(matches!(Failure::from(sqlx::Error::RowNotFound), Failure::Fatal(_)));
    }
}
