//! How failures look to a client: always a message and `extensions.code`.

use std::sync::Arc;

use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextParseQuery, NextPrepareRequest,
    NextValidation,
};
use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{
    ErrorExtensionValues, Pos, Request, Response, ServerError, ServerResult, ValidationResult,
    Variables,
};

use super::limits::{Budget, Limits, TOO_COMPLEX, TooComplex};
use crate::error::{Code, Error};
use crate::query::BadArgument;

/// The document is no GraphQL.
pub const PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
/// The document does not fit the schema.
pub const VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";

/// The error of a field, for a resolver to return.
pub(super) fn field_error(error: Error) -> async_graphql::Error {
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", public_code(error.code()));
    if let Some(source) = std::error::Error::source(&error) {
        if let Some(BadArgument(name)) = source.downcast_ref() {
            extensions.set("argument", *name);
        } else if source.is::<TooComplex>() {
            extensions.set("code", TOO_COMPLEX);
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

/// Marks errors of parsing and validation, and applies the limits of a document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gate(pub(super) Limits);

impl ExtensionFactory for Gate {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(*self)
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for Gate {
    async fn prepare_request(
        &self,
        context: &ExtensionContext<'_>,
        request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        next.run(context, request.data(Budget::new(self.0.objects))).await
    }

    async fn parse_query(
        &self,
        context: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        next.run(context, query, variables).await.map_err(|mut error| {
            set_code(&mut error, PARSE_FAILED);
            error
        })
    }

    async fn validation(
        &self,
        context: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let result = next.run(context).await.map_err(|mut errors| {
            for error in &mut errors {
                set_code(error, VALIDATION_FAILED);
            }
            errors
        })?;
        self.0.check(&result)?;
        Ok(result)
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
