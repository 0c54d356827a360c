//! Checks the rates of an answer one by one.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::number;
use super::parts::{Decoded, Misfit, PublishedRate, Reason, shortened};
use crate::rates::request::{RatesRequest, is_currency};

/// Most misfits of an answer that are listed one by one.
const MAX_MISFITS: usize = 1_000;

/// Takes the rates that were asked for and lists what does not fit.
pub(super) struct Collector<'a> {
    request: &'a RatesRequest,
    /// The last day that has begun somewhere when the answer came.
    last_day: NaiveDate,
    rates: BTreeMap<(NaiveDate, String), i128>,
    /// The currencies that the answer names.
    named: BTreeSet<String>,
    misfits: Vec<Misfit>,
    more_misfits: usize,
}

impl<'a> Collector<'a> {
    pub(super) fn new(request: &'a RatesRequest, fetched_at: DateTime<Utc>) -> Self {
        let today = fetched_at.date_naive();
        Self {
            request,
            last_day: today.checked_add_days(Days::new(1)).unwrap_or(today),
            rates: BTreeMap::new(),
            named: BTreeSet::new(),
            misfits: Vec::new(),
            more_misfits: 0,
        }
    }

    /// The currency that was asked for.
    pub(super) fn base(&self) -> &str {
        &self.request.base
    }

    /// The day that a text writes; `None` if its rates are not to be read.
    pub(super) fn day(&mut self, text: &str) -> Option<NaiveDate> {
        let is_long = text.len() == 10;
        let parsed = text.parse::<NaiveDate>().ok().filter(|_| is_long);
        let (reason, message) = match parsed {
            None => (Reason::InvalidDate, "expected a date such as 2024-01-31"),
            Some(day) if day > self.last_day => (Reason::FutureDate, "the day is in the future"),
            Some(day) if !self.request.days().contains(&day) => return None,
            Some(day) => return Some(day),
        };
        self.misfit(&shortened(&text), reason, message, Some(text));
        None
    }

    /// A rate of a day: the text of its number, or none.
    pub(super) fn rate(&mut self, day: NaiveDate, currency: &str, rate: Option<&str>) {
        let item = format!("{day} {} {}", self.request.base, shortened(&currency));
        if !is_currency(currency) {
            let message = "expected a code of three capital letters";
            // Without a code its rate tells which one it is.
            let value = if currency.is_empty() { rate } else { Some(currency) };
            return self.misfit(&item, Reason::InvalidCurrency, message, value);
        }
        self.named.insert(currency.to_owned());
        if !self.request.wants(currency) || currency == self.request.base {
            return;
        }
        let Some(text) = rate else {
            return self.misfit(&item, Reason::MissingRate, "there is no rate", None);
        };
        let rate = match number::parse(text) {
            Ok(rate) => rate,
            Err(reason) => return self.misfit(&item, reason, message_of(reason), Some(text)),
        };
        let key = (day, currency.to_owned());
        match self.rates.get(&key) {
            None => {
                self.rates.insert(key, rate);
            }
            Some(known) if *known == rate => {}
            Some(known) => {
                let message =
                    format!("the same answer has the rate {} before", number::shown(*known));
                self.misfit(&item, Reason::Contradiction, &message, Some(text));
            }
        }
    }

    /// A rate that is in no day.
    pub(super) fn rate_without_day(&mut self, currency: &str, rate: Option<&str>) {
        if is_currency(currency) {
            self.named.insert(currency.to_owned());
            if !self.request.wants(currency) {
                return;
            }
        }
        let item = format!("{} {}", self.request.base, shortened(&currency));
        self.misfit(&item, Reason::InvalidDate, "the rate is in no day", rate);
    }

    /// All that was read.
    pub(super) fn done(mut self) -> Decoded {
        if !self.named.is_empty() {
            let request = self.request;
            let is_missing = |code: &&String| !self.named.contains(*code);
            let missing: Vec<&String> = request.currencies.iter().filter(is_missing).collect();
            for code in missing {
                let item = format!("{} {code}", request.base);
                let message = "the answer has no rate of this currency at all";
                self.misfit(&item, Reason::MissingCurrency, message, None);
            }
        }
        if self.more_misfits > 0 {
            let message = format!("and {} more", self.more_misfits);
            self.misfits.push(Misfit::whole(Reason::TooMany, message));
        }
        let base = &self.request.base;
        let rates = self.rates.into_iter().map(|((day, to), rate)| PublishedRate {
            day,
            from: base.clone(),
            to,
            rate,
        });
        Decoded { rates: rates.collect(), misfits: self.misfits }
    }

    fn misfit(&mut self, item: &str, reason: Reason, message: &str, value: Option<&str>) {
        if self.misfits.len() >= MAX_MISFITS {
            self.more_misfits += 1;
            return;
        }
        let (message, value) = (message.to_owned(), value.map(|value| shortened(&value)));
        let item = Some(item.trim_end().to_owned());
        self.misfits.push(Misfit { item, reason, message, value });
    }
}

const fn message_of(reason: Reason) -> &'static str {
    match reason {
        Reason::NotPositive => "a rate is more than 0",
        Reason::OutOfRange => "a rate is at least 0.000000001 and less than 1000000000",
        Reason::TooManyDecimals => "a rate has at most 12 decimals",
        _ => "expected a decimal number",
    }
}
