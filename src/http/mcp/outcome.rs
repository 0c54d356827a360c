//! What a tool answers: JSON, as a value and as text, of bounded size.

use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::{Map, Value as Json, json};

use crate::error::Code;

/// The result has more bytes than it may.
const RESULT_TOO_LARGE: &str = "RESULT_TOO_LARGE";
/// What the caller may not do.
pub(super) const FORBIDDEN: &str = "FORBIDDEN";

/// What a tool answers.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    json: Json,
    text: String,
    is_error: bool,
}

impl Outcome {
    /// This is the answer.
    pub(super) fn done(json: Json) -> Self {
        Self { text: json.to_string(), json, is_error: false }
    }

    /// There are errors, of a response of GraphQL.
    pub(super) fn failed(json: Json) -> Self {
        Self { is_error: true, ..Self::done(json) }
    }

    /// The response of GraphQL as it is.
    pub(super) fn response(json: Json, text: String) -> Self {
        let is_error = json.get("errors").is_some();
        Self { json, text, is_error }
    }

    /// An error in the form of those of GraphQL.
    pub(super) fn error(code: &str, message: impl Into<String>) -> Self {
        Self::failed(json!({ "errors": [error(code, &message.into(), None)] }))
    }

    /// The result would have so many bytes.
    pub(super) fn too_large(bytes: usize, most: usize) -> Self {
        let message = format!(
            "the result has {bytes} bytes, and the limit is {most}: ask for fewer rows (first: and \
             a narrower filter) or fewer fields, read on page by page with after:, or make a file \
             of all rows with request_report"
        );
        Self::error(RESULT_TOO_LARGE, message)
    }

    /// Bytes of its text.
    pub(super) fn bytes(&self) -> usize {
        self.text.len()
    }

    /// As the protocol has it, unless it has more bytes: a part of JSON is no JSON.
    pub(super) fn within(self, most: usize) -> CallToolResult {
        let bytes = self.bytes();
        let Self { json, text, is_error } =
            if bytes > most { Self::too_large(bytes, most) } else { self };
        let content = vec![ContentBlock::text(text)];
        let mut result = match is_error {
            true => CallToolResult::error(content),
            false => CallToolResult::success(content),
        };
        result.structured_content = Some(json);
        result
    }
}

/// An argument is wrong.
#[derive(Debug)]
pub(super) struct BadArgument {
    argument: String,
    message: String,
}

impl BadArgument {
    /// The message says what the argument must be.
    pub(super) fn new(argument: &str, message: impl std::fmt::Display) -> Self {
        let argument: String = argument.chars().take(100).collect();
        Self { message: format!("{argument}: {message}"), argument }
    }
}

impl From<BadArgument> for Outcome {
    fn from(bad: BadArgument) -> Self {
        let BadArgument { argument, message } = bad;
        let code = Code::BadUserInput.as_str();
        Self::failed(json!({ "errors": [error(code, &message, Some(argument))] }))
    }
}

fn error(code: &str, message: &str, argument: Option<String>) -> Json {
    let mut extensions = Map::from_iter([("code".to_owned(), Json::from(code))]);
    if let Some(argument) = argument {
        extensions.insert("argument".to_owned(), argument.into());
    }
    json!({ "message": message, "extensions": extensions })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_is_an_error_and_not_a_part() {
        let large = Outcome::done(json!({ "rows": "x".repeat(1_000) }));
        let bytes = large.bytes();
        assert_eq!(large.clone().within(bytes).is_error, Some(false));
        let refused = large.within(bytes - 1);
        assert_eq!(refused.is_error, Some(true));
        let json = refused.structured_content.unwrap();
        assert_eq!(json["errors"][0]["extensions"]["code"], RESULT_TOO_LARGE);
        assert!(json.to_string().contains("request_report"), "{json}");
    }
}
