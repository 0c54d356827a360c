//! The measures of groups, as SQL.
//!
//! What is measured of orders must count each once, however many of its lines are in
//! a group. So the lines are first put together by group and order, then the orders
//! by group. What cannot be made of parts, as a median, is made of the lines.

use super::base::{Base, LINES, write_rate};
use super::measure::{LineValue, Measure, Measures, Statistic, Subset};
use super::rollup::Origin;
use crate::error::Result;
use crate::query::sql::statement::Statement;

/// What orders within groups are called.
pub(super) const ORDERS: &str = "o";

/// Measures of lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct Totals<'a> {
    pub(super) base: &'a Base<'a>,
    pub(super) measures: &'a Measures,
}

/// Which of the measures a statement makes; the others are null in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Made {
    All,
    OfLines,
    OfOrders,
}

impl Totals<'_> {
    /// `SELECT` what the groups are made by and a column for each measure.
    pub(super) fn write(self, statement: &mut Statement<'_>) -> Result<()> {
        let wanted = &self.measures.wanted;
        if self.base.origin != Origin::Lines {
            return self.write_of_days(statement);
        }
        if !wanted.iter().any(|(_, measure)| measure.is_of_orders()) {
            return self.write_of_lines(statement, Made::All);
        }
        let of_parts = |measure: &Measure| measure.is_of_orders() || measure.is_of_parts();
        if wanted.iter().all(|(_, measure)| of_parts(measure)) {
            return self.write_of_orders(statement, Made::All);
        }
        let names = self.base.names();
        statement.push("SELECT ");
        for name in &names {
            statement.push(name).push(", ");
        }
        for (place, (_, measure)) in wanted.iter().enumerate() {
            // One of the two has it, so that it is the sum. The greatest would be looked for by a
            // condition of its own, which a cluster refuses around joins.
            statement.comma(place).push(if measure.is_zero_of_nothing() {
                "coalesce(sum("
            } else {
                "(sum("
            });
            write_value(statement, place);
            statement.push(if measure.is_zero_of_nothing() { "), 0)" } else { "))" });
            statement.push(" AS ");
            write_value(statement, place);
        }
        statement.push(" FROM (");
        self.write_of_lines(statement, Made::OfLines)?;
        statement.push(" UNION ALL ");
        self.write_of_orders(statement, Made::OfOrders)?;
        statement.push(") AS both_ways");
        write_group_by(statement, "", &names, &[]);
        Ok(())
    }

    fn write_of_lines(self, statement: &mut Statement<'_>, made: Made) -> Result<()> {
        self.write_items(statement, LINES, |statement, _, subset, measure| {
            if made != Made::All && measure.is_of_orders() {
                statement.push("NULL::numeric");
                return;
            }
            match measure {
                Measure::Of(value, statistic) => {
                    self.write_statistic(statement, value, statistic, subset);
                }
                Measure::WithoutRate => self.write_without_rate(statement, LINES, subset),
                _ => {
                    statement.push("count(*)");
                    self.write_part(statement, LINES, subset);
                    statement.push("::numeric");
                }
            }
        });
        self.base.write(statement)?;
        write_group_by(statement, LINES, &self.base.names(), &[]);
        Ok(())
    }

    /// What the days come to, together.
    fn write_of_days(self, statement: &mut Statement<'_>) -> Result<()> {
        self.write_items(statement, LINES, |statement, _, subset, measure| {
            let (before, column, after) = match measure {
                Measure::OrderCount => ("coalesce(sum(", "order_count", ", 0)"),
                Measure::OrderTotal => ("coalesce(sum(", "order_total", ", 0)"),
                Measure::LineCount | Measure::CustomerCount | Measure::WithoutRate => {
                    ("coalesce(sum(", "line_count", ", 0)")
                }
                Measure::Of(value, statistic) => {
                    let (before, after) = match statistic {
                        Statistic::Min => ("(min(", ")::numeric"),
                        Statistic::Max => ("(max(", ")::numeric"),
                        Statistic::Avg => ("(sum(", ""),
                        _ => ("coalesce(sum(", ", 0)"),
                    };
                    (before, value.of_days(statistic), after)
                }
            };
            statement.push(before).push(LINES).push(".").push(column);
            self.write_conversion(statement, LINES, subset, measure);
            statement.push(")");
            self.write_part(statement, LINES, subset);
            statement.push(after);
            if matches!(measure, Measure::Of(_, Statistic::Avg)) {
                statement.push(" / sum(b.line_count)");
                self.write_part(statement, LINES, subset);
                statement.push(")");
            }
            self.write_unknown(statement, LINES, subset, measure);
        });
        self.base.write(statement)?;
        write_group_by(statement, LINES, &self.base.names(), &[]);
        Ok(())
    }

    fn write_statistic(
        self,
        statement: &mut Statement<'_>,
        value: LineValue,
        statistic: Statistic,
        subset: usize,
    ) {
        let measure = Measure::Of(value, statistic);
        let of = |statement: &mut Statement<'_>| {
            statement.push(LINES).push(".").push(value.column());
            self.write_conversion(statement, LINES, subset, measure);
        };
        let (before, after) = match statistic {
            Statistic::Sum => ("coalesce(sum(", ", 0)::numeric"),
            Statistic::Avg => ("(avg(", ")::numeric"),
            Statistic::Min => ("(min(", ")::numeric"),
            Statistic::Max => ("(max(", ")::numeric"),
            // Postgres' own takes the root of a variance of 16 digits to as many places after
            // the point, which may be far fewer digits.
            Statistic::Stddev => ("(sqrt(var_samp(", "))"),
            // The lower and the upper of the two in the middle, which of an odd number are
            // the same: a share of more than a half by less than one row is the upper. Twice
            // in the statement, Postgres computes it once.
            Statistic::Median => {
                for (before, after) in
                    [("trim_scale(((", ")[1]::numeric + ("), ("", ")[2]::numeric) * 0.5)")]
                {
                    statement.push(before).push("percentile_disc(ARRAY[0.5, 0.500000001])");
                    statement.push(" WITHIN GROUP (ORDER BY ");
                    of(statement);
                    statement.push(")");
                    self.write_part(statement, LINES, subset);
                    statement.push(after);
                }
                self.write_unknown(statement, LINES, subset, measure);
                return;
            }
            Statistic::Percentile(share) => {
                // A number of ours, not a text of a caller's.
                statement.push("(percentile_disc(").push(&format!("{share:?}"));
                statement.push(") WITHIN GROUP (ORDER BY ");
                of(statement);
                statement.push(")");
                self.write_part(statement, LINES, subset);
                statement.push(")::numeric");
                self.write_unknown(statement, LINES, subset, measure);
                return;
            }
        };
        statement.push(before);
        of(statement);
        statement.push(")");
        self.write_part(statement, LINES, subset);
        statement.push(after);
        self.write_unknown(statement, LINES, subset, measure);
    }

    fn write_of_orders(self, statement: &mut Statement<'_>, made: Made) -> Result<()> {
        let names = self.base.names();
        self.write_items(statement, ORDERS, |statement, place, subset, measure| {
            if made != Made::All && !measure.is_of_orders() {
                statement.push("NULL::numeric");
                return;
            }
            match measure {
                Measure::OrderCount => {
                    statement.push("count(*)");
                    self.write_part(statement, ORDERS, subset);
                    statement.push("::numeric");
                }
                Measure::CustomerCount => {
                    statement.push("count(DISTINCT o.of_customer_id)");
                    self.write_part(statement, ORDERS, subset);
                    statement.push("::numeric");
                }
                Measure::OrderTotal => {
                    statement.push("coalesce(sum(o.of_total_due");
                    self.write_conversion(statement, ORDERS, subset, measure);
                    statement.push(")");
                    self.write_part(statement, ORDERS, subset);
                    statement.push(", 0)");
                }
                Measure::LineCount => {
                    statement.push("coalesce(sum(o.n").number(subset).push("), 0)::numeric");
                }
                Measure::Of(_, Statistic::Avg) => {
                    statement.push("(sum(o.p").number(place).push(")::numeric / nullif(sum(o.n");
                    statement.number(subset).push("), 0))");
                }
                Measure::WithoutRate => self.write_without_rate(statement, ORDERS, subset),
                Measure::Of(_, Statistic::Min) => {
                    statement.push("min(o.p").number(place).push(")::numeric");
                    self.write_unknown(statement, ORDERS, subset, measure);
                }
                Measure::Of(_, Statistic::Max) => {
                    statement.push("max(o.p").number(place).push(")::numeric");
                }
                Measure::Of(..) => {
                    statement.push("coalesce(sum(o.p").number(place).push("), 0)::numeric");
                }
            }
        });
        statement.push("(SELECT ");
        for name in &names {
            statement.push(LINES).push(".").push(name).push(", ");
        }
        statement.push("b.sales_order_id");
        for column in ["total_due", "customer_id"].into_iter().filter(|one| self.base.reads(one)) {
            statement.push(", min(b.of_").push(column).push(") AS of_").push(column);
        }
        // An order has one day, and so one rate.
        for index in 0..self.measures.currencies().len() {
            for part in ["numerator", "denominator"] {
                statement.push(", min(").push(LINES).push(".");
                write_rate(statement, part, index);
                statement.push(") AS ");
                write_rate(statement, part, index);
            }
        }
        for (index, subset) in self.measures.subsets.iter().enumerate() {
            if subset.leaves_out() {
                statement.push(", bool_or(b.f").number(index).push(") AS f").number(index);
            }
            statement.push(", count(*)");
            self.write_part(statement, LINES, index);
            statement.push(" AS n").number(index);
        }
        for (place, (subset, measure)) in self.measures.wanted.iter().enumerate() {
            let (Made::All, Measure::Of(value, statistic)) = (made, measure) else { continue };
            statement.push(match statistic {
                Statistic::Min => ", min(b.",
                Statistic::Max => ", max(b.",
                _ => ", sum(b.",
            });
            statement.push(value.column());
            self.write_conversion(statement, LINES, *subset, *measure);
            statement.push(")");
            self.write_part(statement, LINES, *subset);
            statement.push(" AS p").number(place);
        }
        statement.push(" FROM ");
        self.base.write(statement)?;
        write_group_by(statement, LINES, &names, &["sales_order_id"]);
        statement.push(") AS ").push(ORDERS);
        write_group_by(statement, ORDERS, &names, &[]);
        Ok(())
    }

    /// `SELECT` the names of groups, then what `write` writes of each measure, `FROM`.
    fn write_items(
        self,
        statement: &mut Statement<'_>,
        of: &str,
        write: impl Fn(&mut Statement<'_>, usize, usize, Measure),
    ) {
        statement.push("SELECT ");
        let names = self.base.names();
        for (index, name) in names.iter().enumerate() {
            statement.comma(index).push(of).push(".").push(name);
        }
        for (place, (subset, measure)) in self.measures.wanted.iter().enumerate() {
            statement.comma(names.len() + place);
            write(statement, place, *subset, *measure);
            statement.push(" AS ");
            write_value(statement, place);
        }
        if names.is_empty() && self.measures.wanted.is_empty() {
            // A group that nothing is asked of is one all the same.
            statement.push("count(*) AS n");
        }
        statement.push(" FROM ");
    }

    /// Keeps an aggregate to a part of the rows.
    pub(super) fn write_part(self, statement: &mut Statement<'_>, of: &str, subset: usize) {
        if self.measures.subsets.get(subset).is_some_and(Subset::leaves_out) {
            statement.push(" FILTER (WHERE ").push(of).push(".f").number(subset).push(")");
        }
    }
}

