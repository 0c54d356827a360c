//! Media types: which one a client sends, which one it wants.

use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName};

const JSON: &str = "application/json";
const GRAPHQL_RESPONSE: &str = "application/graphql-response+json";
/// Of a media type named as such; ranges are less specific.
const EXACT: u8 = 2;

/// The form of an answer. It decides the status of answers to documents that
/// could not be executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::http) enum Form {
    /// `application/json`: 200 for whatever is a GraphQL answer.
    Json,
    /// `application/graphql-response+json`: the status tells, too.
    GraphqlResponse,
}

impl Form {
    /// As a `Content-Type`.
    pub(in crate::http) const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        }
    }

    /// What the `Accept` headers ask for; `None` if it is nothing we have.
    /// Without any, and for wildcards, it is JSON; of two wanted alike it is the
    /// newer one, which only those name who know it.
    pub(in crate::http) fn accepted(headers: &HeaderMap) -> Option<Self> {
        if !headers.contains_key(ACCEPT) {
            return Some(Self::Json);
        }
        let (_, json) = preference(headers, JSON);
        let (specificity, response) = preference(headers, GRAPHQL_RESPONSE);
        if response > json || response == json && response > 0 && specificity == EXACT {
            return Some(Self::GraphqlResponse);
        }
        (json > 0).then_some(Self::Json)
    }
}

/// Whether an answer may be `application/json`, whatever is liked better.
pub(in crate::http) fn accepts_json(headers: &HeaderMap) -> bool {
    !headers.contains_key(ACCEPT) || preference(headers, JSON).1 > 0
}

/// Whether a client takes event streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Events {
    /// And nothing else.
    Only,
    Too,
    No,
}

/// The form for an answer, JSON where only event streams are accepted, and whether
/// those are; `None` if it is nothing we have.
pub(in crate::http) fn accepted(headers: &HeaderMap) -> Option<(Form, Events)> {
    match (Form::accepted(headers), takes_events(headers)) {
        (Some(form), true) => Some((form, Events::Too)),
        (Some(form), false) => Some((form, Events::No)),
        (None, true) => Some((Form::Json, Events::Only)),
        (None, false) => None,
    }
}

/// Whether event streams are accepted; only by their name, because who accepts
/// anything does not expect an answer without an end.
fn takes_events(headers: &HeaderMap) -> bool {
    matches!(preference(headers, "text/event-stream"), (EXACT, 1..))
}

/// Whether a GET asks for a page rather than for data: `text/html` is accepted
/// with a higher quality than either JSON type. Without a preference (no
/// `Accept`, `*/*`) the answer is data.
pub(in crate::http) fn wants_html(headers: &HeaderMap) -> bool {
    let quality = |media_type| preference(headers, media_type).1;
    quality("text/html") > quality(JSON).max(quality(GRAPHQL_RESPONSE))
}

/// The quality (0 to 1000) that `Accept` gives a media type by its most specific
/// range, and how specific that is; 0 when none fits.
fn preference(headers: &HeaderMap, media_type: &str) -> (u8, u16) {
    elements(headers, &ACCEPT)
        .filter_map(|element| {
            let (range, parameters) = element.split_once(';').unwrap_or((element, ""));
            let weight = parameter(parameters, "q").map_or(Some(1000), thousandths)?;
            Some((specificity(range.trim(), media_type)?, weight))
        })
        .max()
        .unwrap_or_default()
}

fn specificity(range: &str, media_type: &str) -> Option<u8> {
    if range.eq_ignore_ascii_case(media_type) {
        return Some(EXACT);
    }
    match range.split_once('/')? {
        ("*", "*") => Some(0),
        (kind, "*") => {
            media_type.split_once('/').filter(|(own, _)| own.eq_ignore_ascii_case(kind)).map(|_| 1)
        }
        _ => None,
    }
}

/// `0.8` as 800; `None` for what is not a quality of at most three decimals.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let value: u16 = format!("{whole}{decimals:0<3}").parse().ok()?;
    (value <= 1000).then_some(value)
}

/// The comma-separated elements of a header, over all its lines. Neither media
/// ranges nor the entity tags made here hold a comma.
pub(in crate::http) fn elements<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
}

/// Whether a body is JSON in UTF-8.
pub(in crate::http) fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(text)) = headers.get(CONTENT_TYPE).map(|value| value.to_str()) else {
        return false;
    };
    let (essence, parameters) = split(text);
    essence == JSON
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

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const FIREFOX: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

    fn accept(value: &str) -> HeaderMap {
        [(ACCEPT, HeaderValue::from_str(value).unwrap())].into_iter().collect()
    }

    fn accepted(accept: &str) -> Option<Form> {
        Form::accepted(&self::accept(accept))
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
        assert_eq!(
            accepted("application/*;q=0.5, application/json;q=0"),
            Some(Form::GraphqlResponse)
        );
        assert_eq!(accepted("*/*, application/json;q=0.1"), Some(Form::GraphqlResponse));
        assert_eq!(accepted("application/*"), Some(Form::Json));
        assert_eq!(
            accepted("application/json, application/graphql-response+json"),
            Some(Form::GraphqlResponse)
        );
        assert_eq!(accepted("application/json;q=0"), None);
    }

    #[test]
    fn event_streams_are_accepted_by_name() {
        assert!(takes_events(&accept("text/event-stream")));
        assert!(takes_events(&accept("application/json, Text/Event-Stream;q=0.1")));
        for other in ["*/*", "text/*", "application/json", "text/event-stream;q=0"] {
            assert!(!takes_events(&accept(other)), "{other}");
        }
    }

    #[test]
    fn browsers_want_html_and_programs_do_not() {
        assert!(wants_html(&accept(FIREFOX)));
        assert!(wants_html(&accept("text/html")));
        assert!(wants_html(&accept("TEXT/HTML;charset=utf-8, application/json;q=0.9")));
        assert!(wants_html(&accept("text/*, */*;q=0.1")));
        for data in [
            "*/*",
            "application/json",
            "application/graphql-response+json, application/json;q=0.9",
            "text/html, application/json",
            "text/html;q=0.5, application/graphql-response+json;q=0.6",
            "text/html;q=0, */*",
            "text/html;q=high",
            "",
        ] {
            assert!(!wants_html(&accept(data)), "{data}");
        }
        assert!(!wants_html(&HeaderMap::new()));
    }

    #[test]
    fn several_accept_lines_count_as_one() {
        let mut headers = accept("application/json;q=0.5");
        headers.append(ACCEPT, HeaderValue::from_static("text/html"));
        assert!(wants_html(&headers));
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
