//! What an answer is taken apart into: rates and misfits.

use std::fmt;

use chrono::NaiveDate;

/// A rate that fits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::rates) struct PublishedRate {
    pub(in crate::rates) day: NaiveDate,
    pub(in crate::rates) from: String,
    pub(in crate::rates) to: String,
    /// In units of ten to the minus [`super::SCALE`].
    pub(in crate::rates) rate: i128,
}

/// What does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::rates) struct Misfit {
    /// The part at fault; `None` for the whole answer.
    pub(in crate::rates) item: Option<String>,
    pub(in crate::rates) reason: Reason,
    pub(in crate::rates) message: String,
    /// The value at fault.
    pub(in crate::rates) value: Option<String>,
}

/// Why something does not fit. Codes are part of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rates) enum Reason {
    Status,
    NotParsable,
    UnexpectedShape,
    WrongBase,
    InvalidDate,
    FutureDate,
    InvalidCurrency,
    MissingRate,
    MissingCurrency,
    InvalidNumber,
    NotPositive,
    OutOfRange,
    TooManyDecimals,
    Contradiction,
    TooMany,
}

impl Reason {
    /// Its code.
    pub(in crate::rates) const fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::NotParsable => "not_parsable",
            Self::UnexpectedShape => "unexpected_shape",
            Self::WrongBase => "wrong_base",
            Self::InvalidDate => "invalid_date",
            Self::FutureDate => "future_date",
            Self::InvalidCurrency => "invalid_currency",
            Self::MissingRate => "missing_rate",
            Self::MissingCurrency => "missing_currency",
            Self::InvalidNumber => "invalid_number",
            Self::NotPositive => "not_positive",
            Self::OutOfRange => "out_of_range",
            Self::TooManyDecimals => "too_many_decimals",
            Self::Contradiction => "contradiction",
            Self::TooMany => "too_many",
        }
    }
}

impl Misfit {
    /// A whole answer that does not fit.
    pub(super) fn whole(reason: Reason, message: impl Into<String>) -> Self {
        Self { item: None, reason, message: shortened(&message.into()), value: None }
    }
}

/// What an answer holds.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::rates) struct Decoded {
    /// In the order of day and currency.
    pub(in crate::rates) rates: Vec<PublishedRate>,
    pub(in crate::rates) misfits: Vec<Misfit>,
}

/// At most so much of what an answer holds is repeated.
pub(super) fn shortened(text: &impl AsRef<str>) -> String {
    let text = text.as_ref();
    let mut short: String = text.chars().filter(|it| !it.is_control()).take(200).collect();
    if text.chars().nth(200).is_some() {
        short.push('…');
    }
    short
}

pub(super) fn not_parsable(what: &str, error: &dyn fmt::Display) -> Misfit {
    Misfit::whole(Reason::NotParsable, format!("no {what}: {error}"))
}
