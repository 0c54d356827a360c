//! A public API of currency rates for a machine without the internet: it speaks the dialect of
//! the European Central Bank and that of Frankfurter, on generated rates. The rate of a day is
//! always the same. There are none on weekends.

use std::net::SocketAddr;

use axum::Router;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use chrono::{Datelike as _, Days, NaiveDate, Utc, Weekday};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::error::{Code, Error, Result};

/// Currencies, and what a euro is about worth in them, in units of [`UNIT`].
const CURRENCIES: [(&str, i64); 12] = [
    ("AUD", 1_627_000),
    ("BRL", 5_401_000),
    ("CAD", 1_468_000),
    ("CHF", 955_000),
    ("CNY", 7_783_000),
    ("DKK", 7_459_000),
    ("EUR", UNIT),
    ("GBP", 860_500),
    ("JPY", 157_330_000),
    ("MXN", 18_481_000),
    ("SEK", 11_262_000),
    ("USD", 1_095_600),
];
const UNIT: i64 = 1_000_000;
/// The first day with rates.
const FIRST_DAY: Option<NaiveDate> = NaiveDate::from_ymd_opt(1999, 1, 4);

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatesAnswer {
    /// Its HTTP status.
    pub status: u16,
    /// Its media type.
    pub content_type: &'static str,
    /// Its body.
    pub body: String,
}

/// A running API of rates. It stops when it is dropped.
#[derive(Debug)]
pub struct RatesServer {
    address: SocketAddr,
    task: JoinHandle<()>,
    _stop: DropGuard,
}

impl RatesServer {
    /// Listens on a free port of loopback.
    ///
    /// # Errors
    /// `UNAVAILABLE` if there is none.
    pub async fn start() -> Result<Self> {
        let failed = |error: std::io::Error| {
            Error::new(Code::Unavailable, "the server of rates cannot listen").with_source(error)
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let stop = CancellationToken::new();
        let router = Router::new().fallback(respond);
        let stopped = stop.clone().cancelled_owned();
        let task = tokio::spawn(async move {
            let served = axum::serve(listener, router).with_graceful_shutdown(stopped).await;
            if let Err(error) = served {
                tracing::warn!(%error, "the server of rates has ended");
            }
        });
        Ok(Self { address, task, _stop: stop.drop_guard() })
    }

    /// The URL for the dialect of the European Central Bank.
    #[must_use]
    pub fn ecb_url(&self) -> String {
        format!("http://{}/stats/eurofxref", self.address)
    }

    /// The URL for the dialect of Frankfurter.
    #[must_use]
    pub fn frankfurter_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Stops it, without waiting for requests in flight.
    pub fn stop(self) {
        self.task.abort();
    }
}

async fn respond(url: Uri) -> Response {
    let answer = answer(&url, Utc::now().date_naive());
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, answer.content_type)], answer.body).into_response()
}

/// The answer to a URL on a day.
#[must_use]
pub fn answer(url: &Uri, today: NaiveDate) -> RatesAnswer {
    let path = url.path();
    let found = if let Some(file) = path.strip_prefix("/stats/eurofxref/") {
        ecb(file, today).map(|body| ("text/xml", body))
    } else if let Some(period) = path.strip_prefix("/v1/") {
        let json = frankfurter(period, url.query().unwrap_or_default(), today);
        json.map(|body| ("application/json", body))
    } else {
        None
    };
    match found {
        Some((content_type, body)) => RatesAnswer { status: 200, content_type, body },
        None => RatesAnswer {
            status: 404,
            content_type: "application/json",
            body: "{\"message\":\"not found\"}".to_owned(),
        },
    }
}

fn ecb(file: &str, today: NaiveDate) -> Option<String> {
    let first = match file {
        "eurofxref-daily.xml" => None,
        "eurofxref-hist-90d.xml" => Some(today.checked_sub_days(Days::new(90))?),
        "eurofxref-hist.xml" => Some(FIRST_DAY?),
        _ => return None,
    };
    let newest = (0..7).filter_map(|days| today.checked_sub_days(Days::new(days)));
    let newest = newest.into_iter().find(|day| is_business_day(*day))?;
    let mut body = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<gesmes:Envelope \
         xmlns:gesmes=\"http://www.gesmes.org/xml/2002-08-01\" \
         xmlns=\"http://www.ecb.int/vocabulary/2002-08-01/eurofxref\">\
         <gesmes:subject>Reference rates</gesmes:subject><Cube>",
    );
    let mut day = newest;
    loop {
        if is_business_day(day) {
            body.push_str(&format!("<Cube time=\"{day}\">"));
            for (currency, _) in CURRENCIES.iter().filter(|(currency, _)| *currency != "EUR") {
                let rate = decimal(of_euro(currency, day)?, 1_000_000);
                body.push_str(&format!("<Cube currency=\"{currency}\" rate=\"{rate}\"/>"));
            }
            body.push_str("</Cube>");
        }
        day = day.pred_opt()?;
        if first.is_none_or(|first| day < first) {
            break;
        }
    }
    body.push_str("</Cube></gesmes:Envelope>");
    Some(body)
}

