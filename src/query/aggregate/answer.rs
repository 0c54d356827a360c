//! An answer as the groups that a statement reads.

use uuid::Uuid;

use super::dimension::{Bucket, Dimension};
use super::measure::Measures;
use super::total::{self, Total, What};
use super::totals::write_value;
use crate::columnar::Keys;
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

/// The groups of an answer, of which Postgres makes what is shown.
#[derive(Debug, Clone)]
pub struct Answer {
    source: Source,
    form: Form,
}

/// Where the groups are.
#[derive(Debug, Clone)]
enum Source {
    /// A worker has put them into Postgres, under this id.
    Stored(Uuid),
    /// They are sent with each statement.
    Sent(Sent),
}

/// Groups that are sent.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    /// By what they are made, dimension by dimension.
    pub(super) keys: Vec<Keys>,
    /// Their totals as texts, total by total.
    pub(super) totals: Vec<Vec<Option<String>>>,
}

impl Answer {
    /// Groups that a worker has put into Postgres.
    #[must_use]
    pub const fn stored(id: Uuid, form: Form) -> Self {
        Self { source: Source::Stored(id), form }
    }

    /// Groups that are sent with each statement.
    pub(super) const fn sent(groups: Sent, form: Form) -> Self {
        Self { source: Source::Sent(groups), form }
    }

    /// `SELECT` these dimensions of the groups, and a column for each measure.
    pub(super) fn write(
        &self,
        statement: &mut Statement<'_>,
        dimensions: &[&'static Dimension],
        measures: &Measures,
    ) -> Result<()> {
        let all = &self.form.dimensions;
        // Of fewer dimensions than there are, several groups are one.
        let is_part = dimensions.len() < all.len();
        statement.push(if is_part { "SELECT DISTINCT " } else { "SELECT " });
        for (index, dimension) in dimensions.iter().enumerate() {
            let place = all.iter().position(|one| one == dimension);
            let place = place.ok_or_else(|| Error::internal("the answer lacks a dimension"))?;
            statement.comma(index);
            match self.source {
                Source::Stored(_) => write_key(statement, dimension, place),
                Source::Sent(_) => {
                    statement.push("answer.k").number(place).push("::");
                    statement.push(dimension.column.kind.sql_type());
                }
            }
            statement.push(" AS ").push(dimension.column.name);
        }
        for (place, (subset, measure)) in measures.wanted.iter().enumerate() {
            statement.comma(dimensions.len() + place).push("(");
            total::write(statement, *measure, |statement, what| {
                self.write_total(statement, *subset, what)
            })?;
            statement.push(")::numeric AS ");
            write_value(statement, place);
        }
        if dimensions.is_empty() && measures.wanted.is_empty() {
            // A group that nothing is asked of is one all the same.
            statement.push("1 AS n");
        }
        match &self.source {
            Source::Stored(id) => self.form.write_stored(statement, *id),
            Source::Sent(sent) => sent.write(statement),
        }
    }

    fn write_total(&self, statement: &mut Statement<'_>, subset: usize, what: What) -> Result<()> {
        let place = self.form.totals.iter().position(|one| *one == Total { subset, what });
        let place = place.ok_or_else(|| Error::internal("the answer lacks a total"))?;
        match self.source {
            Source::Stored(_) => statement.push("answer.totals[").number(place + 1).push("]"),
            Source::Sent(_) => statement.push("answer.t").number(place),
        };
        Ok(())
    }
}

impl Form {
    fn write_stored(&self, statement: &mut Statement<'_>, id: Uuid) -> Result<()> {
        if self.is_parted {
            statement.push(" FROM (SELECT keys, ARRAY[");
            for index in 0..self.totals.len() {
                statement.comma(index).push("max(totals[").number(index + 1).push("])");
            }
            statement.push("]::numeric[] AS totals FROM lake_answer_group WHERE answer_id = ");
            statement.bind(id)?.push(" GROUP BY keys) AS answer");
        } else {
            statement.push(" FROM lake_answer_group AS answer WHERE answer.answer_id = ");
            statement.bind(id)?;
        }
        Ok(())
    }
}

impl Sent {
    fn write(&self, statement: &mut Statement<'_>) -> Result<()> {
        if self.keys.is_empty() && self.totals.is_empty() {
            return Ok(());
        }
        statement.push(" FROM unnest(");
        for (index, keys) in self.keys.iter().enumerate() {
            statement.comma(index);
            match keys {
                Keys::Numbers(keys) => statement.bind(keys.clone())?,
                Keys::Texts(keys) => statement.bind(keys.clone())?,
                Keys::Booleans(keys) => statement.bind(keys.clone())?,
                Keys::Dates(keys) => statement.bind(keys.clone())?,
            };
        }
        for (index, totals) in self.totals.iter().enumerate() {
            statement.comma(self.keys.len() + index).bind(totals.clone())?.push("::numeric[]");
        }
        statement.push(") AS answer (");
        for index in 0..self.keys.len() {
            statement.comma(index).push("k").number(index);
        }
        for index in 0..self.totals.len() {
            statement.comma(self.keys.len() + index).push("t").number(index);
        }
        statement.push(")");
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
