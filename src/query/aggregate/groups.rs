//! Groups of sales as the rows of a list.

use std::sync::Arc;

use super::answer::Answer;
use super::base::Base;
use super::by::By;
use super::dimension::Dimension;
use super::measure::Measures;
use super::totals::Totals;
use crate::error::{Error, Result};
use crate::query::condition::Condition;
use crate::query::order::Order;
use crate::query::sql::statement::Statement;

/// Groups of lines and their measures: the rows of
/// [`SALES_GROUP`](super::SALES_GROUP) that a list of it reads.
#[derive(Debug, Clone)]
pub struct Groups {
    /// Which lines.
    pub lines: Condition,
    /// By what; without any there is one group, also of no line.
    pub dimensions: Vec<&'static Dimension>,
    /// What is measured.
    pub measures: Measures,
    /// Keeps the first groups of each.
    pub top: Option<Top>,
    /// Whether there are also groups for days without sales.
    pub fill_gaps: bool,
    /// What puts the lines together.
    pub engine: Engine,
}

/// What puts lines together.
#[derive(Debug, Clone, Default)]
pub enum Engine {
    /// Postgres.
    #[default]
    Postgres,
    /// An engine that reads the lake. Its answer must be there before the groups are read.
    Lake(Option<Arc<Answer>>),
    /// Columns in memory, which have answered.
    Columns(Arc<Answer>),
}

/// The first groups within each value of some of the dimensions.
#[derive(Debug, Clone)]
pub struct Top {
    /// Within each value of these.
    pub by: Vec<&'static Dimension>,
    /// So many.
    pub first: u32,
    /// Of the groups that fulfil this.
    pub having: Condition,
    /// In this order, to the last key.
    pub order: Order,
}

impl Groups {
    /// Whether Postgres puts the lines together.
    #[must_use]
    pub const fn is_of_postgres(&self) -> bool {
        matches!(self.engine, Engine::Postgres)
    }

    /// Whether the lake is asked.
    #[must_use]
    pub const fn is_of_lake(&self) -> bool {
        matches!(self.engine, Engine::Lake(_))
    }

    /// The groups that there are, without what they are not grouped by.
    pub(super) fn write_made(&self, statement: &mut Statement<'_>) -> Result<()> {
        match &self.engine {
            Engine::Postgres => {}
            Engine::Lake(Some(answer)) | Engine::Columns(answer) => {
                return answer.write(statement, &self.dimensions, &self.measures);
            }
            Engine::Lake(None) => return Err(Error::internal("the lake has not answered yet")),
        }
        let base =
            Base::of(statement, &self.lines, &self.measures, By::Dimensions(&self.dimensions));
        Totals { base: &base, measures: &self.measures }.write(statement)
    }
}
