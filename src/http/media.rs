//! Media types: which one a client sends, which one it wants.

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_TYPE};

/// The form of an answer. It decides the status of answers to documents that
/// could not be executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `application/json`: 200 for whatever is a GraphQL answer.
    Json,
    /// `application/graphql-response+json`: the status tells, too.
    GraphqlResponse,
}

impl Form {
    /// As a `Content-Type`.
    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        }
    }

    /// What the `Accept` headers ask for; `None` if it is nothing we have.
    /// Without any, and for wildcards, it is JSON.
    pub(super) fn accepted(headers: &HeaderMap) -> Option<Self> {
        let mut best = None;
        let mut any = false;
        for header in headers.get_all(ACCEPT) {
            let Ok(text) = header.to_str() else { continue };
            for range in text.split(',') {
                any = true;
                let (essence, parameters) = split(range);
                let form = match essence.as_str() {
                    "application/graphql-response+json" => Self::GraphqlResponse,
                    "application/json" | "application/*" | "*/*" => Self::Json,
                    _ => continue,
                };
                let quality = quality(parameters);
                // Of equals the first one wins.
                if quality > 0.0 && best.is_none_or(|(known, _)| quality > known) {
                    best = Some((quality, form));
                }
            }
        }
        if any { best.map(|(_, form)| form) } else { Some(Self::Json) }
    }
}

/// Whether a body is JSON in UTF-8.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(text)) = headers.get(CONTENT_TYPE).map(|value| value.to_str()) else {
        return false;
    };
    let (essence, parameters) = split(text);
    essence == "application/json"
        && parameter(parameters, "charset")
            .is_none_or(|charset| charset.trim_matches('"').eq_ignore_ascii_case("utf-8"))
}

fn split(text: &str) -> (String, &str) {
    let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
    (essence.trim().to_ascii_lowercase(), parameters)
}

fn parameter<'a>(parameters: &'a str, name: &str) -> Option<&'a str> {
    parameters.split(';').find_map(|parameter| {
        let (known, value) = parameter.split_once('=')?;
        known.trim().eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

fn quality(parameters: &str) -> f32 {
    parameter(parameters, "q").and_then(|value| value.parse().ok()).unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(accept: &str) -> Option<Form> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, accept.parse().unwrap());
        Form::accepted(&headers)
    }

    #[test]
    fn the_best_form_wins() {
        assert_eq!(Form::accepted(&HeaderMap::new()), Some(Form::Json));
        assert_eq!(accepted("*/*"), Some(Form::Json));
        assert_eq!(accepted("application/json"), Some(Form::Json));
        assert_eq!(accepted("Application/GraphQL-Response+JSON"), Some(Form::GraphqlResponse));
        assert_eq!(
            accepted("application/graphql-response+json; charset=utf-8, application/json; q=0.9"),
            Some(Form::GraphqlResponse)
        );
        assert_eq!(
            accepted("application/graphql-response+json;q=0.5, application/json"),
            Some(Form::Json)
        );
        assert_eq!(accepted("text/html"), None);
        assert_eq!(accepted("application/json;q=0"), None);
    }

    #[test]
    fn only_json_in_utf_8_is_read() {
        for (text, expected) in [
            ("application/json", true),
            ("application/json; charset=UTF-8", true),
            ("application/json;charset=\"utf-8\"", true),
            ("application/json; charset=latin1", false),
            ("text/plain", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, text.parse().unwrap());
            assert_eq!(is_json(&headers), expected, "{text}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
