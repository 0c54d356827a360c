//! What is measured of sales.

use entity::{sales_order, sales_order_line};

use crate::catalog::{Column, Kind, column};
use crate::error::Result;
use crate::query::argument::bad_argument;
use crate::query::condition::Condition;
use crate::query::currency::Currency;

/// Something measured over order lines.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measure {
    /// Orders with at least one of the lines.
    OrderCount,
    /// The lines.
    LineCount,
    /// Customers of these orders.
    CustomerCount,
    /// What the orders come to, each counted once.
    OrderTotal,
    /// Lines whose amounts are not known in the currency that is asked for.
    WithoutRate,
    /// A statistic of a value that each line has.
    Of(LineValue, Statistic),
}

/// A number that each line has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineValue {
    /// Pieces.
    OrderQuantity,
    /// Price of a piece before discount, in USD.
    UnitPrice,
    /// What the line comes to, in USD.
    LineTotal,
}

/// A statistic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Statistic {
    /// The sum; 0 of nothing.
    Sum,
    /// The mean.
    Avg,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// The middle one, or the mean of the two in the middle.
    Median,
    /// The least that is not less than this fraction of all, 0 to 1.
    Percentile(f64),
    /// The sample standard deviation; null of one.
    Stddev,
}

/// Measures over the same lines, each over all of them or a part.
#[derive(Debug, Clone, Default)]
pub struct Measures {
    /// Parts of the lines. A part that is everything costs nothing.
    pub subsets: Vec<Subset>,
    /// What is measured, and of which part; its place here is that of its
    /// [`value`] column.
    pub wanted: Vec<(usize, Measure)>,
}

/// A part of the lines.
#[derive(Debug, Clone)]
pub struct Subset {
    /// Which lines.
    pub lines: Condition,
    /// The currency in which their amounts are measured; `None` as they are stored.
    pub currency: Option<Currency>,
}

/// Most values measured by one statement.
pub const MOST: usize = 200;

/// The columns that hold them.
static VALUES: [Column; MOST] = values();
static NAMES: [[u8; 4]; MOST] = names();

/// The column of the measure at a place.
#[must_use]
pub fn value(place: usize) -> Option<&'static Column> {
    VALUES.get(place)
}

#[expect(
    clippy::indexing_slicing,
    reason = "only evaluated by the compiler, for which an index out of bounds is an error"
)]
const fn names() -> [[u8; 4]; MOST] {
    let mut names = [*b"v000"; MOST];
    let mut digits = *b"v000";
    let mut place = 0;
    while place < MOST {
        names[place] = digits;
        place += 1;
        let mut digit = 3;
        digits[digit] += 1;
        while digit > 1 && digits[digit] > b'9' {
            digits[digit] = b'0';
            digit -= 1;
            digits[digit] += 1;
        }
    }
    names
}

#[expect(
    clippy::indexing_slicing,
    reason = "only evaluated by the compiler, for which an index out of bounds is an error"
)]
const fn values() -> [Column; MOST] {
    let mut values = [const { Column::derived("", Kind::Decimal) }; MOST];
    let mut place = 0;
    while place < MOST {
        values[place] = match std::str::from_utf8(&NAMES[place]) {
            Ok(name) => Column::derived(name, Kind::Decimal).nullable(),
            Err(_) => Column::derived("", Kind::Decimal),
        };
        place += 1;
    }
    values
}

impl Measure {
    /// Whether it is 0, and not null, of nothing.
    #[must_use]
    pub const fn is_zero_of_nothing(self) -> bool {
        match self {
            Self::OrderCount
            | Self::LineCount
            | Self::CustomerCount
            | Self::WithoutRate
            | Self::OrderTotal => true,
            Self::Of(_, statistic) => matches!(statistic, Statistic::Sum),
        }
    }

    /// How many digits it has after the point at the least: those of the column that it is
    /// measured of. `None` where it is always whole.
    pub(super) fn scale(self) -> Option<u8> {
        match self {
            Self::OrderCount | Self::LineCount | Self::CustomerCount | Self::WithoutRate => None,
            Self::OrderTotal => Some(scale_of(column(sales_order::Column::TotalDue))),
            Self::Of(value @ (LineValue::UnitPrice | LineValue::LineTotal), _) => {
                Some(value.scale())
            }
            Self::Of(LineValue::OrderQuantity, statistic) => {
                matches!(statistic, Statistic::Avg | Statistic::Median | Statistic::Stddev)
                    .then_some(0)
            }
        }
    }

    /// Whether it is over orders and not over lines.
    pub(super) const fn is_of_orders(self) -> bool {
        matches!(self, Self::OrderCount | Self::CustomerCount | Self::OrderTotal)
    }

    /// Whether that of a whole can be made of those of its parts.
    pub(super) const fn is_of_parts(self) -> bool {
        match self {
            Self::Of(_, statistic) => matches!(
                statistic,
                Statistic::Sum | Statistic::Avg | Statistic::Min | Statistic::Max
            ),
            Self::LineCount | Self::WithoutRate | Self::OrderCount | Self::OrderTotal => true,
            Self::CustomerCount => false,
        }
    }
}

