//! Conditions as SQL.

use std::{mem, slice};

use super::audience::require_column;
use super::comparison::{operator, write_compared, write_comparisons, write_never};
use super::related::write_in;
use super::statement::{Place, Statement};
use super::text::{is_text, pattern, stored, stored_value, write_text};
use crate::catalog::Column;
use crate::catalog::ToMany;
use crate::error::Result;
use crate::query::argument::bad_argument;
use crate::query::condition::{Comparison, Condition, Quantifier, TextMatch};
use crate::query::value::Value;

/// Most conditions within one another.
const MOST_DEPTH: usize = 64;

/// Adds the condition that a row fulfils this, unless every row does.
///
/// # Errors
/// `BAD_USER_INPUT` where it is nested too deep or has a value that cannot be sent.
pub(crate) fn require(
    statement: &mut Statement<'_>,
    condition: &Condition,
    row: Place,
) -> Result<()> {
    require_within(statement, condition, row, 0)
}

fn require_within(
    statement: &mut Statement<'_>,
    condition: &Condition,
    row: Place,
    depth: usize,
) -> Result<()> {
    match condition {
        // Each by itself and not in brackets: what is read is also what is easy to plan.
        Condition::All(conditions) if depth < MOST_DEPTH => {
            conditions.iter().try_for_each(|one| require_within(statement, one, row, depth + 1))
        }
        _ => {
            statement.condition();
            if let (Condition::One { relation, condition }, true) = (condition, depth < MOST_DEPTH)
                && let Some(one) = statement.find_joined(row.alias, relation)
            {
                write_there(statement, one);
                return require_within(statement, condition, one, depth + 1);
            }
            write(statement, condition, row, depth)
        }
    }
}

/// Writes whether a row fulfils a condition, true or false, as a value that is selected.
///
/// # Errors
/// As [`require`].
pub(crate) fn write_whether(
    statement: &mut Statement<'_>,
    condition: &Condition,
    row: Place,
) -> Result<()> {
    statement.push("(");
    let reads_ahead = mem::replace(&mut statement.reads_ahead, true);
    write(statement, condition, row, 0)?;
    statement.reads_ahead = reads_ahead;
    statement.push(" IS TRUE)");
    Ok(())
}

/// Writes that a joined row is there.
fn write_there(statement: &mut Statement<'_>, row: Place) {
    statement.push("(");
    for (index, column) in row.table.key.iter().enumerate() {
        statement.push(if index > 0 { " AND " } else { "" });
        statement.column(row.alias, column).push(" IS NOT NULL");
    }
    statement.push(")");
}

