//! The first groups alone, where the engine can tell which these are: a page of the customers
//! with the greatest sums needs no answer with all customers.

use super::super::dimension::Dimension;
use super::super::groups::Groups;
use super::super::measure::{Measure, Statistic, value};
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

/// What follows a statement that gives these totals of all groups so that it gives the first
/// ones alone, and one more, which tells that there are more. `None` where Postgres must have
/// all groups to tell which these are.
pub(super) fn after(groups: &Groups, totals: &[Total], shown: Shown<'_>) -> Option<String> {
    let Shown { page, having, is_counted } = shown;
    let is_of_all = groups.top.is_some() || groups.fill_gaps || having.leaves_out() || is_counted;
    if is_of_all || page.backwards || page.has_after() || page.has_before() {
        return None;
    }
    let mut keys = Vec::with_capacity(page.order.keys.len());
    for key in &page.order.keys {
        let OrderBy::Column(column) = key.by else { return None };
        let expression = expression(groups, totals, column)?;
        let direction = match key.direction {
            Direction::Asc => "ASC",
            Direction::Desc => "DESC",
        };
        let nulls = match key.nulls {
            Nulls::First => "FIRST",
            Nulls::Last => "LAST",
        };
        keys.push(format!("{expression} {direction} NULLS {nulls}"));
    }
    if groups.dimensions.is_empty() {
        return None;
    }
    let limit = u64::from(page.limit) + 1;
    Some(format!(" ORDER BY {} LIMIT {limit}", keys.join(", ")))
}

/// A key of the order, if every engine has the same order of its values.
fn expression(groups: &Groups, totals: &[Total], column: &Column) -> Option<String> {
    let is_key = |dimension: &&Dimension| dimension.column.name == column.name;
    if let Some(place) = groups.dimensions.iter().position(is_key) {
        let is_alike = matches!(column.kind, Kind::Boolean | Kind::Int | Kind::Long | Kind::Date);
        return is_alike.then(|| format!("q.k{place}"));
    }
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
    let total = totals.iter().position(|one| *one == Total { subset, what })?;
    Some(if measure.is_zero_of_nothing() {
        format!("coalesce(q.t{total}, 0)")
    } else {
        format!("q.t{total}")
    })
}
