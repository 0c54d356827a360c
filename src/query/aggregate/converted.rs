//! Measures in another currency: each amount by the rate of its day.

use super::base::write_rate;
use super::measure::{Measure, Statistic, Subset};
use super::totals::{ORDERS, Totals};
use crate::query::sql::statement::Statement;

impl Totals<'_> {
    /// After a value of a row: what makes it one in the currency asked for.
    pub(super) fn write_conversion(
        self,
        statement: &mut Statement<'_>,
        of: &str,
        subset: usize,
        measure: Measure,
    ) {
        let currency = self.measures.converted(subset, measure);
        let Some(index) = currency.and_then(|currency| self.base.rate(currency)) else { return };
        for (operator, part) in [(" * ", "numerator"), (" / ", "denominator")] {
            statement.push(operator).push(of).push(".");
            write_rate(statement, part, index);
        }
    }

    /// After a statistic of converted values that may come out without those that are not known:
    /// NaN is the greatest of all numbers. Adds NaN where there are such, and else nothing.
    pub(super) fn write_unknown(
        self,
        statement: &mut Statement<'_>,
        of: &str,
        subset: usize,
        measure: Measure,
    ) {
        let is_one_of_many = matches!(
            measure,
            Measure::Of(_, Statistic::Min | Statistic::Median | Statistic::Percentile(_))
        );
        let currency = self.measures.converted(subset, measure).filter(|_| is_one_of_many);
        let Some(index) = currency.and_then(|currency| self.base.rate(currency)) else { return };
        statement.push(" + coalesce(sum(").push(of).push(".");
        write_rate(statement, "numerator", index);
        statement.push(" * 0)");
        self.write_part(statement, of, subset);
        statement.push(", 0)");
    }

    /// How many lines have no rate.
    pub(super) fn write_without_rate(self, statement: &mut Statement<'_>, of: &str, subset: usize) {
        let currency = self.measures.subsets.get(subset).and_then(|subset| subset.currency);
        let Some(index) = currency.and_then(|currency| self.base.rate(currency)) else {
            statement.push("0::numeric");
            return;
        };
        let lines = if of == ORDERS { "coalesce(sum(o.n" } else { "count(*" };
        statement.push(lines);
        if of == ORDERS {
            statement.number(subset);
        }
        statement.push(") FILTER (WHERE ");
        if self.measures.subsets.get(subset).is_some_and(Subset::leaves_out) {
            statement.push(of).push(".f").number(subset).push(" AND ");
        }
        statement.push(of).push(".");
        write_rate(statement, "numerator", index);
        statement.push(" = 'NaN'::numeric)").push(if of == ORDERS { ", 0)" } else { "" });
        statement.push("::numeric");
    }
}
