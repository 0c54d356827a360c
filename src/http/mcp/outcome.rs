//! What a tool answers: JSON, as a value and as text, of bounded size.

use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::{Map, Value as Json, json};

use crate::error::Code;

/// The result has more bytes than it may.
const RESULT_TOO_LARGE: &str = "RESULT_TOO_LARGE";
/// What the caller may not do.
const FORBIDDEN: &str = "FORBIDDEN";

/// What a tool answers.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    json: Json,
    text: String,
    is_error: bool,
    /// Whether nothing was charged for it yet.
    is_free: bool,
}

impl Outcome {
    /// This is the answer.
    pub(super) fn done(json: Json) -> Self {
        Self { text: json.to_string(), json, is_error: false, is_free: false }
    }

    /// There are errors, of a response of GraphQL.
    pub(super) fn failed(json: Json) -> Self {
        Self { is_error: true, ..Self::done(json) }
    }

    /// The response of GraphQL as it is.
    pub(super) fn response(json: Json, text: String) -> Self {
        let is_error = json.get("errors").is_some();
        Self { json, text, is_error, is_free: false }
    }

    /// An error in the form of those of GraphQL.
    pub(super) fn error(code: &str, message: impl Into<String>) -> Self {
        Self::failed(json!({ "errors": [error(code, &message.into(), None)] }))
    }

    /// The caller may not do it.
    pub(super) fn forbidden(message: &str) -> Self {
        Self { is_free: true, ..Self::error(FORBIDDEN, message) }
    }

    /// Whether it is still to be charged.
    pub(super) fn is_free(&self) -> bool {
        self.is_free
    }

    /// The result would have so many bytes.
    pub(super) fn too_large(bytes: usize, most: usize) -> Self {
        let message = format!(
            "the result has {bytes} bytes, and the limit is {most}: ask for fewer rows (first, \
             a narrower filter) or fewer fields, or read page by page with after; a report has \
             all rows in a file"
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
        let Self { json, text, is_error, .. } =
            if bytes > most { Self::too_large(bytes, most) } else { self };
        let content = vec![ContentBlock::text(text)];
        if is_error {
            // As text alone: some clients check the value against the schema of results.
            return CallToolResult::error(content);
        }
        let mut result = CallToolResult::success(content);
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
        let errors = json!({ "errors": [error(code, &message, Some(argument))] });
        Self { is_free: true, ..Self::failed(errors) }
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
        assert!(large.clone().within(bytes).structured_content.is_some());
        let refused = large.within(bytes - 1);
        assert_eq!((refused.is_error, &refused.structured_content), (Some(true), &None));
        let text = format!("{:?}", refused.content);
        assert!(text.contains(RESULT_TOO_LARGE) && text.contains("ask for fewer rows"), "{text}");
    }
}