impl Measure {
    /// Whether it is an amount of money.
    #[must_use]
    pub const fn is_amount(self) -> bool {
        match self {
            Self::OrderTotal => true,
            Self::Of(value, _) => !matches!(value, LineValue::OrderQuantity),
            Self::OrderCount | Self::LineCount | Self::CustomerCount | Self::WithoutRate => false,
        }
    }
}

impl Subset {
    /// Whether it is not all of the lines.
    pub(super) fn leaves_out(&self) -> bool {
        self.lines.leaves_out()
    }
}

/// Digits after the point of a column.
fn scale_of(column: &Column) -> u8 {
    column.digits.map_or(0, |(_, scale)| scale)
}

impl LineValue {
    /// Its digits after the point.
    pub(super) fn scale(self) -> u8 {
        scale_of(match self {
            Self::OrderQuantity => column(sales_order_line::Column::OrderQuantity),
            Self::UnitPrice => column(sales_order_line::Column::UnitPrice),
            Self::LineTotal => column(sales_order_line::Column::LineTotal),
        })
    }

    /// Where it is in a line.
    pub(super) const fn column(self) -> &'static str {
        match self {
            Self::OrderQuantity => "order_quantity",
            Self::UnitPrice => "unit_price",
            Self::LineTotal => "line_total",
        }
    }

    /// Where what a statistic is made of is in a day.
    pub(super) const fn of_days(self, statistic: Statistic) -> &'static str {
        match (self, statistic) {
            (Self::OrderQuantity, Statistic::Min) => "order_quantity_min",
            (Self::OrderQuantity, Statistic::Max) => "order_quantity_max",
            (Self::OrderQuantity, _) => "order_quantity_sum",
            (Self::UnitPrice, Statistic::Min) => "unit_price_min",
            (Self::UnitPrice, Statistic::Max) => "unit_price_max",
            (Self::UnitPrice, _) => "unit_price_sum",
            (Self::LineTotal, Statistic::Min) => "line_total_min",
            (Self::LineTotal, Statistic::Max) => "line_total_max",
            (Self::LineTotal, _) => "line_total_sum",
        }
    }
}

impl Measures {
    /// Adds a part and tells its place.
    pub fn subset(&mut self, lines: Condition, currency: Option<Currency>) -> usize {
        self.subsets.push(Subset { lines, currency });
        self.subsets.len() - 1
    }

    /// Which lines the parts are.
    pub(super) fn lines(&self) -> impl Iterator<Item = &Condition> {
        self.subsets.iter().map(|subset| &subset.lines)
    }

    /// The currencies that are needed, each once.
    #[must_use]
    pub fn currencies(&self) -> Vec<Currency> {
        let mut currencies = Vec::new();
        let needed = self
            .wanted
            .iter()
            .filter(|(_, measure)| measure.is_amount() || matches!(measure, Measure::WithoutRate));
        let of = needed.filter_map(|(subset, _)| self.subsets.get(*subset)?.currency);
        for currency in of {
            if !currencies.contains(&currency) {
                currencies.push(currency);
            }
        }
        currencies
    }

    /// The part that is all of the lines.
    pub fn whole(&mut self) -> usize {
        let is_whole = |subset: &Subset| !subset.leaves_out() && subset.currency.is_none();
        let known = self.subsets.iter().position(is_whole);
        known.unwrap_or_else(|| self.subset(Condition::everything(), None))
    }

    /// The currency that a measure is converted to.
    pub(super) fn converted(&self, subset: usize, measure: Measure) -> Option<Currency> {
        self.subsets.get(subset)?.currency.filter(|_| measure.is_amount())
    }

    /// The place of a measure, which is added where it is not there.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` about `argument` when there are too many.
    pub fn place(
        &mut self,
        subset: usize,
        measure: Measure,
        argument: &'static str,
    ) -> Result<usize> {
        let known = self.wanted.iter().position(|known| *known == (subset, measure));
        if let Some(place) = known {
            return Ok(place);
        }
        if self.wanted.len() == MOST {
            let message = format!("{argument}: more than {MOST} different measures");
            return Err(bad_argument(argument, message));
        }
        self.wanted.push((subset, measure));
        Ok(self.wanted.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_has_a_column_of_its_own() {
        assert_eq!(value(0).map(|column| column.name), Some("v000"));
        assert_eq!(value(109).map(|column| column.name), Some("v109"));
        assert_eq!(value(MOST - 1).map(|column| column.name), Some("v199"));
        assert!(value(MOST).is_none());
    }

    #[test]
    fn a_measure_is_made_once() {
        let mut measures = Measures::default();
        let all = measures.subset(Condition::everything(), None);
        let some = measures.subset(Condition::everything(), None);
        let mut place = |subset, measure| measures.place(subset, measure, "orderBy").unwrap();
        assert_eq!(place(all, Measure::LineCount), 0);
        assert_eq!(place(some, Measure::LineCount), 1);
        assert_eq!(place(all, Measure::LineCount), 0);
    }
}
