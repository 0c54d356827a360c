//! `Sales.CurrencyRate` -> `currency_rate`.

use entity::currency_rate::{
    Column::{
        AverageRate, EndOfDayRate, FetchedAt, FromCurrencyCode, PublishedRate, RawUri, Source,
        ToCurrencyCode,
    },
    Entity,
};

use super::build::Builder;
use super::{Dataset, DecimalRange};

pub(super) fn dataset() -> Dataset {
    Builder::<Entity>::new("Sales.CurrencyRate")
        .padded(FromCurrencyCode)
        .padded(ToCurrencyCode)
        .decimal(AverageRate, DecimalRange::Positive)
        .decimal(EndOfDayRate, DecimalRange::Positive)
        // Null only in rates of public APIs.
        .required(AverageRate)
        .required(EndOfDayRate)
        .not_in_files([Source, PublishedRate, RawUri, FetchedAt])
        .build()
}
