//! `[rates]`: currency rates from a public API.

use std::fmt;
use std::time::Duration;

use super::CronTimes;
use super::key::ConfigKey;
use super::parse;
use super::values::{Values, config_error};
use super::worker;
use crate::error::Result;

const SECTION: ConfigKey = ConfigKey::of("rates");

/// How the API answers.
pub const DIALECT: ConfigKey = ConfigKey {
    name: "dialect",
    env: "RATES_DIALECT",
    default: Some("ecb"),
    doc: "how the API of rates answers: `ecb` (eurofxref XML) or `frankfurter` (JSON)",
    ..SECTION
};

/// Where the API is.
pub const URL: ConfigKey = ConfigKey {
    name: "url",
    env: "RATES_URL",
    doc: "where the API is; by default that of the dialect, \
          `https://www.ecb.europa.eu/stats/eurofxref` or `https://api.frankfurter.dev/v1`",
    ..SECTION
};

/// The base currency.
pub const BASE: ConfigKey = ConfigKey {
    name: "base",
    env: "RATES_BASE",
    default: Some("EUR"),
    doc: "the currency of which the rates are; `ecb` has those of `EUR` only",
    ..SECTION
};

/// The target currencies.
pub const CURRENCIES: ConfigKey = ConfigKey {
    name: "currencies",
    env: "RATES_CURRENCIES",
    doc: "the currencies that are fetched; all that the API has unless set",
    is_list: true,
    ..SECTION
};

/// When rates are fetched.
pub const SCHEDULE: ConfigKey = ConfigKey {
    name: "schedule",
    env: "RATES_SCHEDULE",
    default: Some("off"),
    doc: "when workers fetch the rates of the last days, as a cron expression in the time zone of \
          the other schedules; `off` for never",
    ..SECTION
};

/// Days that the schedule fetches.
pub const DAYS: ConfigKey = ConfigKey {
    name: "days",
    env: "RATES_DAYS",
    default: Some("7"),
    doc: "how many days, today included, are fetched where no date is given",
    ..SECTION
};

/// Whether the API may be on a private network.
pub const ALLOW_PRIVATE: ConfigKey = ConfigKey {
    name: "allow_private",
    env: "RATES_ALLOW_PRIVATE",
    default: Some("false"),
    doc: "`true` also asks loopback, private and link-local addresses",
    ..SECTION
};

/// How long an answer may take.
pub const TIMEOUT: ConfigKey = ConfigKey {
    name: "timeout",
    env: "RATES_TIMEOUT",
    default: Some("30s"),
    doc: "how long an answer may take, to its last byte",
    ..SECTION
};

/// Requests until a fetch is given up.
pub const ATTEMPTS: ConfigKey = ConfigKey {
    name: "attempts",
    env: "RATES_ATTEMPTS",
    default: Some("4"),
    doc: "how often the API is asked when it answers 429 or 5xx, or not at all",
    ..SECTION
};

/// The longest pause between two requests.
pub const MAX_PAUSE: ConfigKey = ConfigKey {
    name: "max_pause",
    env: "RATES_MAX_PAUSE",
    default: Some("60s"),
    doc: "the longest pause between two requests; an API that asks for a longer one by \
          `Retry-After` is not asked again",
    ..SECTION
};

/// Most bytes of an answer.
pub const MAX_BYTES: ConfigKey = ConfigKey {
    name: "max_bytes",
    env: "RATES_MAX_BYTES",
    default: Some("32MiB"),
    doc: "most bytes of an answer",
    ..SECTION
};

/// The queue of what was fetched.
pub const QUEUE_URL: ConfigKey = ConfigKey {
    name: "queue_url",
    env: "QUEUE_URL",
    doc: "a queue of Amazon SQS for what was fetched, in place of the queue of jobs",
    ..SECTION
};

/// The keys of the section.
pub const KEYS: &[ConfigKey] = &[
    DIALECT, URL, BASE, CURRENCIES, SCHEDULE, DAYS, ALLOW_PRIVATE, TIMEOUT, ATTEMPTS, MAX_PAUSE,
    MAX_BYTES, QUEUE_URL,
];

