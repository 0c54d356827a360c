//! The first groups alone, where the engine can tell which these are: a page of the customers
//! with the greatest sums needs no answer with all customers.

use super::super::groups::Groups;
use super::super::shown::{SharedBy, Shown};
use super::super::total::Total;
use crate::query::order::{Direction, Nulls};

/// What follows a statement that gives these totals of all groups so that it gives the first
/// ones alone, and one more, which tells that there are more. `None` where Postgres must have
/// all groups to tell which these are.
pub(super) fn after(groups: &Groups, totals: &[Total], shown: Shown<'_>) -> Option<String> {
    let is_of_all = groups.top.is_some()
        || groups.fill_gaps
        || shown.having.leaves_out()
        || shown.is_counted
        || groups.dimensions.is_empty();
    let (order, is_whole) = shown.order(groups, totals);
    if is_of_all || !shown.is_first() || !is_whole {
        return None;
    }
    let mut keys = Vec::with_capacity(order.len());
    for key in order {
        let expression = match key.by {
            SharedBy::Dimension(place) => format!("q.k{place}"),
            SharedBy::Total { place, is_zero_of_nothing: true } => {
                format!("coalesce(q.t{place}, 0)")
            }
            SharedBy::Total { place, .. } => format!("q.t{place}"),
        };
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
    let limit = u64::from(shown.page.limit) + 1;
    Some(format!(" ORDER BY {} LIMIT {limit}", keys.join(", ")))
}
