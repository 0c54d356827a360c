//! Columns of measures.

use super::place::Place;
use crate::catalog::Column;
use crate::error::Result;
use crate::query::aggregate::{Measure, Measures, value};

/// The column of a measure over all lines of a group.
pub(super) fn measured(
    measures: &mut Measures,
    measure: Measure,
    argument: &'static str,
) -> Result<&'static Column> {
    let whole = measures.whole();
    let place = measures.place(whole, measure, argument)?;
    value(place).ok_or_else(|| Place::of(argument).refuse("too many different measures"))
}
