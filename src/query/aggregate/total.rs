//! What is added up, counted and picked of the lines of a group, and the measures of it.

use super::measure::{LineValue, Measure, Measures, Statistic};
use crate::error::{Error, Result};
use crate::query::sql::statement::Statement;

/// A total of a part of the lines of a group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Total {
    /// The part.
    pub(super) subset: usize,
    pub(super) what: What,
}

/// What is added up, counted or picked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum What {
    Lines,
    Orders,
    Customers,
    OrderTotal,
    Sum(LineValue),
    /// The sum of the squares.
    Squares(LineValue),
    Least(LineValue),
    Greatest(LineValue),
    /// The first value that this share of all does not exceed.
    At(LineValue, f64),
}

/// The shares of the two values in the middle, which of an odd number are the same.
const MIDDLE: [f64; 2] = [0.5, 0.500_000_001];

/// What a measure is made of.
pub(super) fn needed(measure: Measure) -> Vec<What> {
    match measure {
        Measure::OrderCount => vec![What::Orders],
        Measure::LineCount => vec![What::Lines],
        Measure::CustomerCount => vec![What::Customers],
        Measure::OrderTotal => vec![What::OrderTotal],
        // Of what is as it is stored, no rate is missing.
        Measure::WithoutRate => Vec::new(),
        Measure::Of(value, statistic) => match statistic {
            Statistic::Sum => vec![What::Sum(value)],
            Statistic::Avg => vec![What::Sum(value), What::Lines],
            Statistic::Min => vec![What::Least(value)],
            Statistic::Max => vec![What::Greatest(value)],
            Statistic::Median => MIDDLE.map(|share| What::At(value, share)).to_vec(),
            Statistic::Percentile(share) => vec![What::At(value, share)],
            Statistic::Stddev => vec![What::Lines, What::Sum(value), What::Squares(value)],
        },
    }
}

/// What measures are made of, each once.
pub(super) fn all_needed(measures: &Measures) -> Vec<Total> {
    let mut totals: Vec<Total> = Vec::new();
    for (subset, measure) in &measures.wanted {
        for what in needed(*measure) {
            let total = Total { subset: *subset, what };
            if !totals.contains(&total) {
                totals.push(total);
            }
        }
    }
    totals
}

impl What {
    /// Its digits after the point, of which depends how many a quotient has.
    pub(super) fn scale(self) -> u8 {
        match self {
            Self::Lines | Self::Orders | Self::Customers => 0,
            Self::OrderTotal => Measure::OrderTotal.scale().unwrap_or_default(),
            Self::Squares(value) => 2 * value.scale(),
            Self::Sum(value) | Self::Least(value) | Self::Greatest(value) | Self::At(value, _) => {
                value.scale()
            }
        }
    }

    /// Whether each order counts once.
    pub(super) const fn is_of_orders(self) -> bool {
        matches!(self, Self::Orders | Self::Customers | Self::OrderTotal)
    }
}

/// Writes a measure of totals, as Postgres makes it of lines. `write` writes a total.
pub(super) fn write(
    statement: &mut Statement<'_>,
    measure: Measure,
    total: impl Fn(&mut Statement<'_>, What) -> Result<()>,
) -> Result<()> {
    let all = needed(measure);
    let one = || all.first().copied().ok_or_else(|| Error::internal("a measure has no total"));
    match measure {
        Measure::WithoutRate => {
            statement.push("0::numeric");
        }
        Measure::Of(value, Statistic::Avg) => {
            total(statement, What::Sum(value))?;
            statement.push(" / nullif(");
            total(statement, What::Lines)?;
            statement.push(", 0)");
        }
        Measure::Of(_, Statistic::Median) => {
            statement.push("trim_scale((");
            for (index, what) in all.iter().enumerate() {
                statement.push(if index > 0 { " + " } else { "" });
                total(statement, *what)?;
            }
            statement.push(") * 0.5)");
        }
        Measure::Of(value, Statistic::Stddev) => write_stddev(statement, value, &total)?,
        Measure::Of(_, Statistic::Min | Statistic::Max | Statistic::Percentile(_)) => {
            total(statement, one()?)?;
        }
        _ => {
            statement.push("coalesce(");
            total(statement, one()?)?;
            statement.push(", 0)");
        }
    }
    Ok(())
}

/// The root of (n * sum of squares - square of sum) / (n * (n - 1)), which is how Postgres makes
/// `var_samp`: so the quotient has the same digits.
fn write_stddev(
    statement: &mut Statement<'_>,
    value: LineValue,
    total: &impl Fn(&mut Statement<'_>, What) -> Result<()>,
) -> Result<()> {
    let difference = |statement: &mut Statement<'_>| {
        total(statement, What::Lines)?;
        statement.push(" * ");
        total(statement, What::Squares(value))?;
        statement.push(" - ");
        total(statement, What::Sum(value))?;
        statement.push(" * ");
        total(statement, What::Sum(value))
    };
    statement.push("sqrt(CASE WHEN ");
    total(statement, What::Lines)?;
    statement.push(" < 2 THEN NULL WHEN ");
    difference(statement)?;
    statement.push(" <= 0 THEN 0 ELSE (");
    difference(statement)?;
    statement.push(") / (");
    total(statement, What::Lines)?;
    statement.push(" * (");
    total(statement, What::Lines)?;
    statement.push(" - 1)) END)");
    Ok(())
}
