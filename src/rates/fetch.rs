//! Fetches rates: asks, keeps each answer raw before anything else, and queues the last one.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SubsecRound as _, Utc};
use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::client::{Client, ClientOptions, NoAnswer};
use super::key::RawKey;
use super::queue::RawQueue;
use super::raw::RawAnswer;
use super::request::RatesRequest;
use super::url::url_of;
use crate::config::RatesConfig;
use crate::error::{Code, Error, Result};
use crate::lake::Lake;

/// The first pause between two requests; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Fetches rates from the configured API into a lake; cheap to clone.
#[derive(Clone)]
pub struct Fetcher {
    client: Arc<Client>,
    config: RatesConfig,
    lake: Lake,
}

impl Fetcher {
    /// As configured.
    ///
    /// # Errors
    /// `CONFIG` if the API has no usable URL, or it is `https` and the machine has no root
    /// certificates.
    pub fn new(config: &RatesConfig, lake: Lake) -> Result<Self> {
        let url = config.url.parse().map_err(|error: http::uri::InvalidUri| {
            let message = format!("rates.url (RATES_URL) `{}` is no URL", config.url);
            Error::new(Code::Config, message).with_source(error)
        })?;
        let options = ClientOptions {
            timeout: config.timeout,
            max_bytes: config.max_bytes,
            allow_private: config.allow_private,
        };
        let client = Arc::new(Client::new(&url, options)?);
        Ok(Self { client, config: config.clone(), lake })
    }

    /// Fetches; gives the address of the raw answer, which is on the queue then, also if it is
    /// none that fits.
    ///
    /// # Errors
    /// `UNAVAILABLE` if there is no answer, `CONFLICT` if its status is not 200 or it is too
    /// large, `CONFIG` for an address that may not be asked; those of S3 and of the queue.
    pub async fn fetch(
        &self,
        request: &RatesRequest,
        queue: &dyn RawQueue,
        stop: &CancellationToken,
    ) -> Result<String> {
        let today = Utc::now().date_naive();
        let url = url_of(self.config.dialect, &self.config.url, request, today)?;
        let mut attempt = 1;
        loop {
            let answered = tokio::select! {
                answered = self.client.get(&url) => answered,
                () = stop.cancelled() => return Err(interrupted()),
            };
            let pause = match answered {
                Ok(answer) => {
                    let status = answer.status;
                    let pause = self.pause_after(status, &answer.headers, attempt);
                    let fetched_at = Utc::now().trunc_subsecs(6);
                    let dialect = self.config.dialect;
                    let (is_final, request) = (pause.is_none(), request.clone());
                    let raw = RawAnswer::of(answer, fetched_at, is_final, dialect, request);
                    let uri = self.keep(&raw).await?;
                    let Some(pause) = pause else {
                        queue.put(&uri).await?;
                        return self.outcome(status, uri);
                    };
                    tracing::warn!(%status, ?pause, raw = uri, "the rates are asked for again");
                    pause
                }
                Err(NoAnswer::Refused(error)) => return Err(error),
                Err(NoAnswer::Failed(problem)) => {
                    let Some(pause) = self.pause(attempt, None) else {
                        let message = format!("{} does not answer: {problem}", self.config.url);
                        return Err(Error::new(Code::Unavailable, message));
                    };
                    tracing::warn!(problem, ?pause, "the rates are asked for again");
                    pause
                }
            };
            tokio::select! {
                () = sleep(pause) => {}
                () = stop.cancelled() => return Err(interrupted()),
            }
            attempt += 1;
        }
    }

    async fn keep(&self, raw: &RawAnswer) -> Result<String> {
        let key = RawKey::new(raw.fetched_at);
        self.lake.put(&key.raw(), raw.to_avro()?).await?;
        Ok(self.lake.uri_of(&key.raw()))
    }

    fn outcome(&self, status: StatusCode, uri: String) -> Result<String> {
        if status == StatusCode::OK {
            return Ok(uri);
        }
        let url = &self.config.url;
        Err(Error::new(Code::Conflict, format!("{url} answers {status}; it is kept as {uri}")))
    }

    /// The pause after an answer that may be another one later; `None` for any other, and when
    /// it was asked often enough.
    fn pause_after(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        attempt: u32,
    ) -> Option<Duration> {
        let may_change = status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error();
        if !may_change {
            return None;
        }
        let wanted = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        self.pause(attempt, wanted.and_then(|text| retry_after(text, Utc::now())))
    }

    fn pause(&self, attempt: u32, wanted: Option<Duration>) -> Option<Duration> {
        if attempt >= self.config.attempts {
            return None;
        }
        pause(attempt, wanted, self.config.max_pause, random())
    }
}

fn interrupted() -> Error {
    Error::new(Code::Unavailable, "fetching was interrupted")
}

fn random() -> u8 {
    let mut byte = [0];
    // Without randomness the pauses are the shortest.
    let _ = getrandom::fill(&mut byte);
    byte.into_iter().next().unwrap_or_default()
}

/// The pause after an attempt, counted from 1, with jitter by `random`: at least what is
/// `wanted`; `None` if that is more than the longest.
fn pause(
    attempt: u32,
    wanted: Option<Duration>,
    longest: Duration,
    random: u8,
) -> Option<Duration> {
    let doublings = attempt.saturating_sub(1).min(16);
    let own = FIRST_PAUSE.saturating_mul(1 << doublings).min(longest);
    match wanted {
        Some(wanted) if wanted > longest => None,
        // So that many who were told the same do not come at the same moment.
        Some(wanted) => Some(wanted + own / 4 * u32::from(random) / 255),
        None => Some(own / 2 + own / 2 * u32::from(random) / 255),
    }
}

/// The time that `Retry-After` asks for: seconds, or a date.
fn retry_after(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More than a number holds is for ever, not at once.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let date = DateTime::parse_from_rfc2822(text).ok()?;
    Some((date.to_utc() - now).to_std().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_obey_what_is_wanted() {
        let [ms, minute] = [Duration::from_millis, |_| Duration::from_secs(60)];
        assert_eq!(pause(1, None, minute(1), 0), Some(ms(250)));
        assert_eq!(pause(1, None, minute(1), 255), Some(ms(500)));
        assert_eq!(pause(3, None, minute(1), 255), Some(ms(2_000)));
        assert_eq!(pause(30, None, minute(1), 255), Some(minute(1)));
        let wanted = pause(1, Some(ms(7_000)), minute(1), 255).unwrap();
        assert!(wanted >= ms(7_000) && wanted < ms(8_000), "{wanted:?}");
        assert_eq!(pause(1, Some(ms(60_001)), minute(1), 0), None);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now: DateTime<Utc> = "2026-11-28T10:00:00Z".parse().unwrap();
        assert_eq!(retry_after(" 7 ", now), Some(Duration::from_secs(7)));
        let date = "Sat, 28 Nov 2026 10:01:00 GMT";
        assert_eq!(retry_after(date, now), Some(Duration::from_secs(60)));
        assert_eq!(retry_after("Sat, 28 Nov 2026 09:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
        assert_eq!(retry_after("-1", now), None);
        assert_eq!(retry_after("", now), None);
        let endless = retry_after("99999999999999999999", now);
        assert_eq!(endless, Some(Duration::from_secs(u64::MAX)));
        assert_eq!(pause(1, endless, Duration::from_secs(60), 0), None, "not asked again");
    }
}
