//! Currency rates: the value of a US dollar, day by day, and at the end, as in the real
//! file, its value in US dollars.

use super::Table;
use super::catalogue::day;
use super::defects::{FileSpec, set, too_few, too_many, unquoted};
use super::draw::{Draw, Stream};
use super::persons::plus_days;
use super::row::Row;

pub(super) static RATE: FileSpec = FileSpec {
    path: "sales/Sales.CurrencyRate.csv",
    header: "CurrencyRateID;CurrencyRateDate;FromCurrencyCode;ToCurrencyCode;AverageRate;\
             EndOfDayRate;ModifiedDate",
    defects: &[
        set("out_of_range", &[("AverageRate", b"0")]),
        set("invalid_timestamp", &[("CurrencyRateDate", b"2011-11-31 00:00:00.000")]),
        set("too_many_decimals", &[("EndOfDayRate", b"1,00021")]),
        set("too_long", &[("ToCurrencyCode", b"EURO")]),
        set("invalid_decimal", &[("AverageRate", b"1,5,4")]),
        too_few(),
        unquoted("FromCurrencyCode"),
        set("missing_value", &[("EndOfDayRate", b"NULL")]),
        set("invalid_encoding", &[("ToCurrencyCode", b"\x80\x80\x80")]),
        too_many(),
    ],
};

/// Codes, and the approximate value of a dollar in ten-thousandths. The euro replaced
/// the last two.
const CURRENCIES: [(&str, u64); 13] = [
    ("ARS", 10_000),
    ("AUD", 15_491),
    ("BRL", 19_379),
    ("CAD", 14_641),
    ("CNY", 82_781),
    ("EUR", 9_697),
    ("GBP", 6_183),
    ("JPY", 1_049_100),
    ("MXN", 93_740),
    ("SAR", 37_507),
    ("VEB", 6_345_099),
    ("DEM", 18_967),
    ("FRF", 63_611),
];
const DAYS: u64 = 1_097;
/// The days with all currencies, and the number of currencies on later days.
const OLD_DAYS: u64 = 184;
const LATER: u64 = 11;
const OLD_ROWS: u64 = OLD_DAYS * (LATER + 2);
/// Rows of currencies other than the dollar.
const FOREIGN_ROWS: u64 = DAYS * LATER + OLD_DAYS * 2;

/// The file of currency rates.
#[derive(Debug)]
pub(super) struct Rates {
    pub(super) seed: u64,
    pub(super) rows: u64,
}

/// The day, and the index of the currency unless it is the dollar.
fn place(index: u64) -> (u64, Option<u64>) {
    if index < OLD_ROWS {
        (index / (LATER + 2), Some(index % (LATER + 2)))
    } else if index < FOREIGN_ROWS {
        let later = index - OLD_ROWS;
        (OLD_DAYS + later / LATER, Some(later % LATER))
    } else {
        ((index - FOREIGN_ROWS) % DAYS, None)
    }
}

impl Table for Rates {
    fn rows(&self) -> u64 {
        self.rows
    }

    fn row(&self, index: u64, row: &mut Row) {
        let (days, currency) = place(index);
        let currency = currency.and_then(|place| usize::try_from(place).ok());
        let found = currency.and_then(|place| CURRENCIES.get(place));
        let date = plus_days(day(2011, 5, 31), days);
        let mut draw = Draw::new(self.seed, Stream::Rate, index);
        let (code, average, end) = found.map_or(("USD", 10_000, 10_000), |(code, rate)| {
            let average = rate * draw.between(9_500, 10_500) / 10_000;
            (*code, average, average * draw.between(9_990, 10_010) / 10_000)
        });
        row.number(index + 1);
        row.date(date);
        row.text("USD");
        row.text(code);
        row.short_money(average);
        row.short_money(end);
        row.date(date);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_day_has_each_currency_once() {
        assert_eq!(FOREIGN_ROWS + DAYS, 13_532);
        let mut places: Vec<_> = (0..FOREIGN_ROWS + DAYS).map(place).collect();
        assert!(places.iter().all(|(day, _)| *day < DAYS));
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), 13_532);
    }
}
