//! What is shown of groups, and what these are ordered by as far as everybody orders it alike.

use super::dimension::Dimension;
use super::groups::Groups;
use super::measure::{Measure, Statistic, value};
use super::total::{Total, needed};
use crate::catalog::{Column, Kind};
use crate::query::condition::Condition;
use crate::query::order::{Direction, Nulls, OrderBy};
use crate::query::page::Page;

/// What a list shows of its groups.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// The part of the list.
    pub page: &'a Page,
    /// Which groups are kept.
    pub having: &'a Condition,
    /// Whether they are counted.
    pub is_counted: bool,
}

/// A key of an order of groups.
#[derive(Debug, Clone, Copy)]
pub(super) struct SharedKey {
    pub(super) by: SharedBy,
    pub(super) direction: Direction,
    pub(super) nulls: Nulls,
}

/// What has the same order everywhere.
#[derive(Debug, Clone, Copy)]
pub(super) enum SharedBy {
    /// The dimension at this place.
    Dimension(usize),
    /// The total at this place; nothing may be as good as 0.
    Total { place: usize, is_zero_of_nothing: bool },
}

impl Shown<'_> {
    /// Whether the page is the beginning of the list.
    pub(super) fn is_first(self) -> bool {
        !self.page.backwards && !self.page.has_after() && !self.page.has_before()
    }

    /// The keys of the order of these groups, up to the first one that only Postgres knows the
    /// order of; and whether these are all.
    pub(super) fn order(self, groups: &Groups, totals: &[Total]) -> (Vec<SharedKey>, bool) {
        let mut keys = Vec::with_capacity(self.page.order.keys.len());
        for key in &self.page.order.keys {
            let OrderBy::Column(column) = key.by else { return (keys, false) };
            let Some(by) = shared(groups, totals, column) else { return (keys, false) };
            keys.push(SharedKey { by, direction: key.direction, nulls: key.nulls });
        }
        (keys, true)
    }
}

/// What a column is, if its values have the same order everywhere.
fn shared(groups: &Groups, totals: &[Total], column: &Column) -> Option<SharedBy> {
    let is_key = |dimension: &&Dimension| dimension.column.name == column.name;
    if let Some(place) = groups.dimensions.iter().position(is_key) {
        let is_alike = matches!(column.kind, Kind::Boolean | Kind::Int | Kind::Long | Kind::Date);
        return is_alike.then_some(SharedBy::Dimension(place));
    }
    total_of(groups, totals, column)
}

/// The total that a measure is, if it is one.
pub(super) fn total_of(groups: &Groups, totals: &[Total], column: &Column) -> Option<SharedBy> {
    let wanted = &groups.measures.wanted;
    let place =
        (0..wanted.len()).find(|place| value(*place).is_some_and(|it| it.name == column.name))?;
    let (subset, measure) = *wanted.get(place)?;
    let is_alike = match measure {
        Measure::Of(_, statistic) => {
            matches!(statistic, Statistic::Sum | Statistic::Min | Statistic::Max)
        }
        Measure::WithoutRate => false,
        _ => true,
    };
    let what = needed(measure).first().copied().filter(|_| is_alike)?;
    let place = totals.iter().position(|one| *one == Total { subset, what })?;
    Some(SharedBy::Total { place, is_zero_of_nothing: measure.is_zero_of_nothing() })
}
