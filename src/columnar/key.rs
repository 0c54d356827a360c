//! The values by which lines are grouped, as numbers: a number for the values of one dimension,
//! and one for those of all together.

use chrono::{DateTime, Datelike as _, Days, NaiveDate};

use super::chunk::Chunk;
use super::column::{Column, Texts};
use super::question::{By, Field, Keys};
use super::sales::Sales;
use super::test::Place;

/// A dimension: for each line a code, ascending with its values, null last.
#[derive(Debug)]
pub(super) struct Dimension<'a> {
    column: &'a Column,
    is_of_orders: bool,
    /// For each code of the column that of the dimension, where they differ.
    codes: Option<Vec<u32>>,
    values: Values<'a>,
    /// How many codes there are, with that of null.
    pub(super) count: u64,
}

#[derive(Debug)]
enum Values<'a> {
    Numbers(&'a [i64]),
    Booleans(&'a [i64]),
    Texts(&'a [String]),
    Dates(Vec<NaiveDate>),
    Years(Vec<i64>),
}

/// All dimensions.
#[derive(Debug)]
pub(super) struct Dimensions<'a> {
    pub(super) all: Vec<Dimension<'a>>,
    /// How many different keys there can be; `None` if more than can be told apart.
    pub(super) size: Option<u64>,
}

impl<'a> Dimension<'a> {
    /// `None` where lines are not grouped by this.
    pub(super) fn of(sales: &'a Sales, by: By) -> Option<Self> {
        let product = |texts: &'a Texts| Self {
            column: &sales.lines.product,
            is_of_orders: false,
            codes: Some(texts.codes.clone()),
            values: Values::Texts(&texts.values),
            count: count(texts.values.len()),
        };
        Some(match by {
            By::Field(field) => return Self::of_field(sales, field),
            By::ProductLine => product(&sales.products.line),
            By::ProductClass => product(&sales.products.class),
            By::ProductColor => product(&sales.products.color),
            By::Day => Self::of_dates(sales, Some),
            By::Week => Self::of_dates(sales, |day| {
                day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into()))
            }),
            By::Month => Self::of_dates(sales, |day| day.with_day(1)),
            By::Quarter => Self::of_dates(sales, |day| {
                NaiveDate::from_ymd_opt(day.year(), day.month0() / 3 * 3 + 1, 1)
            }),
            By::Year => Self::of_numbers(sales, |day| i64::from(day.year())),
            By::Weekday => {
                Self::of_numbers(sales, |day| i64::from(day.weekday().number_from_monday()))
            }
        })
    }

    fn of_field(sales: &'a Sales, field: Field) -> Option<Self> {
        let (column, of, is_of_orders) = match sales.place(field) {
            Place::Line(column) => (column, None, false),
            Place::Order(column) => (column, None, true),
            Place::OfLine(column, of) => (column, Some(of), false),
            Place::OfOrder(column, of) => (column, Some(of), true),
            Place::OrderIds(_) | Place::OrderNumbers(_) => return None,
        };
        let codes = of.map(|of| (0..column.values().len()).map(|row| of.code(row)).collect());
        let values = of.unwrap_or(column).values();
        let count = count(values.len());
        let values = match field {
            Field::Online => Values::Booleans(values),
            _ => Values::Numbers(values),
        };
        Some(Self { column, is_of_orders, codes, values, count })
    }

    fn of_dates(sales: &'a Sales, of: impl Fn(NaiveDate) -> Option<NaiveDate>) -> Self {
        let (codes, values) = distinct(sales.orders.date.values(), |day| of(day).unwrap_or(day));
        let count = count(values.len());
        Self::of_order_date(sales, codes, Values::Dates(values), count)
    }

    fn of_numbers(sales: &'a Sales, of: impl Fn(NaiveDate) -> i64) -> Self {
        let (codes, values) = distinct(sales.orders.date.values(), of);
        let count = count(values.len());
        Self::of_order_date(sales, codes, Values::Years(values), count)
    }

    const fn of_order_date(
        sales: &'a Sales,
        codes: Vec<u32>,
        values: Values<'a>,
        count: u64,
    ) -> Self {
        Self { column: &sales.orders.date, is_of_orders: true, codes: Some(codes), values, count }
    }

    /// The values of these codes.
    pub(super) fn keys(&self, codes: &[u32]) -> Keys {
        fn each<T: Clone>(codes: &[u32], values: &[T]) -> Vec<Option<T>> {
            codes.iter().map(|code| values.get(*code as usize).cloned()).collect()
        }
        match &self.values {
            Values::Numbers(values) => Keys::Numbers(each(codes, values)),
            Values::Years(values) => Keys::Numbers(each(codes, values)),
            Values::Booleans(values) => {
                let all = each(codes, values);
                Keys::Booleans(all.into_iter().map(|value| Some(value? != 0)).collect())
            }
            Values::Texts(values) => Keys::Texts(each(codes, values)),
            Values::Dates(values) => Keys::Dates(each(codes, values)),
        }
    }

    /// Whether this code is null.
    pub(super) fn is_null(&self, code: u32) -> bool {
        u64::from(code) + 1 == self.count
    }
}

