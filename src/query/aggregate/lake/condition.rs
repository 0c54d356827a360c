//! Conditions on lines as SQL over the wide table.
//!
//! Names are those of this program's columns. Values are bound, each with a type, as engines
//! differ in what they take a literal for.

use super::super::row_of::RowOf;
use super::refusal::{ignoring_case, unsupported};
use crate::auth::Scope;
use crate::catalog::{Column, Kind, ToMany, ToOne};
use crate::error::{Error, Result};
use crate::lake::curated::{SalesColumn, sales_column};
use crate::lake::{Bound, ColumnType, TABLE};
use crate::query::argument::bad_argument;
use crate::query::condition::{Comparison, Condition, Quantifier};
use crate::query::sql::audience::require_column;
use crate::query::value::Value;

/// Most conditions within one another.
const MOST_DEPTH: usize = 64;
/// Most values of a statement.
const MOST_VALUES: usize = 20_000;
/// What a line is called, and another one of its order.
const LINE: &str = "s";
const OTHER_LINE: &str = "l";

/// Writes the conditions of a statement, and keeps its values.
pub(super) struct Compiler<'a> {
    scope: &'a Scope,
    persons: bool,
    values: Vec<Bound>,
    /// Whether lines of the same order may be looked at: engines take that in WHERE alone.
    pub(super) may_nest: bool,
    /// What the line is called that conditions are about.
    line: &'static str,
}

impl<'a> Compiler<'a> {
    pub(super) const fn new(scope: &'a Scope, persons: bool) -> Self {
        Self { scope, persons, values: Vec::new(), may_nest: true, line: LINE }
    }

    /// The values so far: `$1` is the first.
    pub(super) fn into_values(self) -> Vec<Bound> {
        self.values
    }

    /// Binds a value.
    pub(super) fn bind(&mut self, value: Bound) -> Result<String> {
        if self.values.len() == MOST_VALUES {
            return Err(unsupported(format!(
                "a filter with more than {MOST_VALUES} values is answered with engine: POSTGRES"
            )));
        }
        self.values.push(value);
        Ok(format!("${}", self.values.len()))
    }

    /// The column of the wide table that has this one of a row.
    pub(super) fn column(&self, row: RowOf, column: &Column) -> Result<SalesColumn> {
        require_column(self.scope, column)?;
        let found =
            sales_column(row.table(), column.name, self.persons).filter(|_| !column.is_computed());
        found.ok_or_else(|| {
            let (name, table) = (column.api_name(), row.table());
            let why = if column.is_personal && !self.persons {
                "personal data are not in the lake, as LAKE_PERSONS is not true"
            } else {
                "it is not in the table sales"
            };
            unsupported(format!(
                "the lake does not know {name} of {table}: {why}; ask with engine: POSTGRES"
            ))
        })
    }

    /// The expression of a column's value: a code that is a number in Postgres is one here.
    fn value(&self, column: &Column, found: &SalesColumn) -> String {
        let line = self.line;
        let is_number = matches!(column.kind, Kind::Small | Kind::Int | Kind::Long);
        if is_number && found.ty == ColumnType::String {
            return format!("CAST({line}.{} AS BIGINT)", found.name);
        }
        format!("{line}.{}", found.name)
    }