fn frankfurter(period: &str, query: &str, today: NaiveDate) -> Option<String> {
    let parameter = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
    };
    let base = parameter("base").unwrap_or("EUR");
    let wanted: Option<Vec<&str>> = parameter("symbols").map(|codes| codes.split(',').collect());
    CURRENCIES.iter().find(|(currency, _)| *currency == base)?;
    let (from, to) = period.split_once("..")?;
    let from = from.parse::<NaiveDate>().ok()?.max(FIRST_DAY?);
    let to = if to.is_empty() { today } else { to.parse::<NaiveDate>().ok()?.min(today) };
    let days = from.iter_days().take_while(|day| *day <= to).filter(|day| is_business_day(*day));
    let days: Vec<String> = days
        .map(|day| {
            let rates = CURRENCIES.iter().filter(|(currency, _)| {
                let is_wanted = wanted.as_ref().is_none_or(|codes| codes.contains(currency));
                *currency != base && is_wanted
            });
            let rates: Option<Vec<String>> = rates
                .map(|(currency, _)| {
                    Some(format!("\"{currency}\":{}", cross(base, currency, day)?))
                })
                .collect();
            Some(format!("\"{day}\":{{{}}}", rates?.join(",")))
        })
        .collect::<Option<_>>()?;
    let days = days.join(",");
    Some(format!(
        "{{\"amount\":1.0,\"base\":\"{base}\",\"start_date\":\"{from}\",\"end_date\":\"{to}\",\
         \"rates\":{{{days}}}}}"
    ))
}

/// What a unit of one currency is worth in another, to eight decimals.
fn cross(from: &str, to: &str, day: NaiveDate) -> Option<String> {
    let (from, to) = (i128::from(of_euro(from, day)?), i128::from(of_euro(to, day)?));
    let rate = (to * 100_000_000 + from / 2).checked_div(from)?;
    Some(decimal(i64::try_from(rate).ok()?, 100_000_000))
}

/// What a euro is worth on a day: within two percent of the usual.
fn of_euro(currency: &str, day: NaiveDate) -> Option<i64> {
    let (position, (_, usual)) =
        CURRENCIES.iter().enumerate().find(|(_, (known, _))| *known == currency)?;
    if currency == "EUR" {
        return Some(UNIT);
    }
    // A wave of half a year, another for each currency, as a triangle of whole numbers.
    let position = i64::try_from(position).ok()?;
    let at = (i64::from(day.to_epoch_days()) * (position + 3) / 4).rem_euclid(180);
    let height = (at - 90).abs() * 10_000 / 45 - 10_000;
    Some(usual + usual * height / 500_000)
}

/// A number of parts as a decimal number, without zeros at its end.
fn decimal(parts: i64, unit: i64) -> String {
    let digits = unit.ilog10() as usize;
    let text = format!("{}.{:0digits$}", parts / unit, parts % unit);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn is_business_day(day: NaiveDate) -> bool {
    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(url: &str) -> String {
        let answer = answer(&url.parse().unwrap(), "2026-11-28".parse().unwrap());
        assert_eq!(answer.status, 200, "{url}");
        answer.body
    }

    #[test]
    fn both_dialects_tell_the_same_rates() {
        let daily = body("/stats/eurofxref/eurofxref-daily.xml");
        assert!(daily.contains("<Cube time=\"2026-11-27\">"), "Saturday has none: {daily}");
        let json = body("/v1/2026-11-27..2026-11-28?base=EUR&symbols=USD,GBP");
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let rates = &json["rates"]["2026-11-27"];
        assert_eq!(rates.as_object().map(serde_json::Map::len), Some(2));
        let usd = format!("currency=\"USD\" rate=\"{}\"", rates["USD"]);
        assert!(daily.contains(&usd), "{usd} in {daily}");
    }

    #[test]
    fn history_goes_back_and_other_things_are_not_found() {
        assert!(body("/stats/eurofxref/eurofxref-hist.xml").contains("time=\"1999-01-04\""));
        let recent = body("/stats/eurofxref/eurofxref-hist-90d.xml");
        assert!(recent.contains("2026-09-01") && !recent.contains("2026-08-01"));
        for url in ["/", "/v1/x", "/v1/2024-01-01..2024-01-02?base=XXX", "/stats/eurofxref/x"] {
            let answer = answer(&url.parse().unwrap(), "2026-11-28".parse().unwrap());
            assert_eq!(answer.status, 404, "{url}");
        }
    }
}
