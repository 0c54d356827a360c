//! Comparisons as SQL.

use super::statement::{Place, Statement};
use crate::catalog::Column;
use crate::error::Result;
use crate::query::condition::Comparison;
use crate::query::value::Value;

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

/// Writes a column that is compared with values. A cluster casts them to the type of the column by
/// which the table is cut, and would refuse those that are no value of it.
pub(super) fn write_compared(
    statement: &mut Statement<'_>,
    column: &Column,
    values: &[Value],
    row: Place,
) {
    statement.push("(").column(row.alias, column);
    let is_beyond = |value: &Value| match value {
        Value::Int(value) => i32::try_from(*value).is_err(),
        _ => false,
    };
    if statement.layout.is_distributed() && values.iter().any(is_beyond) {
        statement.push("::bigint");
    }
}

/// Writes what is true of no row. Joins to other rows around what is plainly false are refused by a
/// cluster.
pub(super) fn write_never(statement: &mut Statement<'_>, row: Place) {
    if !statement.layout.is_distributed() {
        statement.push("false");
        return;
    }
    statement.push("(").alias(row.alias).push(" IS NULL AND ");
    statement.alias(row.alias).push(" IS NOT NULL)");
}
