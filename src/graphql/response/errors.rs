//! Errors of a response: always a message and `extensions.code`.

use std::sync::Arc;

use async_graphql::{ErrorExtensionValues, Pos, ServerError};

use crate::error::{Code, Error};
use crate::lake::curated::Outdated;
use crate::query::{BadArgument, PageTooLarge};

/// The document is not GraphQL.
pub const PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
/// The document is not valid against the schema.
pub const VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";
/// The document asks for too much.
pub(crate) const TOO_COMPLEX: &str = "QUERY_TOO_COMPLEX";
/// A limit over time is used up.
pub const RATE_LIMITED: &str = "RATE_LIMITED";
/// The page size exceeds the limit.
const PAGE_TOO_LARGE: &str = "PAGE_TOO_LARGE";

/// The source of an error about too large a response.
#[derive(Debug, thiserror::Error)]
#[error("the response is too large")]
pub(crate) struct TooComplex;

/// The error of a field at this position in the document.
pub(crate) fn server_error(error: impl Into<Arc<Error>>, position: Pos) -> ServerError {
    let error = error.into();
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", public_code(error.code()));
    if let Some(source) = std::error::Error::source(&*error) {
        if let Some(BadArgument(name)) = source.downcast_ref() {
            extensions.set("argument", *name);
        } else if let Some(PageTooLarge(name)) = source.downcast_ref() {
            extensions.set("code", PAGE_TOO_LARGE);
            extensions.set("argument", *name);
        } else if let Some(Outdated { lake_version, data_version }) = source.downcast_ref() {
            extensions.set("lakeVersion", *lake_version);
            extensions.set("dataVersion", *data_version);
        } else if source.is::<TooComplex>() {
            extensions.set("code", TOO_COMPLEX);
        }
    }
    let mut answer = ServerError::new(error.message(), Some(position));
    answer.source = Some(error);
    answer.extensions = Some(extensions);
    answer
}

/// The error of a request, at no position.
#[must_use]
pub fn without_place(error: Error) -> ServerError {
    ServerError { locations: Vec::new(), ..server_error(error, Pos::default()) }
}

/// To clients the program's configuration is internal, and a held lock a conflict.
const fn public_code(code: Code) -> &'static str {
    match code {
        Code::Config => Code::Internal.as_str(),
        Code::Locked => Code::Conflict.as_str(),
        other => other.as_str(),
    }
}

/// Completes the errors of a response: gives a code to those of async-graphql, logs each
/// cause once, and hides what is internal.
pub fn settle(errors: &mut [ServerError], request_id: &str) {
    // One cause may fail many fields.
    let mut logged = std::ptr::null();
    for error in errors {
        if code_of(error).is_none() {
            // Of async-graphql: within a field a value is wrong, else the document.
            let code =
                if error.path.is_empty() { VALIDATION_FAILED } else { Code::BadUserInput.as_str() };
            set_code(error, code);
        }
        let cause = error.source::<Error>();
        let this = cause.map_or(std::ptr::null(), std::ptr::from_ref);
        let is_logged = !this.is_null() && this == logged;
        logged = this;
        let detail = cause.map_or_else(|| error.message.clone(), Error::detail);
        match code_of(error) {
            Some("INTERNAL") => {
                if !is_logged {
                    tracing::error!(request_id, path = ?error.path, error = detail, "internal error");
                }
                "internal error".clone_into(&mut error.message);
                let extensions = error.extensions.get_or_insert_default();
                extensions.set("requestId", request_id);
            }
            Some("UNAVAILABLE" | "TIMEOUT") if !is_logged => {
                tracing::warn!(request_id, path = ?error.path, error = detail, "a field failed");
            }
            _ => {}
        }
    }
}

/// The code of an error, if it has one.
#[must_use]
pub fn code_of(error: &ServerError) -> Option<&str> {
    match error.extensions.as_ref()?.get("code")? {
        async_graphql::Value::String(code) => Some(code),
        _ => None,
    }
}

/// The error with a code.
pub(crate) fn coded(mut error: ServerError, code: &str) -> ServerError {
    set_code(&mut error, code);
    error
}

/// Whether an error is about too large a response.
pub(crate) fn is_too_complex(error: &Error) -> bool {
    std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<TooComplex>)
}

pub(crate) fn set_code(error: &mut ServerError, code: &str) {
    error.extensions.get_or_insert_default().set("code", code);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_internal_error_shows_only_the_request() {
        let error = Error::internal("secret place").with_source("secret cause");
        let mut errors = [server_error(error, Pos { line: 1, column: 1 })];
        settle(&mut errors, "r-1");
        let shown = serde_json::to_string(&errors).unwrap();
        assert!(shown.contains("\"INTERNAL\"") && shown.contains("\"r-1\""), "{shown}");
        assert!(!shown.contains("secret"), "{shown}");
    }

    #[test]
    fn a_bad_argument_is_named() {
        let error = crate::query::bad_argument("first", "first: too big".to_owned());
        let answer = server_error(error, Pos::default());
        assert_eq!(code_of(&answer), Some("BAD_USER_INPUT"));
        let argument = answer.extensions.unwrap().get("argument").cloned();
        assert_eq!(argument, Some("first".into()));
    }
}
