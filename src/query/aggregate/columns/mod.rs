//! Grouping by columns in memory: they count, add up and pick, and Postgres makes the measures
//! of that, as it does of answers of the lake. So an answer has the same digits and is in the
//! same order as one from the rows.

mod condition;

use std::sync::Arc;

use super::answer::{Answer, Form, Sent};
use super::by::By;
use super::dimension::{Bucket, Dimension};
use super::groups::{Engine, Groups};
use super::measure::LineValue;
use super::resolve::{Decides, Resolve};
use super::rollup::Origin;
use super::row_of::RowOf;
use super::shown::{SharedBy, SharedKey, Shown};
use super::total::{Total, What, all_needed};
use crate::auth::Scope;
use crate::columnar::{
    self, Copies, Field, OfTotal, Question, Sales, SortBy, SortKey, Test, Value,
};
use crate::error::{Error, Result};
use crate::query::condition::Condition;
use crate::query::executor::Reader;
use crate::query::order::{Direction, Nulls};

/// Most values that are sent to Postgres with a statement.
const MOST_SENT: usize = 400_000;

/// What the columns have answered.
#[derive(Debug)]
pub struct FromColumns {
    /// The groups, whose statement has their totals.
    pub groups: Groups,
    /// How many groups the list has, where that is known.
    pub count: Option<i64>,
    /// Whether Postgres was asked for something, which it may have of a later version.
    pub has_asked: bool,
}

impl Groups {
    /// Whether no table has ready what is asked for, and this caller sees all lines: then the
    /// columns may be asked.
    #[must_use]
    pub fn may_be_of_columns(&self, scope: &Scope) -> bool {
        let by = By::Dimensions(&self.dimensions);
        self.is_of_postgres()
            && scope.territories().is_none()
            && self.measures.currencies().is_empty()
            && Origin::of(scope, &self.lines, &self.measures, by) == Origin::Lines
    }

    /// The groups by the columns, for a list of which this is shown; `None` where these have no
    /// exact answer, or one that is too large.
    ///
    /// # Errors
    /// Those of Postgres, which is asked for the keys of rows that it alone can tell.
    pub async fn by_columns(
        &self,
        reader: &Reader,
        scope: &Scope,
        (copies, sales): (&Copies, Arc<Sales>),
        shown: Shown<'_>,
    ) -> Result<Option<FromColumns>> {
        let mut has_asked = false;
        let conditions = std::iter::once(&self.lines).chain(self.measures.lines());
        let mut tests = Vec::with_capacity(1 + self.measures.subsets.len());
        for lines in conditions {
            let mut test = condition::test(lines, RowOf::LINE);
            if test.is_none() {
                has_asked = true;
                let resolve = Resolve { reader, scope, decides: &Columns };
                test = condition::test(&resolve.condition(lines).await?, RowOf::LINE);
            }
            let Some(test) = test else { return Ok(None) };
            tests.push(test);
        }
        let mut parts = tests.into_iter();
        let lines = parts.next().unwrap_or(Test::everything());
        let totals = all_needed(&self.measures);
        let question = Question {
            by: self.dimensions.iter().map(|dimension| by(dimension)).collect::<Result<_>>()?,
            lines,
            parts: parts.collect(),
            totals: totals.iter().map(asked).collect(),
        };
        let (shown, is_counted) = self.shown(&totals, shown);
        let Ok(answered) = copies.ask(sales, question, shown).await else { return Ok(None) };
        let columns = answered.keys.len() + answered.totals.len();
        if answered.len.saturating_mul(columns) > MOST_SENT {
            return Ok(None);
        }
        let count = is_counted.then(|| i64::try_from(answered.count).unwrap_or(i64::MAX));
        let texts = totals.iter().zip(&answered.totals).map(|(total, values)| {
            let scale = total.what.scale();
            values.iter().map(|value| Some(decimal((*value)?, scale))).collect()
        });
        let sent = Sent { totals: texts.collect(), keys: answered.keys };
        let form = Form { dimensions: self.dimensions.clone(), totals, is_parted: false };
        let engine = Engine::Columns(Arc::new(Answer::sent(sent, form)));
        let groups = Self { engine, ..self.clone() };
        Ok(Some(FromColumns { groups, count, has_asked }))
    }

    /// What is shown, as far as the columns can tell; and whether they can tell how many groups
    /// there are.
    fn shown(&self, totals: &[Total], shown: Shown<'_>) -> (columnar::Shown, bool) {
        let having = condition::having(self, totals, shown.having);
        let is_of_all = self.top.is_some() || self.fill_gaps || having.is_none();
        if is_of_all {
            return (columnar::Shown::default(), false);
        }
        let limit = usize::try_from(shown.page.limit).unwrap_or(usize::MAX);
        let first = limit.saturating_add(1);
        let first = (shown.is_first() && !self.dimensions.is_empty()).then_some(first);
        let (order, _) = shown.order(self, totals);
        let order = order.into_iter().map(sort_key).collect();
        (columnar::Shown { having, order, first }, true)
    }
}

