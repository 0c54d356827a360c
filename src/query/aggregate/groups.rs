//! Groups of sales as the rows of a list.

use super::base::Base;
use super::by::By;
use super::dimension::Dimension;
use super::measure::Measures;
use super::totals::Totals;
use crate::error::Result;
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
    /// The groups that there are, without what they are not grouped by.
    pub(super) fn write_made(&self, statement: &mut Statement<'_>) -> Result<()> {
        let base =
            Base::of(statement, &self.lines, &self.measures, By::Dimensions(&self.dimensions));
        Totals { base: &base, measures: &self.measures }.write(statement)
    }
}