/// The number of codes of so many values and null.
fn count(values: usize) -> u64 {
    u64::try_from(values).unwrap_or(u64::MAX).saturating_add(1)
}

/// For each moment the place of what is made of its day, and what that is, ascending.
fn distinct<T: Ord + Copy>(moments: &[i64], of: impl Fn(NaiveDate) -> T) -> (Vec<u32>, Vec<T>) {
    let made: Vec<T> = moments.iter().map(|moment| of(day(*moment))).collect();
    let mut values = made.clone();
    values.sort_unstable();
    values.dedup();
    let code = |value: &T| values.binary_search(value).unwrap_or(values.len());
    (made.iter().map(|value| u32::try_from(code(value)).unwrap_or(u32::MAX)).collect(), values)
}

/// The day of a moment. Moments that have none are not among the columns.
fn day(moment: i64) -> NaiveDate {
    DateTime::from_timestamp_micros(moment).unwrap_or_default().date_naive()
}

impl<'a> Dimensions<'a> {
    pub(super) fn of(sales: &'a Sales, by: &[By]) -> Option<Self> {
        let all: Vec<Dimension<'a>> =
            by.iter().map(|by| Dimension::of(sales, *by)).collect::<Option<_>>()?;
        let size = all.iter().try_fold(1_u64, |size, one| size.checked_mul(one.count));
        Some(Self { all, size })
    }

    /// The key of each line of a chunk.
    pub(super) fn keys(&self, chunk: &Chunk) -> Vec<u64> {
        let mut of_orders = vec![0_u64; chunk.orders.len()];
        let mut stride = 1_u64;
        let mut of_lines: Option<Vec<u64>> = None;
        for one in &self.all {
            let codes = match one.is_of_orders {
                true => chunk.of_orders(one.column),
                false => chunk.of_lines(one.column),
            };
            let keys = match one.is_of_orders {
                true => &mut of_orders,
                false => of_lines.get_or_insert_with(|| vec![0; chunk.lines.len()]),
            };
            match &one.codes {
                None => keys.iter_mut().zip(&codes).for_each(|(key, code)| {
                    *key += u64::from(*code) * stride;
                }),
                Some(map) => keys.iter_mut().zip(&codes).for_each(|(key, code)| {
                    let code = map.get(*code as usize).copied().unwrap_or_default();
                    *key += u64::from(code) * stride;
                }),
            }
            stride = stride.wrapping_mul(one.count);
        }
        let spread = chunk.spread(&of_orders);
        match of_lines {
            None => spread,
            Some(mut keys) => {
                keys.iter_mut().zip(spread).for_each(|(key, order)| *key += order);
                keys
            }
        }
    }

    /// The codes of these keys in a dimension.
    pub(super) fn codes(&self, place: usize, keys: &[u64]) -> Vec<u32> {
        let before = self.all.iter().take(place).map(|one| one.count);
        let stride: u64 = before.fold(1, u64::wrapping_mul).max(1);
        let count = self.all.get(place).map_or(1, |one| one.count).max(1);
        let code = |key: &u64| u32::try_from(key / stride % count).unwrap_or(u32::MAX);
        keys.iter().map(code).collect()
    }
}
