//! An answer as the groups that a statement reads.

use uuid::Uuid;

use super::super::dimension::{Bucket, Dimension};
use super::super::measure::Measures;
use super::super::totals::write_value;
use super::total::{self, Total, What};
use crate::error::{Error, Result};
use crate::query::sql::statement::Statement;

/// How an answer is read.
#[derive(Debug, Clone)]
pub struct Form {
    pub(super) dimensions: Vec<&'static Dimension>,
    pub(super) totals: Vec<Total>,
    /// Whether a group may be in several rows, each with some of its totals.
    pub(super) is_parted: bool,
}

/// An answer that a worker has put into Postgres.
#[derive(Debug, Clone)]
pub struct LakeAnswer {
    /// Its id.
    pub id: Uuid,
    /// How it is read.
    pub form: Form,
}

impl LakeAnswer {
    /// `SELECT` these dimensions of the groups, and a column for each measure.
    pub(in crate::query::aggregate) fn write(
        &self,
        statement: &mut Statement<'_>,
        dimensions: &[&'static Dimension],
        measures: &Measures,
    ) -> Result<()> {
        let Form { dimensions: all, totals, is_parted } = &self.form;
        // Of fewer dimensions than there are, several groups are one.
        let is_part = dimensions.len() < all.len();
        statement.push(if is_part { "SELECT DISTINCT " } else { "SELECT " });
        for (index, dimension) in dimensions.iter().enumerate() {
            let place = all.iter().position(|one| one == dimension);
            let place = place.ok_or_else(|| Error::internal("the answer lacks a dimension"))?;
            statement.comma(index);
            write_key(statement, dimension, place);
            statement.push(" AS ").push(dimension.column.name);
        }
        for (place, (subset, measure)) in measures.wanted.iter().enumerate() {
            statement.comma(dimensions.len() + place).push("(");
            total::write(statement, *measure, |statement, what| {
                write_total(statement, totals, *subset, what)
            })?;
            statement.push(")::numeric AS ");
            write_value(statement, place);
        }
        if dimensions.is_empty() && measures.wanted.is_empty() {
            // A group that nothing is asked of is one all the same.
            statement.push("1 AS n");
        }
        if *is_parted {
            statement.push(" FROM (SELECT keys, ARRAY[");
            for index in 0..totals.len() {
                statement.comma(index).push("max(totals[").number(index + 1).push("])");
            }
            statement.push("]::numeric[] AS totals FROM lake_answer_group WHERE answer_id = ");
            statement.bind(self.id)?.push(" GROUP BY keys) AS answer");
        } else {
            statement.push(" FROM lake_answer_group AS answer WHERE answer.answer_id = ");
            statement.bind(self.id)?;
        }
        Ok(())
    }
}

/// The value that a group is made by, as Postgres has it.
fn write_key(statement: &mut Statement<'_>, dimension: &Dimension, place: usize) {
    let (before, after) = match dimension.bucket {
        Some(Bucket::Week) => ("(date '1969-12-29' + 7 * (", ")::integer)"),
        Some(Bucket::Month) => {
            ("(date '0001-01-01' + make_interval(months => (", ")::integer - 12))::date")
        }
        Some(Bucket::Quarter) => {
            ("(date '0001-01-01' + make_interval(months => 3 * (", ")::integer - 12))::date")
        }
        _ => {
            statement.push("answer.keys[").number(place + 1).push("]::");
            statement.push(dimension.column.kind.sql_type());
            return;
        }
    };
    statement.push(before).push("answer.keys[").number(place + 1).push("]").push(after);
}

fn write_total(
    statement: &mut Statement<'_>,
    totals: &[Total],
    subset: usize,
    what: What,
) -> Result<()> {
    let place = totals.iter().position(|one| *one == Total { subset, what });
    let place = place.ok_or_else(|| Error::internal("the answer lacks a total"))?;
    statement.push("answer.totals[").number(place + 1).push("]");
    Ok(())
}