/// The name of the column of the measure at a place.
pub(super) fn write_value(statement: &mut Statement<'_>, place: usize) {
    if let Some(column) = super::measure::value(place) {
        statement.push(column.name);
    }
}

/// The measure at a place as it is shown, whatever it was made by: with as many digits after
/// the point as its column has, and more only as far as they are not zero.
/// What is not known in the currency asked for is null.
pub(super) fn write_shown(
    statement: &mut Statement<'_>,
    of: &str,
    place: usize,
    measures: &Measures,
) {
    let wanted = measures.wanted.get(place).copied();
    let Some((column, (subset, measure))) = super::measure::value(place).zip(wanted) else {
        return;
    };
    let is_converted = measures.converted(subset, measure).is_some();
    let zero = measure.is_zero_of_nothing();
    statement.push(if is_converted { "nullif(" } else { "" });
    let scale = measure.scale().map(|scale| scale.to_string());
    if let Some(scale) = &scale {
        statement.push("round(");
        write_or_zero(statement, of, column.name, zero);
        statement.push(", greatest(min_scale(").push(of).push(".").push(column.name);
        statement.push("), ").push(scale).push("))");
    } else {
        write_or_zero(statement, of, column.name, zero);
    }
    statement.push(if is_converted { ", 'NaN'::numeric)" } else { "" });
}

fn write_or_zero(statement: &mut Statement<'_>, of: &str, name: &str, zero: bool) {
    statement.push(if zero { "coalesce(" } else { "(" }).push(of).push(".").push(name);
    statement.push(if zero { ", 0)" } else { ")" });
}

/// GROUP BY, unless all is one group.
pub(super) fn write_group_by(
    statement: &mut Statement<'_>,
    of: &str,
    names: &[String],
    more: &[&str],
) {
    let all = names.iter().map(String::as_str).chain(more.iter().copied());
    for (index, name) in all.enumerate() {
        statement.push(if index == 0 { " GROUP BY " } else { ", " });
        if !of.is_empty() {
            statement.push(of).push(".");
        }
        statement.push(name);
    }
}
