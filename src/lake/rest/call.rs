//! One request with its retries.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use http::{Method, Request, StatusCode, Uri};
use http_body_util::Full;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::access::Access;
use super::http::{Answer, FIRST_WAIT, Http, MOST_TRIES, NoAnswer};
use super::wire::ErrorAnswer;
use crate::config::CatalogConfig;
use crate::error::{Code, Error, Result};
use crate::storage::S3Settings;

/// The longest wait that a catalogue may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// Most characters of a catalogue's own words in an error.
const MOST_WORDS: usize = 300;

/// Sends requests to a catalogue.
pub(super) struct Caller {
    /// The base of its URLs, without a slash at its end.
    pub(super) uri: String,
    http: Http,
    access: Access,
}

/// What became of a request.
#[derive(Debug)]
pub(super) enum Sent {
    Answer(Answer),
    /// It may have been done or not, and may still be.
    Unknown(Error),
}

impl Caller {
    pub(super) async fn new(config: &CatalogConfig, settings: &S3Settings) -> Result<Self> {
        let failed = |what: String| {
            let message = format!("lake.catalog_uri (LAKE_CATALOG_URI) `{}`: {what}", config.uri);
            Error::new(Code::Config, message)
        };
        let uri: Uri = config.uri.parse().map_err(|error| failed(format!("{error}")))?;
        let http = Http::new(&uri, config.timeout);
        let http = http.map_err(|error| failed(error.detail()))?;
        let access = Access::new(config, settings).await?;
        Ok(Self { uri: config.uri.clone(), http, access })
    }

    /// Sends a request that may be sent any number of times.
    pub(super) async fn ask(
        &self,
        method: Method,
        url: &str,
        body: &Bytes,
        stop: &CancellationToken,
    ) -> Result<Answer> {
        match self.send(method, url, body, true, stop).await? {
            Sent::Answer(answer) => Ok(answer),
            Sent::Unknown(error) => Err(error),
        }
    }

    /// Sends a request that does something. It is sent again only where it was surely not done.
    pub(super) async fn tell(
        &self,
        url: &str,
        body: &Bytes,
        stop: &CancellationToken,
    ) -> Result<Sent> {
        self.send(Method::POST, url, body, false, stop).await
    }

    /// `stop` ends it between two requests: one that is under way may be done.
    async fn send(
        &self,
        method: Method,
        url: &str,
        body: &Bytes,
        again: bool,
        stop: &CancellationToken,
    ) -> Result<Sent> {
        let mut wait = FIRST_WAIT;
        let mut is_renewed = false;
        let mut number = 0;
        loop {
            if stop.is_cancelled() {
                let message = "interrupted; the next run writes the lake";
                return Err(Error::new(Code::Conflict, message));
            }
            number += 1;
            let request = self.request(&method, url, body).await?;
            let (why, is_done_perhaps, pause) = match self.http.send(request).await {
                Ok(answer) => match answer.status.as_u16() {
                    401 | 419 if self.access.is_renewable() && !is_renewed => {
                        // No try at what was asked.
                        number -= 1;
                        is_renewed = true;
                        self.access.renew().await;
                        continue;
                    }
                    429 => ("it answers 429".to_owned(), false, retry_after(&answer)),
                    status @ (500 | 502 | 503 | 504) => (
                        format!("it answers {status}{}", words(&answer)),
                        true,
                        retry_after(&answer),
                    ),
                    _ => return Ok(Sent::Answer(answer)),
                },
                Err(NoAnswer::NotSent(why)) => (why, false, None),
                Err(NoAnswer::Lost(why)) => (why, true, None),
            };
            let message = format!("the catalogue {} does not do {method} {url}: {why}", self.uri);
            let error = Error::new(Code::Unavailable, message);
            if is_done_perhaps && !again {
                stop.run_until_cancelled(sleep(pause.unwrap_or(wait))).await;
                return Ok(Sent::Unknown(error));
            }
            if number == MOST_TRIES {
                return Err(error);
            }
            tracing::debug!(error = error.detail(), "asking again");
            stop.run_until_cancelled(sleep(pause.unwrap_or(wait))).await;
            wait *= 2;
        }
    }

    async fn request(
        &self,
        method: &Method,
        url: &str,
        body: &Bytes,
    ) -> Result<Request<Full<Bytes>>> {
        let mut request = Request::builder().method(method).uri(url);
        request = request.header(ACCEPT, "application/json");
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let request = request.body(Full::from(body.clone()));
        let mut request = request.map_err(|error| {
            Error::new(Code::Config, format!("`{url}` is no URL")).with_source(error)
        })?;
        self.access.allow(&self.http, &mut request, body).await?;
        // After the signature: a proxy may change it.
        let agent =
            http::HeaderValue::from_static(concat!("salesgraph/", env!("CARGO_PKG_VERSION")));
        request.headers_mut().insert(USER_AGENT, agent);
        Ok(request)
    }

    /// The error of an answer that is not wanted.
    pub(super) fn refused(&self, what: &str, answer: &Answer) -> Error {
        let status = answer.status;
        let (code, hint) = match status {
            StatusCode::UNAUTHORIZED => (
                Code::Config,
                "; check LAKE_CATALOG_TOKEN, LAKE_CATALOG_CREDENTIAL or, for AWS, the credentials \
                 of the storage and LAKE_CATALOG_SIGNING_REGION",
            ),
            StatusCode::FORBIDDEN => (
                Code::Config,
                "; give this program's principal the right to do so in the catalogue",
            ),
            StatusCode::NOT_FOUND => (
                Code::Config,
                "; check LAKE_CATALOG_URI, which is the URL before `/v1`, and \
                 LAKE_CATALOG_WAREHOUSE",
            ),
            _ => (Code::Conflict, ""),
        };
        let (uri, words) = (&self.uri, words(answer));
        Error::new(code, format!("the catalogue {uri} answers {status} to {what}{words}{hint}"))
    }
}

/// What a catalogue says of a failure, with a colon before it.
fn words(answer: &Answer) -> String {
    let Ok(told) = serde_json::from_slice::<ErrorAnswer>(&answer.body) else {
        return String::new();
    };
    let (kind, message) = (told.error.kind.unwrap_or_default(), told.error.message);
    let text = format!(": {kind} {}", message.unwrap_or_default());
    text.chars().filter(|one| !one.is_control()).take(MOST_WORDS).collect()
}

/// How long a catalogue wants to be left alone.
fn retry_after(answer: &Answer) -> Option<Duration> {
    let value = answer.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match value.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until = DateTime::parse_from_rfc2822(value).ok()?;
            // No longer if that is over.
            (until.to_utc() - Utc::now()).to_std().unwrap_or_default()
        }
    };
    Some(wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::*;

    fn wait(text: &str) -> Option<Duration> {
        let value = HeaderValue::from_str(text).unwrap();
        let headers = HeaderMap::from_iter([(RETRY_AFTER, value)]);
        retry_after(&Answer { status: StatusCode::OK, headers, body: Bytes::new() })
    }

    #[test]
    fn a_catalogue_says_how_long_it_wants_to_be_left_alone() {
        assert_eq!(wait("7"), Some(Duration::from_secs(7)));
        assert_eq!(wait(&u64::MAX.to_string()), Some(LONGEST_WAIT));
        assert_eq!(wait("Fri, 31 Dec 9999 23:59:59 GMT"), Some(LONGEST_WAIT));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        assert_eq!(wait("soon"), None);
        let none = Answer { status: StatusCode::OK, headers: HeaderMap::new(), body: Bytes::new() };
        assert_eq!(retry_after(&none), None);
    }
}
