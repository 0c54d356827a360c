//! Media types: of the body that a client sends, and of the response it accepts.

use axum::http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName};

const JSON: &str = "application/json";
const GRAPHQL_RESPONSE: &str = "application/graphql-response+json";
/// The specificity of a media type in full; ranges are less specific.
const EXACT: u8 = 2;

/// The media type of a response. It decides the status of a response to a document
/// that could not be executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::http) enum MediaType {
    /// `application/json`: 200 for every GraphQL response.
    Json,
    /// `application/graphql-response+json`: the status reports errors, too.
    GraphqlResponse,
}

impl MediaType {
    /// As a `Content-Type`.
    pub(in crate::http) const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        }
    }

    /// The preferred type of the `Accept` headers; `None` if none is supported.
    /// Without any, and for wildcards, it is JSON; of two with equal quality it is the
    /// newer one, which only clients that support it list.
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

/// Whether `application/json` is accepted, with whatever quality.
pub(in crate::http) fn accepts_json(headers: &HeaderMap) -> bool {
    !headers.contains_key(ACCEPT) || preference(headers, JSON).1 > 0
}

/// Whether a client accepts an event stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum EventStream {
    /// And nothing else.
    Only,
    Accepted,
    NotAccepted,
}

/// The media type of a response, JSON if only event streams are accepted, and
/// whether they are; `None` if nothing supported is accepted.
pub(in crate::http) fn accepted(headers: &HeaderMap) -> Option<(MediaType, EventStream)> {
    match (MediaType::accepted(headers), accepts_events(headers)) {
        (Some(media_type), true) => Some((media_type, EventStream::Accepted)),
        (Some(media_type), false) => Some((media_type, EventStream::NotAccepted)),
        (None, true) => Some((MediaType::Json, EventStream::Only)),
        (None, false) => None,
    }
}

/// Whether event streams are accepted by name: a client that accepts anything does
/// not expect an endless response.
fn accepts_events(headers: &HeaderMap) -> bool {
    matches!(preference(headers, "text/event-stream"), (EXACT, 1..))
}

/// Whether a GET requests a page rather than data: `text/html` has a higher quality
/// than either JSON type. Without a preference (no `Accept`, `*/*`) the response is
/// data.
pub(in crate::http) fn wants_html(headers: &HeaderMap) -> bool {
    let quality = |media_type| preference(headers, media_type).1;
    quality("text/html") > quality(JSON).max(quality(GRAPHQL_RESPONSE))
}

/// The specificity of the most specific range in `Accept` that matches a media type,
/// and its quality (0 to 1000); 0 without a match.
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

/// `0.8` as 800; `None` unless it is a quality of at most three decimals.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let value: u16 = format!("{whole}{decimals:0<3}").parse().ok()?;
    (value <= 1000).then_some(value)
}

/// The comma-separated elements of a header, over all its lines. Neither media
/// ranges nor the server's own entity tags contain a comma.
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

/// Whether a body is sent as it is. A compressed one could be much larger than the bytes that
/// are counted.
pub(in crate::http) fn is_identity(headers: &HeaderMap) -> bool {
    elements(headers, &CONTENT_ENCODING)
        .all(|coding| coding.is_empty() || coding.eq_ignore_ascii_case("identity"))
        && headers.get_all(CONTENT_ENCODING).iter().all(|line| line.to_str().is_ok())
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

    fn accepted(accept: &str) -> Option<MediaType> {
        MediaType::accepted(&self::accept(accept))
    }

    #[test]
    fn the_preferred_type_is_chosen() {
        assert_eq!(MediaType::accepted(&HeaderMap::new()), Some(MediaType::Json));
        assert_eq!(accepted("*/*"), Some(MediaType::Json));
        assert_eq!(accepted("application/json"), Some(MediaType::Json));
        assert_eq!(accepted("Application/GraphQL-Response+JSON"), Some(MediaType::GraphqlResponse));
        assert_eq!(
            accepted("application/graphql-response+json; charset=utf-8, application/json; q=0.9"),
            Some(MediaType::GraphqlResponse)
        );
        assert_eq!(
            accepted("application/graphql-response+json;q=0.5, application/json"),
            Some(MediaType::Json)
        );
        assert_eq!(accepted("text/html"), None);
        assert_eq!(
            accepted("application/*;q=0.5, application/json;q=0"),
            Some(MediaType::GraphqlResponse)
        );
        assert_eq!(accepted("*/*, application/json;q=0.1"), Some(MediaType::GraphqlResponse));
        assert_eq!(accepted("application/*"), Some(MediaType::Json));
        assert_eq!(
            accepted("application/json, application/graphql-response+json"),
            Some(MediaType::GraphqlResponse)
        );
        assert_eq!(accepted("application/json;q=0"), None);
    }

    #[test]
    fn event_streams_are_accepted_by_name() {
        assert!(accepts_events(&accept("text/event-stream")));
        assert!(accepts_events(&accept("application/json, Text/Event-Stream;q=0.1")));
        for other in ["*/*", "text/*", "application/json", "text/event-stream;q=0"] {
            assert!(!accepts_events(&accept(other)), "{other}");
        }
    }

    #[test]
    fn browsers_prefer_html_and_programs_do_not() {
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
    fn a_body_must_be_json_in_utf_8() {
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
