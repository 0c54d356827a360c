//! How failures look to a client: always a message and `extensions.code`.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextResolve, NextValidation, ResolveInfo,
};
use async_graphql::{
    ErrorExtensionValues, PathSegment, Pos, QueryPathSegment, Response, ServerError, ServerResult,
    ValidationResult, Value,
};

use super::limits::{TOO_COMPLEX, TooComplex};
use crate::error::{Code, Error};
use crate::query::BadArgument;

/// The document is no GraphQL.
pub const PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
/// The document does not fit the schema.
pub const VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";

/// The cause of an error about selections of one response key that ask for
/// different things.
#[derive(Debug, thiserror::Error)]
#[error("selections conflict")]
pub(super) struct Conflict;

/// The error of a field, for a resolver to return.
pub(super) fn field_error(error: Error) -> async_graphql::Error {
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", public_code(error.code()));
    if let Some(source) = std::error::Error::source(&error) {
        if let Some(BadArgument(name)) = source.downcast_ref() {
            extensions.set("argument", *name);
        } else if source.is::<TooComplex>() {
            extensions.set("code", TOO_COMPLEX);
        } else if source.is::<Conflict>() {
            extensions.set("code", VALIDATION_FAILED);
        }
    }
    async_graphql::Error {
        message: error.message().to_owned(),
        source: Some(Arc::new(error)),
        extensions: Some(extensions),
    }
}

/// The error of a field at its place in the document.
pub(super) fn server_error(error: Error, position: Pos) -> ServerError {
    field_error(error).into_server_error(position)
}

/// Codes of the program's own set-up are none of a client's business.
const fn public_code(code: Code) -> &'static str {
    match code {
        Code::Config => Code::Internal.as_str(),
        other => other.as_str(),
    }
}

/// An answer that is only an error: for what fails before GraphQL begins.
#[must_use]
pub fn refusal(code: &str, message: impl Into<String>) -> Response {
    let mut error = ServerError::new(message, None);
    set_code(&mut error, code);
    Response::from_errors(vec![error])
}

/// Finishes the errors of an answer: gives a code to those of the GraphQL
/// engine, and hides and logs, once, what is internal.
pub fn settle(response: &mut Response, request_id: &str) {
    for error in &mut response.errors {
        if code_of(error).is_none() {
            // The engine's own errors: within a field it is a value that does not
            // fit, before any field it is the document.
            let code =
                if error.path.is_empty() { VALIDATION_FAILED } else { Code::BadUserInput.as_str() };
            set_code(error, code);
        }
        let cause = error.source::<Error>();
        let detail = cause.map_or_else(|| error.message.clone(), Error::detail);
        match code_of(error) {
            Some("INTERNAL") => {
                tracing::error!(request_id, path = ?error.path, error = detail, "internal error");
                "internal error".clone_into(&mut error.message);
                let extensions = error.extensions.get_or_insert_default();
                extensions.set("requestId", request_id);
            }
            Some("UNAVAILABLE" | "TIMEOUT") => {
                tracing::warn!(request_id, path = ?error.path, error = detail, "a field failed");
            }
            _ => {}
        }
    }
}

/// Whether execution began. If not, the answer has no `data` at all.
#[must_use]
pub fn was_executed(answer: &Response) -> bool {
    answer.data != Value::Null || !answer.errors.iter().any(|error| error.path.is_empty())
}

/// The code of an error, if it has one.
#[must_use]
pub fn code_of(error: &ServerError) -> Option<&str> {
    match error.extensions.as_ref()?.get("code")? {
        async_graphql::Value::String(code) => Some(code),
        _ => None,
    }
}

pub(super) fn set_code(error: &mut ServerError, code: &str) {
    error.extensions.get_or_insert_default().set("code", code);
}

/// The response keys of the root that are being read: whichever selection of a
/// key comes first reads for all of them.
#[derive(Debug, Default)]
pub(super) struct AskedOnce(Mutex<HashSet<String>>);

/// The cause of the error that stands for a selection another one reads for.
struct Repetition;

impl AskedOnce {
    /// Whether this is no error but a root field that was selected before.
    pub(super) fn is_repetition(error: &ServerError) -> bool {
        error.source::<Repetition>().is_some()
    }

    fn is_first(&self, key: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned())
    }
}

/// Marks errors of validation, and finishes what the engine does at the root.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gate;

impl ExtensionFactory for Gate {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(*self)
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for Gate {
    async fn validation(
        &self,
        context: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        next.run(context).await.map_err(|mut errors| {
            for error in &mut errors {
                set_code(error, VALIDATION_FAILED);
            }
            errors
        })
    }

    async fn resolve(
        &self,
        context: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        // Introspection is the engine's own, all of it.
        let (None, QueryPathSegment::Name(key), false) =
            (info.path_node.parent, info.path_node.segment, info.name.starts_with("__"))
        else {
            return next.run(context, info).await;
        };
        if context.data_opt::<AskedOnce>().is_some_and(|asked| !asked.is_first(key)) {
            let mut repetition = ServerError::new("selected before", None);
            repetition.source = Some(Arc::new(Repetition));
            return Err(repetition);
        }
        let field = info.field;
        next.run(context, info).await.map_err(|mut error| {
            if error.path.is_empty() {
                error.path.push(PathSegment::Field(key.to_owned()));
            }
            // The engine tells only where the argument is that it could not read.
            let argument = field
                .arguments
                .iter()
                .find(|(_, value)| error.locations.contains(&value.pos))
                .filter(|_| code_of(&error).is_none());
            if let Some((name, _)) = argument {
                set_code(&mut error, Code::BadUserInput.as_str());
                error.message = format!("{}: {}", name.node, error.message);
                error.extensions.get_or_insert_default().set("argument", name.node.as_str());
            }
            error
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_internal_error_shows_only_the_request() {
        let error = Error::internal("secret place").with_source("secret cause");
        let mut response =
            Response::from_errors(vec![server_error(error, Pos { line: 1, column: 1 })]);
        settle(&mut response, "r-1");
        let shown = serde_json::to_string(&response).unwrap();
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