    /// Whether a row fulfils a condition: true, false or null, which is as good as false wherever
    /// this stands.
    pub(super) fn whether(
        &mut self,
        condition: &Condition,
        row: RowOf,
        depth: usize,
    ) -> Result<String> {
        if depth == MOST_DEPTH {
            let message = format!("filter: more than {MOST_DEPTH} conditions within one another");
            return Err(bad_argument("filter", message));
        }
        let depth = depth + 1;
        match condition {
            Condition::All(all) => self.list(all, ("TRUE", " AND "), row, depth),
            Condition::Any(any) => self.list(any, ("FALSE", " OR "), row, depth),
            Condition::Not(inner) => {
                let inner = self.whether(inner, row, depth)?;
                Ok(format!("({inner} IS NOT TRUE)"))
            }
            Condition::Compare { column, comparison, value } => {
                self.compare(column, *comparison, value, row)
            }
            Condition::In { column, values, negated } => self.is_in(column, values, *negated, row),
            Condition::Matches { column, how, text, ignore_case: false } => {
                let found = self.column(row, column)?;
                self.matches(&self.value(column, &found), *how, text)
            }
            Condition::Word { column, .. } if require_column(self.scope, column).is_err() => {
                Ok("FALSE".to_owned())
            }
            Condition::Matches { column, .. }
            | Condition::Word { column, .. }
            | Condition::EqIgnoreCase { column, .. }
            | Condition::InIgnoreCase { column, .. } => {
                self.column(row, column)?;
                Err(ignoring_case(column))
            }
            Condition::IsNull { column, is } => {
                let found = self.column(row, column)?;
                let word = if *is { "NULL" } else { "NOT NULL" };
                Ok(format!("({}.{} IS {word})", self.line, found.name))
            }
            Condition::One { relation, condition } => {
                let one = row.joined(relation).ok_or_else(|| unrelated(relation))?;
                let inner = self.whether(condition, one, depth)?;
                let there = match one.table() {
                    "territory" => "territory_name",
                    "person" => "customer_person_id",
                    // A line has an order, which has a customer, and a product.
                    _ => return Ok(format!("({inner} IS TRUE)")),
                };
                Ok(format!("(({}.{there} IS NOT NULL AND {inner}) IS TRUE)", self.line))
            }
            Condition::Many { relation, quantifier, condition } => {
                let (which, not) = match quantifier {
                    Quantifier::Some => ((**condition).clone(), ""),
                    Quantifier::None => ((**condition).clone(), "NOT "),
                    Quantifier::Every => (Condition::Not(condition.clone()), "NOT "),
                };
                self.of_order(relation, &which, "", not, row, depth)
            }
            Condition::Count { relation, condition, comparisons } => {
                let mut all = Vec::with_capacity(comparisons.len());
                for (comparison, number) in comparisons {
                    let number = self.bind(Bound::Int(*number))?;
                    let operator = operator(*comparison);
                    all.push(format!("count(*) {operator} CAST({number} AS BIGINT)"));
                }
                let holds = if all.is_empty() { "TRUE".to_owned() } else { all.join(" AND ") };
                // An order without such lines is not among those that are counted.
                let of_none = comparisons.iter().all(|(comparison, number)| {
                    let order = 0.cmp(number);
                    match comparison {
                        Comparison::Eq => order.is_eq(),
                        Comparison::Ne => order.is_ne(),
                        Comparison::Lt => order.is_lt(),
                        Comparison::Lte => order.is_le(),
                        Comparison::Gt => order.is_gt(),
                        Comparison::Gte => order.is_ge(),
                    }
                });
                let (having, not) = if of_none {
                    (format!(" HAVING NOT ({holds})"), "NOT ")
                } else {
                    (format!(" HAVING {holds}"), "")
                };
                let having = format!(" GROUP BY {OTHER_LINE}.sales_order_id{having}");
                self.of_order(relation, condition, &having, not, row, depth)
            }
        }
    }

    /// Whether the order is among those of certain lines, or not.
    fn of_order(
        &mut self,
        relation: &ToMany,
        lines: &Condition,
        having: &str,
        not: &str,
        row: RowOf,
        depth: usize,
    ) -> Result<String> {
        let to = relation.table.name;
        if (row.table(), to) != ("sales_order", RowOf::LINE.table())
            || self.line != LINE
            || !self.may_nest
        {
            return Err(unsupported(format!(
                "a condition on the {to} rows that belong to a row is answered by the lake only \
                 for the lines of the order, in filter: ask with engine: POSTGRES"
            )));
        }
        self.line = OTHER_LINE;
        let whether = self.whether(lines, RowOf::LINE, depth);
        self.line = LINE;
        let whether = whether?;
        Ok(format!(
            "({LINE}.sales_order_id {not}IN (SELECT {OTHER_LINE}.sales_order_id FROM {TABLE} AS \
             {OTHER_LINE} WHERE {whether}{having}))"
        ))
    }

    fn list(
        &mut self,
        conditions: &[Condition],
        (none, word): (&str, &str),
        row: RowOf,
        depth: usize,
    ) -> Result<String> {
        let written = conditions.iter().map(|one| self.whether(one, row, depth));
        let written: Vec<String> = written.collect::<Result<_>>()?;
        if written.is_empty() {
            return Ok(none.to_owned());
        }
        Ok(balanced(&written, word))
    }

