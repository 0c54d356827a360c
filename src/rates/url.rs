//! URLs: which one to ask, and where a redirect may lead.

use chrono::{Days, NaiveDate};
use http::Uri;
use http::uri::Scheme;

use super::request::RatesRequest;
use crate::config::RatesDialect;
use crate::error::{Code, Error, Result};

/// The file of the last days has so many at least, whatever holidays there were.
const RECENT_DAYS: Days = Days::new(80);

/// The URL that answers a request.
///
/// # Errors
/// `CONFIG` if `base` is no URL.
pub(super) fn url_of(
    dialect: RatesDialect,
    base: &str,
    request: &RatesRequest,
    today: NaiveDate,
) -> Result<Uri> {
    let RatesRequest { base: of, currencies, from, to } = request;
    let url = match dialect {
        RatesDialect::Ecb if *from == today => format!("{base}/eurofxref-daily.xml"),
        RatesDialect::Ecb if *from >= today - RECENT_DAYS => {
            format!("{base}/eurofxref-hist-90d.xml")
        }
        RatesDialect::Ecb => format!("{base}/eurofxref-hist.xml"),
        RatesDialect::Frankfurter if currencies.is_empty() => {
            format!("{base}/{from}..{to}?base={of}")
        }
        RatesDialect::Frankfurter => {
            format!("{base}/{from}..{to}?base={of}&symbols={}", currencies.join(","))
        }
    };
    url.parse().map_err(|error: http::uri::InvalidUri| {
        Error::new(Code::Config, format!("rates.url `{base}` is no URL")).with_source(error)
    })
}

/// Where a redirect leads: to another path of the same host and port, or from `http` to `https`
/// on the usual ports. `None` for any other place.
pub(super) fn redirect(from: &Uri, target: &str) -> Option<Uri> {
    // Without its fragment, which is not sent.
    let target = target.split('#').next().unwrap_or(target);
    let authority = from.authority()?;
    let scheme = from.scheme()?;
    let text = if let Some(rest) = target.strip_prefix("//") {
        format!("{scheme}://{rest}")
    } else if target.starts_with('/') {
        format!("{scheme}://{authority}{target}")
    } else if target.contains("://") {
        target.to_owned()
    } else {
        let folder = from.path().rsplit_once('/').map_or("", |(folder, _)| folder);
        format!("{scheme}://{authority}{folder}/{target}")
    };
    let next: Uri = text.parse().ok()?;
    let is_same_host = next.host()?.eq_ignore_ascii_case(from.host()?);
    let is_upgrade = *scheme == Scheme::HTTP
        && next.scheme() == Some(&Scheme::HTTPS)
        && port(from) == Some(80)
        && port(&next) == Some(443);
    let is_same_server = next.scheme() == Some(scheme) && port(&next) == port(from);
    let has_user = next.authority().is_some_and(|it| it.as_str().contains('@'));
    (is_same_host && (is_same_server || is_upgrade) && !has_user).then_some(next)
}

fn port(url: &Uri) -> Option<u16> {
    url.port_u16().or_else(|| match url.scheme_str() {
        Some("http") => Some(80),
        Some("https") => Some(443),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_stays_on_its_host() {
        let leads = |from: &str, to: &str| {
            redirect(&from.parse().unwrap(), to).map(|next| next.to_string())
        };
        for (from, to, next) in [
            ("https://a.eu/x/y", "/z?q=1", "https://a.eu/z?q=1"),
            ("https://a.eu/x/y", "z", "https://a.eu/x/z"),
            ("https://a.eu/x", "https://A.eu/z", "https://A.eu/z"),
            ("https://a.eu/x", "//a.eu/z", "https://a.eu/z"),
            ("http://a.eu/x", "https://a.eu/z", "https://a.eu/z"),
            ("http://a.eu:81/x", "http://a.eu:81/z#part", "http://a.eu:81/z"),
        ] {
            assert_eq!(leads(from, to).as_deref(), Some(next), "{from} to {to}");
        }
        for (from, to) in [
            ("https://a.eu/x", "http://a.eu/x"),
            ("https://a.eu/x", "https://b.eu/x"),
            ("https://a.eu/x", "//b.eu/x"),
            ("https://a.eu/x", "https://a.eu:8443/x"),
            ("http://a.eu:81/x", "https://a.eu/x"),
            ("https://a.eu/x", "https://a.eu@b.eu/x"),
            ("https://a.eu/x", "https://u@a.eu/x"),
            ("https://a.eu/x", "file:///etc/passwd"),
        ] {
            assert_eq!(leads(from, to), None, "{from} to {to}");
        }
    }

    #[test]
    fn the_smallest_file_that_has_the_days_is_asked() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let url = |dialect, from: &str, to: &str, currencies: &[&str]| {
            let request = RatesRequest {
                base: "EUR".to_owned(),
                currencies: currencies.iter().map(|code| (*code).to_owned()).collect(),
                from: day(from),
                to: day(to),
            };
            let url = url_of(dialect, "http://h/p", &request, day("2026-11-27")).unwrap();
            url.to_string()
        };
        let ecb = |from, to| url(RatesDialect::Ecb, from, to, &[]);
        assert_eq!(ecb("2026-11-27", "2026-11-27"), "http://h/p/eurofxref-daily.xml");
        assert_eq!(ecb("2026-11-26", "2026-11-27"), "http://h/p/eurofxref-hist-90d.xml");
        assert_eq!(ecb("2026-08-01", "2026-08-02"), "http://h/p/eurofxref-hist.xml");
        let of =
            |currencies| url(RatesDialect::Frankfurter, "2024-01-01", "2024-01-31", currencies);
        assert_eq!(of(&[]), "http://h/p/2024-01-01..2024-01-31?base=EUR");
        assert_eq!(
            of(&["USD", "GBP"]),
            "http://h/p/2024-01-01..2024-01-31?base=EUR&symbols=USD,GBP"
        );
    }
}