/// Writes a condition. It is true, false or null; null is as good as false wherever
/// this stands, for [`Condition::Not`] allows for it.
fn write(
    statement: &mut Statement<'_>,
    condition: &Condition,
    row: Place,
    depth: usize,
) -> Result<()> {
    if depth == MOST_DEPTH {
        let message = format!("filter: more than {MOST_DEPTH} conditions within one another");
        return Err(bad_argument("filter", message));
    }
    let depth = depth + 1;
    match condition {
        Condition::All(conditions) if conditions.is_empty() => {
            statement.push("true");
            Ok(())
        }
        Condition::All(conditions) => write_list(statement, conditions, " AND ", row, depth),
        Condition::Any(conditions) if conditions.is_empty() => {
            write_never(statement, row);
            Ok(())
        }
        Condition::Any(conditions) => write_list(statement, conditions, " OR ", row, depth),
        Condition::Not(inner) if is_never_null(inner) => {
            // In this form, and in no other, NOT EXISTS can be planned as a join.
            statement.push("NOT ");
            write(statement, inner, row, depth)
        }
        Condition::Not(inner) => {
            statement.push("(");
            write(statement, inner, row, depth)?;
            statement.push(" IS NOT TRUE)");
            Ok(())
        }
        Condition::Compare { column, comparison, value } => {
            write_compared(statement, column, slice::from_ref(value), row);
            statement.push(operator(*comparison));
            statement.bind_value(column.kind, &stored_value(row, value))?.push(")");
            Ok(())
        }
        Condition::In { column, values, negated } => {
            if values.is_empty() {
                write_in_nothing(statement, column, *negated, row);
                return Ok(());
            }
            write_compared(statement, column, values, row);
            statement.push(any(*negated));
            let values: Vec<Value> =
                values.iter().map(|value| stored_value(row, value).into_owned()).collect();
            statement.bind_values(column.kind, &values)?.push("))");
            Ok(())
        }
        Condition::Matches { column, how, text, ignore_case } => {
            is_text(column)?;
            write_text(statement, column, *ignore_case, row).push(" LIKE ");
            statement.push(if *ignore_case { "lower(" } else { "(" });
            statement.bind_text(&pattern(*how, &stored(row, text)))?.push("))");
            Ok(())
        }
        Condition::Word { column, .. } if require_column(statement.scope, column).is_err() => {
            write_never(statement, row);
            Ok(())
        }
        Condition::Word { column, text } => {
            is_text(column)?;
            write_text(statement, column, true, row).push(" LIKE lower(");
            statement.bind_text(&pattern(TextMatch::Contains, &stored(row, text)))?.push("))");
            Ok(())
        }
        Condition::EqIgnoreCase { column, text } => {
            is_text(column)?;
            write_text(statement, column, true, row).push(" = lower(");
            statement.bind_text(&stored(row, text))?.push("))");
            Ok(())
        }
        Condition::InIgnoreCase { column, texts, negated } => {
            is_text(column)?;
            if texts.is_empty() {
                write_in_nothing(statement, column, *negated, row);
                return Ok(());
            }
            write_text(statement, column, true, row).push(any(*negated));
            statement.push("ARRAY(SELECT lower(text) FROM unnest(");
            let texts: Vec<String> =
                texts.iter().map(|text| stored(row, text).into_owned()).collect();
            statement.bind_texts(&texts)?.push(") AS text)))");
            Ok(())
        }
        Condition::IsNull { column, is } => {
            let word = if *is { " IS NULL)" } else { " IS NOT NULL)" };
            statement.push("(").column(row.alias, column).push(word);
            Ok(())
        }
        Condition::One { relation, condition } => {
            if let Some(one) = statement.find_joined(row.alias, relation) {
                statement.push("((");
                write_there(statement, one);
                statement.push(" AND ");
                write(statement, condition, one, depth)?;
                // What is asked of the row may be null, but not whether it holds.
                statement.push(") IS TRUE)");
                return Ok(());
            }
            if statement.layout.is_distributed() {
                let (of, by) = (relation.from, relation.table.key);
                return write_in(statement, (row, of), (relation.table, by), |statement, one| {
                    require_within(statement, condition, one, depth)
                });
            }
            let one = statement.inner(relation.table);
            statement.push("EXISTS (SELECT FROM ").table(one);
            statement.conditions(" WHERE ", |statement| {
                statement.link((one.alias, one.table.key), (row.alias, relation.from));
                require_within(statement, condition, one, depth)
            })?;
            statement.push(")");
            Ok(())
        }
        Condition::Many { relation, quantifier, condition } => match quantifier {
            Quantifier::Some => write_some(statement, *relation, condition, row, depth),
            Quantifier::None => {
                statement.push("NOT ");
                write_some(statement, *relation, condition, row, depth)
            }
            Quantifier::Every => {
                statement.push("NOT ");
                write_any(statement, *relation, row, |statement, child| {
                    statement.condition();
                    let not = if is_never_null(condition) {
                        ("NOT ", "")
                    } else {
                        ("(", " IS NOT TRUE)")
                    };
                    statement.push(not.0);
                    write(statement, condition, child, depth)?;
                    statement.push(not.1);
                    Ok(())
                })
            }
        },
        Condition::Count { relation, condition, comparisons } => {
            write_count(statement, *relation, condition, comparisons, row, depth)
        }
    }
}

fn write_list(
    statement: &mut Statement<'_>,
    conditions: &[Condition],
    word: &str,
    row: Place,
    depth: usize,
) -> Result<()> {
    statement.push("(");
    for (index, condition) in conditions.iter().enumerate() {
        if index > 0 {
            statement.push(word);
        }
        write(statement, condition, row, depth)?;
    }
    statement.push(")");
    Ok(())
}

/// `EXISTS (…)` a child that fulfils the condition.
fn write_some(
    statement: &mut Statement<'_>,
    relation: ToMany,
    condition: &Condition,
    row: Place,
    depth: usize,
) -> Result<()> {
    write_any(statement, relation, row, |statement, child| {
        require_within(statement, condition, child, depth)
    })
}

