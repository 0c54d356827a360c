//! Comparisons as SQL.

use super::statement::Statement;
use crate::error::Result;
use crate::query::condition::Comparison;

/// The operator, with blanks around it.
pub(super) const fn operator(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Eq => " = ",
        Comparison::Ne => " <> ",
        Comparison::Lt => " < ",
        Comparison::Lte => " <= ",
        Comparison::Gt => " > ",
        Comparison::Gte => " >= ",
    }
}

/// Whether a number of rows fulfils all of these.
pub(super) fn write_comparisons(
    statement: &mut Statement<'_>,
    comparisons: &[(Comparison, i64)],
) -> Result<()> {
    for (index, (comparison, number)) in comparisons.iter().enumerate() {
        statement.push(if index > 0 { " AND count(*)" } else { "count(*)" });
        statement.push(operator(*comparison)).bind(*number)?;
    }
    Ok(())
}
