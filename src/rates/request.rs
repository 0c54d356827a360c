//! Which rates are asked for.

use std::ops::RangeInclusive;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::config::{RatesConfig, RatesDialect};
use crate::error::{Code, Error, Result};

/// The euro, and with it the reference rates, began in 1999.
const FIRST_DAY: Option<NaiveDate> = NaiveDate::from_ymd_opt(1999, 1, 1);
/// Most currencies of a request.
const MAX_CURRENCIES: usize = 200;

/// Rates to fetch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RatesRequest {
    /// The currency of which the rates are.
    pub base: String,
    /// The currencies in which they are; all that the API has if there are none.
    pub currencies: Vec<String>,
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
}

/// The request as configured: the last days up to `today`.
#[must_use]
pub fn default_request(config: &RatesConfig, today: NaiveDate) -> RatesRequest {
    RatesRequest {
        base: config.base.clone(),
        currencies: config.currencies.clone(),
        from: first_of(config.days, today),
        to: today,
    }
}

/// The first of so many days that end with `last`.
fn first_of(days: u32, last: NaiveDate) -> NaiveDate {
    last.checked_sub_days(Days::new(u64::from(days.saturating_sub(1)))).unwrap_or(last)
}

impl RatesRequest {
    /// Fills in what is not given, and refuses what cannot be asked.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` that begins with the name of what is wrong: `base`, `currencies`,
    /// `from` or `to`.
    pub fn of(
        config: &RatesConfig,
        today: NaiveDate,
        base: Option<String>,
        currencies: Option<Vec<String>>,
        days: (Option<NaiveDate>, Option<NaiveDate>),
    ) -> Result<Self> {
        let default = default_request(config, today);
        let to = days.1.unwrap_or(today);
        let from = days.0.unwrap_or_else(|| first_of(config.days, to));
        let mut request = Self {
            base: base.unwrap_or(default.base),
            currencies: currencies.unwrap_or(default.currencies),
            from,
            to,
        };
        request.currencies.sort_unstable();
        request.currencies.dedup();
        request.check(config.dialect, today)?;
        Ok(request)
    }

    fn check(&self, dialect: RatesDialect, today: NaiveDate) -> Result<()> {
        let wrong = |problem: String| Err(Error::new(Code::BadUserInput, problem));
        if !is_currency(&self.base) {
            return wrong("base: expected a code of three capital letters, such as EUR".to_owned());
        }
        if dialect == RatesDialect::Ecb && self.base != "EUR" {
            return wrong("base: the European Central Bank has rates of EUR only".to_owned());
        }
        if let Some(code) = self.currencies.iter().find(|code| !is_currency(code)) {
            let code: String = code.chars().take(20).collect();
            return wrong(format!("currencies: `{code}` is no code such as USD"));
        }
        if self.currencies.contains(&self.base) {
            return wrong(format!("currencies: {} is the base", self.base));
        }
        if self.currencies.len() > MAX_CURRENCIES {
            return wrong(format!("currencies: more than {MAX_CURRENCIES}"));
        }
        if self.from > self.to {
            return wrong(format!("from: {} is after {}", self.from, self.to));
        }
        if FIRST_DAY.is_some_and(|first| self.from < first) {
            return wrong(format!("from: {} is before 1999", self.from));
        }
        if self.to > today {
            return wrong(format!("to: {} is after today, {today} in UTC", self.to));
        }
        Ok(())
    }

    /// The days.
    #[must_use]
    pub fn days(&self) -> RangeInclusive<NaiveDate> {
        self.from..=self.to
    }

    /// Whether the rates in a currency are asked for.
    #[must_use]
    pub fn wants(&self, currency: &str) -> bool {
        self.currencies.is_empty() || self.currencies.iter().any(|code| code == currency)
    }
}

/// Whether a text has the form of a currency's code.
pub(super) fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}