/// What the columns can decide, and about whose keys Postgres is asked.
struct Columns;

impl Decides for Columns {
    const SMALL: &'static [&'static str] = &["product", "store", "territory", "person"];
    const LARGE: &'static [&'static str] = &["customer", "sales_order"];
    const MOST_KEYS: usize = 100_000;

    fn can(&self, condition: &Condition, row: RowOf) -> Result<bool> {
        Ok(condition::test(condition, row).is_some())
    }

    fn too_many(&self, _: &str) -> Option<Error> {
        None
    }
}

fn sort_key(key: SharedKey) -> SortKey {
    let by = match key.by {
        SharedBy::Dimension(place) => SortBy::Dimension(place),
        SharedBy::Total { place, is_zero_of_nothing } => {
            SortBy::Total(OfTotal { place, is_zero_of_nothing })
        }
    };
    let is_descending = key.direction == Direction::Desc;
    SortKey { by, is_descending, is_null_first: key.nulls == Nulls::First }
}

/// A dimension of the columns.
fn by(dimension: &Dimension) -> Result<columnar::By> {
    use columnar::By;

    Ok(match (dimension.bucket, dimension.column.name) {
        (Some(Bucket::Day), _) => By::Day,
        (Some(Bucket::Week), _) => By::Week,
        (Some(Bucket::Month), _) => By::Month,
        (Some(Bucket::Quarter), _) => By::Quarter,
        (Some(Bucket::Year), _) => By::Year,
        (Some(Bucket::Weekday), _) => By::Weekday,
        (None, "product_id") => By::Field(Field::Product),
        (None, "product_line") => By::ProductLine,
        (None, "product_class") => By::ProductClass,
        (None, "product_color") => By::ProductColor,
        (None, "days_to_manufacture") => By::Field(Field::DaysToManufacture),
        (None, "customer_id") => By::Field(Field::Customer),
        (None, "person_id") => By::Field(Field::Person),
        (None, "store_id") => By::Field(Field::Store),
        (None, "territory_id") => By::Field(Field::Territory),
        (None, "sales_person_id") => By::Field(Field::SalesPerson),
        (None, "special_offer_id") => By::Field(Field::SpecialOffer),
        (None, "online") => By::Field(Field::Online),
        (None, "order_status") => By::Field(Field::Status),
        (None, _) => return Err(Error::internal("the columns lack a dimension")),
    })
}

fn asked(total: &Total) -> columnar::Total {
    let value = |value: LineValue| match value {
        LineValue::OrderQuantity => Value::Quantity,
        LineValue::UnitPrice => Value::UnitPrice,
        LineValue::LineTotal => Value::LineTotal,
    };
    let what = match total.what {
        What::Lines => columnar::What::Lines,
        What::Orders => columnar::What::Orders,
        What::Customers => columnar::What::Customers,
        What::OrderTotal => columnar::What::OrderTotal,
        What::Sum(of) => columnar::What::Sum(value(of)),
        What::Squares(of) => columnar::What::Squares(value(of)),
        What::Least(of) => columnar::What::Least(value(of)),
        What::Greatest(of) => columnar::What::Greatest(value(of)),
        What::At(of, share) => columnar::What::At(value(of), share),
    };
    columnar::Total { part: total.subset, what }
}

/// A whole number as a decimal one with so many digits after the point.
fn decimal(number: i128, scale: u8) -> String {
    let sign = if number < 0 { "-" } else { "" };
    let scale = usize::from(scale);
    let digits = format!("{:0>1$}", number.unsigned_abs(), scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let point = if scale > 0 { "." } else { "" };
    format!("{sign}{whole}{point}{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::aggregate::DIMENSIONS;

    #[test]
    fn the_columns_have_every_dimension() {
        for dimension in DIMENSIONS.iter() {
            assert!(by(dimension).is_ok(), "{}", dimension.name);
        }
    }

    #[test]
    fn a_number_has_its_point() {
        for (number, scale, text) in [
            (0, 0, "0"),
            (-12, 0, "-12"),
            (0, 4, "0.0000"),
            (5, 4, "0.0005"),
            (-5, 6, "-0.000005"),
            (1_234_567, 6, "1.234567"),
            (-12_345_678, 4, "-1234.5678"),
        ] {
            assert_eq!(decimal(number, scale), text);
        }
    }
}
