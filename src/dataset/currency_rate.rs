//! `Sales.CurrencyRate` -> `currency_rate`.

use super::Dataset;
use super::column::{DecimalRange, ID, Kind, required};

pub(super) const DATASET: Dataset = Dataset {
    table: "currency_rate",
    file_stem: "Sales.CurrencyRate",
    columns: &[
        required("CurrencyRateID", "currency_rate_id", ID),
        required("CurrencyRateDate", "currency_rate_date", Kind::Timestamp),
        required("FromCurrencyCode", "from_currency_code", Kind::Padded { max: 3 }),
        required("ToCurrencyCode", "to_currency_code", Kind::Padded { max: 3 }),
        required("AverageRate", "average_rate", RATE),
        required("EndOfDayRate", "end_of_day_rate", RATE),
        required("ModifiedDate", "modified_date", Kind::Timestamp),
    ],
    key: &["currency_rate_id"],
    parents: &[],
    checks: &[],
};

const RATE: Kind = Kind::Decimal { precision: 19, scale: 4, range: DecimalRange::Positive };