/// `EXISTS (…)` a child that fulfils what `conditions` writes.
fn write_any(
    statement: &mut Statement<'_>,
    relation: ToMany,
    row: Place,
    conditions: impl FnOnce(&mut Statement<'_>, Place) -> Result<()>,
) -> Result<()> {
    if statement.layout.is_distributed() {
        let (key, by) = (row.table.key, relation.by);
        return write_in(statement, (row, key), (relation.table, by), conditions);
    }
    statement.push("EXISTS (SELECT FROM ");
    write_children(statement, relation, row, conditions)?;
    statement.push(")");
    Ok(())
}

/// The children of a row that fulfil what `conditions` adds, from FROM on.
fn write_children(
    statement: &mut Statement<'_>,
    relation: ToMany,
    row: Place,
    conditions: impl FnOnce(&mut Statement<'_>, Place) -> Result<()>,
) -> Result<()> {
    let child = statement.inner(relation.table);
    statement.table(child);
    statement.conditions(" WHERE ", |statement| {
        statement.link((child.alias, relation.by), (row.alias, row.table.key));
        conditions(statement, child)
    })
}

/// Children are counted only as far as it takes to decide; whether there are any is
/// asked without counting.
fn write_count(
    statement: &mut Statement<'_>,
    relation: ToMany,
    condition: &Condition,
    comparisons: &[(Comparison, i64)],
    row: Place,
    depth: usize,
) -> Result<()> {
    let decided = comparisons.iter().map(|(comparison, number)| match comparison {
        Comparison::Gte | Comparison::Lt => *number,
        _ => number.saturating_add(1),
    });
    let enough = decided.max().unwrap_or(0).max(0);
    let holds = |count: i64| {
        comparisons.iter().all(|(comparison, number)| match comparison {
            Comparison::Eq => count == *number,
            Comparison::Ne => count != *number,
            Comparison::Lt => count < *number,
            Comparison::Lte => count <= *number,
            Comparison::Gt => count > *number,
            Comparison::Gte => count >= *number,
        })
    };
    match (enough, holds(0), holds(1)) {
        (0, holds, _) | (1, holds @ true, true) | (1, holds @ false, false) => {
            if holds {
                statement.push("true");
            } else {
                write_never(statement, row);
            }
            Ok(())
        }
        (1, true, false) => {
            statement.push("NOT ");
            write_some(statement, relation, condition, row, depth)
        }
        (1, false, true) => write_some(statement, relation, condition, row, depth),
        (_, holds, _) if statement.layout.is_distributed() => {
            // Rows without children are in no group.
            statement.push(if holds { "NOT " } else { "" });
            let (key, by) = (row.table.key, relation.by);
            write_in(statement, (row, key), (relation.table, by), |statement, child| {
                require_within(statement, condition, child, depth)?;
                statement.push(" GROUP BY ");
                for (index, column) in by.iter().enumerate() {
                    statement.comma(index).column(child.alias, column);
                }
                statement.push(if holds { " HAVING NOT (" } else { " HAVING (" });
                write_comparisons(statement, comparisons)?;
                statement.push(")");
                Ok(())
            })
        }
        _ => {
            statement.push("(SELECT ");
            write_comparisons(statement, comparisons)?;
            statement.push(" FROM (SELECT FROM ");
            write_children(statement, relation, row, |statement, child| {
                require_within(statement, condition, child, depth)
            })?;
            statement.push(" LIMIT ").bind(enough)?.push(") AS counted)");
            Ok(())
        }
    }
}

fn write_in_nothing(statement: &mut Statement<'_>, column: &Column, negated: bool, row: Place) {
    if negated {
        statement.push("(").column(row.alias, column).push(" IS NOT NULL)");
    } else {
        write_never(statement, row);
    }
}

/// Whether the condition as SQL is true or false for every row.
fn is_never_null(condition: &Condition) -> bool {
    match condition {
        Condition::All(conditions) | Condition::Any(conditions) => {
            conditions.iter().all(is_never_null)
        }
        Condition::Compare { column, .. }
        | Condition::Matches { column, .. }
        | Condition::Word { column, .. }
        | Condition::EqIgnoreCase { column, .. } => !column.nullable,
        Condition::In { column, values, .. } => values.is_empty() || !column.nullable,
        Condition::InIgnoreCase { column, texts, .. } => texts.is_empty() || !column.nullable,
        Condition::Not(_)
        | Condition::IsNull { .. }
        | Condition::One { .. }
        | Condition::Many { .. }
        | Condition::Count { .. } => true,
    }
}

const fn any(negated: bool) -> &'static str {
    if negated { " <> ALL (" } else { " = ANY (" }
}