/// How an API of rates is asked and answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RatesDialect {
    /// The XML files of the European Central Bank.
    Ecb,
    /// The JSON of Frankfurter and services like it.
    Frankfurter,
}

impl RatesDialect {
    /// Its name, which is also the source of its rates.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ecb => "ecb",
            Self::Frankfurter => "frankfurter",
        }
    }

    /// The dialect of this name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        [Self::Ecb, Self::Frankfurter].into_iter().find(|dialect| dialect.as_str() == name)
    }

    const fn public_url(self) -> &'static str {
        match self {
            Self::Ecb => "https://www.ecb.europa.eu/stats/eurofxref",
            Self::Frankfurter => "https://api.frankfurter.dev/v1",
        }
    }
}

impl fmt::Display for RatesDialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The section's values.
#[derive(Debug, Clone)]
pub struct RatesConfig {
    /// How the API answers.
    pub dialect: RatesDialect,
    /// Where it is, without a slash at its end.
    pub url: String,
    /// The base currency.
    pub base: String,
    /// The target currencies; all if there are none.
    pub currencies: Vec<String>,
    /// When rates are fetched.
    pub schedule: Option<CronTimes>,
    /// How many days are fetched where no date is given.
    pub days: u32,
    /// Whether private addresses are asked.
    pub allow_private: bool,
    /// How long an answer may take.
    pub timeout: Duration,
    /// How often the API is asked at most.
    pub attempts: u32,
    /// The longest pause between two requests.
    pub max_pause: Duration,
    /// Most bytes of an answer.
    pub max_bytes: usize,
    /// The queue of what was fetched; the queue of jobs if there is none.
    pub queue_url: Option<String>,
}

impl RatesConfig {
    pub(super) fn read(values: &Values) -> Result<Self> {
        let zone = values.required(&worker::TIME_ZONE, worker::zone)?;
        let dialect = values.required(&DIALECT, |text| {
            RatesDialect::of(text.trim()).ok_or_else(|| "expected ecb or frankfurter".to_owned())
        })?;
        let url = values.optional(&URL, url)?;
        let base = values.required(&BASE, currency)?;
        if dialect == RatesDialect::Ecb && base != "EUR" {
            return Err(config_error(format!(
                "{BASE} = `{base}`: the dialect ecb has rates of EUR only; set {DIALECT} ({}) to \
                 frankfurter for others",
                DIALECT.env
            )));
        }
        Ok(Self {
            dialect,
            url: url.unwrap_or_else(|| dialect.public_url().to_owned()),
            base,
            currencies: values.optional(&CURRENCIES, currencies)?.unwrap_or_default(),
            schedule: values.required(&SCHEDULE, |text| match text.trim() {
                "off" => Ok(None),
                expression => CronTimes::parse(expression, zone).map(Some),
            })?,
            days: values.required(&DAYS, parse::whole(1..=366))?,
            allow_private: values.required(&ALLOW_PRIVATE, parse::boolean)?,
            timeout: values.required(&TIMEOUT, parse::duration)?,
            attempts: values.required(&ATTEMPTS, parse::whole(1..=10))?,
            max_pause: values.required(&MAX_PAUSE, parse::duration)?,
            max_bytes: values.required(&MAX_BYTES, parse::bytes(1024..=256 * 1024 * 1024))?,
            queue_url: values.optional(&QUEUE_URL, url_text)?,
        })
    }
}

fn currency(text: &str) -> Result<String, String> {
    let code = text.trim();
    let is_code = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    if is_code { Ok(code.to_owned()) } else { Err("expected a code such as EUR".to_owned()) }
}

fn currencies(text: &str) -> Result<Vec<String>, String> {
    text.split(',').map(currency).collect()
}

fn url_text(text: &str) -> Result<String, String> {
    let text = text.trim();
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !host.starts_with('/') => Ok(text.to_owned()),
        _ => Err("expected https://host/path".to_owned()),
    }
}

/// Without a query, as a path is put behind it, and without a password, as it is kept with each
/// answer.
fn url(text: &str) -> Result<String, String> {
    let text = url_text(text)?;
    if text.contains(['?', '#', '@']) {
        return Err("expected https://host/path, without a user or a query".to_owned());
    }
    Ok(text.trim_end_matches('/').to_owned())
}