    fn compare(
        &mut self,
        column: &Column,
        comparison: Comparison,
        value: &Value,
        row: RowOf,
    ) -> Result<String> {
        let found = self.column(row, column)?;
        let name = self.value(column, &found);
        match (column.kind, value, found.ty) {
            (Kind::Text, Value::Text(text), _) => {
                self.compare_text(&name, column, comparison, text)
            }
            (Kind::Decimal, Value::Decimal(number), ColumnType::Decimal { scale, .. }) => {
                self.compare_decimal(&name, scale, comparison, number)
            }
            (Kind::Decimal, Value::Int(number), ColumnType::Decimal { scale, .. }) => {
                self.compare_decimal(&name, scale, comparison, &number.to_string())
            }
            _ => {
                let value = self.plain(column.kind, value)?;
                Ok(format!("({name} {} {value})", operator(comparison)))
            }
        }
    }

    fn is_in(
        &mut self,
        column: &Column,
        values: &[Value],
        negated: bool,
        row: RowOf,
    ) -> Result<String> {
        let found = self.column(row, column)?;
        let name = self.value(column, &found);
        let mut written = Vec::with_capacity(values.len());
        for value in values {
            let number = match value {
                Value::Decimal(number) => Some(number.clone()),
                Value::Int(number) if column.kind == Kind::Decimal => Some(number.to_string()),
                _ => None,
            };
            match (number, found.ty, value) {
                (Some(number), ColumnType::Decimal { scale, .. }, _) => {
                    // A number that the column cannot hold is none of its values.
                    written.extend(self.decimal_value(&number, scale)?);
                }
                (_, _, Value::Text(text)) => written.push(self.text(text)?),
                _ => written.push(self.plain(column.kind, value)?),
            }
        }
        if written.is_empty() {
            let is_there = format!("({name} IS NOT NULL)");
            return Ok(if negated { is_there } else { "FALSE".to_owned() });
        }
        let word = if negated { "NOT IN" } else { "IN" };
        Ok(format!("({name} {word} ({}))", written.join(", ")))
    }

    /// A value of a kind that every engine compares alike.
    fn plain(&mut self, kind: Kind, value: &Value) -> Result<String> {
        let (bound, ty) = match (kind, value) {
            (Kind::Boolean, Value::Boolean(value)) => (Bound::Boolean(*value), "BOOLEAN"),
            (Kind::Small | Kind::Int | Kind::Long, Value::Int(value)) => {
                (Bound::Int(*value), "BIGINT")
            }
            (Kind::Uuid, Value::Uuid(value)) => (Bound::Text(value.to_string()), "VARCHAR"),
            (Kind::LocalDateTime, Value::LocalDateTime(time)) => {
                // Of its own type, as in SQL a timestamp may have other digits than microseconds.
                return self.bind(Bound::Timestamp(time.and_utc().timestamp_micros()));
            }
            (Kind::DateTime, Value::DateTime(time)) => {
                return self.bind(Bound::Timestamp(time.timestamp_micros()));
            }
            _ => return Err(Error::internal("a value does not fit its column")),
        };
        let number = self.bind(bound)?;
        Ok(format!("CAST({number} AS {ty})"))
    }
}

/// A list in brackets within brackets: its tree is as deep as its length has binary digits, where
/// an engine makes one as deep as it is long of it without.
fn balanced(all: &[String], word: &str) -> String {
    match all {
        [] => String::new(),
        [only] => format!("({only})"),
        _ => {
            let (left, right) = all.split_at(all.len() / 2);
            format!("({}{word}{})", balanced(left, word), balanced(right, word))
        }
    }
}

const fn operator(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Eq => "=",
        Comparison::Ne => "<>",
        Comparison::Lt => "<",
        Comparison::Lte => "<=",
        Comparison::Gt => ">",
        Comparison::Gte => ">=",
    }
}

fn unrelated(relation: &ToOne) -> Error {
    unsupported(format!(
        "the lake's table sales has nothing of {} in this place: ask with engine: POSTGRES",
        relation.table.name
    ))
}
