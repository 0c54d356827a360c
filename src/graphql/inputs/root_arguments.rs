//! Arguments of a root field that filter its list.

use async_graphql::Value as Const;

use super::arguments::{Given, missing};
use super::comparison;
use super::place::Place;
use super::scalar;
use crate::catalog::{Column, Kind};
use crate::error::Result;
use crate::graphql::schema::global_id::key_of;
use crate::graphql::schema::model::{Only, Takes};
use crate::query::{Comparison, Condition, Value, bad_argument};

/// The condition of the arguments; `None` is every row.
///
/// # Errors
/// `BAD_USER_INPUT` that names the argument.
pub(crate) fn condition(only: &[Only], given: Given<'_>) -> Result<Option<Condition>> {
    let mut all = Vec::new();
    for only in only {
        one(only, given, &mut all)?;
    }
    Ok((!all.is_empty()).then_some(Condition::All(all)))
}

fn one(only: &Only, given: Given<'_>, all: &mut Vec<Condition>) -> Result<()> {
    let (argument, column) = (only.argument, only.column);
    match &only.takes {
        Takes::Id(of) => {
            let Some(id) = given.text(argument)? else { return Ok(()) };
            let key = key_of(&id, of, argument)?;
            let parts = key.parts().iter();
            all.extend(parts.map(|part| compare(column, Comparison::Eq, Value::from(*part))));
        }
        Takes::Values => {
            let Some(list) = given.get(argument) else { return Ok(()) };
            let values = values(column.kind, &list, argument)?;
            all.push(Condition::In { column, values, negated: false });
        }
        Takes::Period { to, most_days } => {
            let first = day(given, argument)?;
            let last = day(given, to)?;
            if last < first {
                let message = format!("{to}: {last} is before {argument}, {first}");
                return Err(bad_argument(to, message));
            }
            let days = last.signed_duration_since(first).num_days().saturating_add(1);
            if days > *most_days {
                let message = format!(
                    "{to}: {first} to {last} is {days} days, more than the {most_days} that may be \
                     asked for at a time"
                );
                return Err(bad_argument(to, message));
            }
            all.push(compare(column, Comparison::Gte, Value::Date(first)));
            all.push(compare(column, Comparison::Lte, Value::Date(last)));
        }
        Takes::Positive => {
            if given.get(argument) == Some(Const::Boolean(true)) {
                all.push(compare(column, Comparison::Gt, Value::Int(0)));
            }
        }
    }
    Ok(())
}

fn day(given: Given<'_>, argument: &'static str) -> Result<chrono::NaiveDate> {
    let date = given.get(argument).ok_or_else(|| missing(argument))?;
    match scalar::value(Kind::Date, &date, &Place::of(argument))? {
        Value::Date(date) => Ok(date),
        _ => Err(missing(argument)),
    }
}

const fn compare(column: &'static Column, comparison: Comparison, value: Value) -> Condition {
    Condition::Compare { column, comparison, value }
}

/// The values of a list argument; a single value is a list of one.
///
/// # Errors
/// `BAD_USER_INPUT`, also when there are too many.
fn values(kind: Kind, value: &Const, argument: &'static str) -> Result<Vec<Value>> {
    comparison::each(value, &Place::of(argument), |value, place| scalar::value(kind, value, place))
}
