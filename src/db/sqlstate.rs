//! Maps Postgres errors by SQLSTATE, never by message.

use sea_orm::{DbErr, RuntimeErr};

use super::sessions;
use crate::error::{Code, Error};

/// The SQLSTATE of an error from the server; `None` for any other.
#[must_use]
pub fn sqlstate(error: &sqlx::Error) -> Option<String> {
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .map(std::borrow::Cow::into_owned)
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        sessions::note(&error);
        let (code, message) = classify(&error);
        Self::new(code, message).with_source(error)
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        let (code, message) = match &error {
            DbErr::Conn(RuntimeErr::SqlxError(inner))
            | DbErr::Exec(RuntimeErr::SqlxError(inner))
            | DbErr::Query(RuntimeErr::SqlxError(inner)) => classify(inner),
            DbErr::ConnectionAcquire(_) => classify(&sqlx::Error::PoolTimedOut),
            DbErr::RecordNotFound(_) => classify(&sqlx::Error::RowNotFound),
            _ => (Code::Internal, QUERY_FAILED),
        };
        Self::new(code, message).with_source(error)
    }
}

const QUERY_FAILED: &str = "the database query failed";

/// Code and public message of an error.
fn classify(error: &sqlx::Error) -> (Code, &'static str) {
    match error {
        sqlx::Error::Database(_) => of_sqlstate(sqlstate(error).as_deref().unwrap_or_default()),
        sqlx::Error::PoolTimedOut => (Code::Unavailable, "no free connection to the database"),
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolClosed => {
            (Code::Unavailable, "the database does not answer")
        }
        sqlx::Error::RowNotFound => (Code::NotFound, "no such row"),
        _ => (Code::Internal, QUERY_FAILED),
    }
}

/// Code and public message of a SQLSTATE; see "PostgreSQL Error Codes" in the manual.
fn of_sqlstate(state: &str) -> (Code, &'static str) {
    match state {
        "23505" => (Code::Conflict, "a row with this key already exists"),
        "23503" => (Code::Conflict, "the row refers to one that does not exist"),
        "23001" => (Code::Conflict, "other rows refer to it"),
        "23514" | "23502" => (Code::BadUserInput, "a value violates a constraint of its column"),
        "22003" => (Code::BadUserInput, "a number is out of range"),
        "40001" | "40P01" => (Code::Conflict, "another transaction was faster; try again"),
        "55P03" => (Code::Conflict, "the lock is held by another session"),
        "57014" => (Code::Timeout, "the query took too long and was cancelled"),
        "25P03" | "25P04" => (Code::Timeout, "the transaction took too long and was ended"),
        // Prepared before the schema changed; sessions begun from now on know the new one.
        "0A000" | "26000" => (Code::Unavailable, "the schema has changed meanwhile; try again"),
        "53300" => (Code::Unavailable, "the database has no free connections"),
        _ if state.starts_with("08") || state.starts_with("57P0") || state.starts_with("53") => {
            (Code::Unavailable, "the database does not answer")
        }
        _ => (Code::Internal, QUERY_FAILED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlstates_map_to_codes() {
        for (state, code) in [
            ("23505", Code::Conflict),
            ("23503", Code::Conflict),
            ("23514", Code::BadUserInput),
            ("40001", Code::Conflict),
            ("57014", Code::Timeout),
            ("57P01", Code::Unavailable),
            ("57P03", Code::Unavailable),
            ("08006", Code::Unavailable),
            ("53200", Code::Unavailable),
            ("0A000", Code::Unavailable),
            ("42P01", Code::Internal),
            ("", Code::Internal),
        ] {
            assert_eq!(of_sqlstate(state).0, code, "{state}");
        }
    }

    #[test]
    fn an_unreachable_server_is_unavailable() {
        let io = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        let error = Error::from(sqlx::Error::Io(io));
        assert_eq!(error.code(), Code::Unavailable);
        assert!(!error.message().contains("refused"));
    }
}
