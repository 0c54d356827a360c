//! A SQL statement being written: text and bound values.

use std::fmt::Write as _;
use std::sync::Arc;

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{Arguments as _, AssertSqlSafe, Encode, Postgres, Type};

use super::alias::Alias;
use super::audience::require_column;
use crate::auth::Scope;
use crate::catalog::ToOne;
use crate::catalog::{Column, Kind, Table};
use crate::db::layout::Layout;
use crate::error::{Error, Result};
use crate::query::argument::bad_argument;
use crate::query::executor::Reader;
use crate::query::key::{Key, KeyPart};
use crate::query::value::Value;

/// Most values of a statement; Postgres counts them in 16 bits.
const MOST_VALUES: usize = 65_535;

/// Text made of names known at compile time, and of `$n` for every value.
pub(crate) struct Statement<'s> {
    pub(crate) text: String,
    pub(crate) scope: &'s Scope,
    /// Where the tables are.
    pub(crate) layout: Layout,
    arguments: PgArguments,
    bound: usize,
    /// What stands before the next condition.
    glue: &'static str,
    /// Rows that are joined, by whose relation: conditions on them need no subquery.
    pub(crate) joined: Vec<(Alias, ToOne, Place)>,
    /// Whether sales are read by day where that gives the answer.
    pub(crate) by_day: bool,
    /// Rows of subqueries so far.
    inner: usize,
    /// The number of the value of the scope's territories, once it was sent.
    pub(super) territories: Option<usize>,
    /// Rows that are left out, for the caller may not see any of their tables.
    pub(in crate::query) hidden: Vec<Alias>,
    /// Whether subqueries are read before the statement: among what is selected, a cluster takes
    /// none of another machine.
    pub(super) reads_ahead: bool,
    /// What is read before.
    pub(super) ahead: String,
    /// Why the caller may not execute this.
    forbidden: Option<Error>,
}

/// A row of the statement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) table: &'static Table,
    pub(crate) alias: Alias,
}

impl<'s> Statement<'s> {
    /// For tables on one machine, or to check what a caller may read.
    pub(crate) fn new(scope: &'s Scope) -> Self {
        Self::over(scope, Layout::Single)
    }

    pub(crate) fn over(scope: &'s Scope, layout: Layout) -> Self {
        Self {
            text: String::with_capacity(512),
            scope,
            layout,
            arguments: PgArguments::default(),
            bound: 0,
            glue: " WHERE ",
            joined: Vec::new(),
            by_day: false,
            inner: 0,
            territories: None,
            hidden: Vec::new(),
            reads_ahead: false,
            ahead: String::new(),
            forbidden: None,
        }
    }

    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    pub(crate) fn number(&mut self, number: usize) -> &mut Self {
        // Writing to a String cannot fail.
        let _ = write!(self.text, "{number}");
        self
    }

    pub(crate) fn alias(&mut self, alias: Alias) -> &mut Self {
        alias.write(&mut self.text);
        self
    }

    /// The value of a column, which the caller must be allowed to see: what is compared or
    /// sorted by it would show it, too.
    pub(crate) fn column(&mut self, alias: Alias, column: &Column) -> &mut Self {
        if let Err(error) = require_column(self.scope, column) {
            self.forbid(error);
        }
        alias.write_column(column, &mut self.text);
        self
    }

    /// Remembers that the caller may not execute this, and why.
    pub(super) fn forbid(&mut self, error: Error) {
        self.forbidden.get_or_insert(error);
    }

    /// As a value of this kind is selected: so that it can be read to the last digit.
    pub(crate) fn readable(&mut self, kind: Kind) -> &mut Self {
        if kind == Kind::Decimal { self.push("::text") } else { self }
    }

    /// A comma before every item but the first.
    pub(crate) fn comma(&mut self, index: usize) -> &mut Self {
        if index > 0 { self.push(", ") } else { self }
    }

    /// A row of a subquery that begins here.
    pub(crate) fn inner(&mut self, table: &'static Table) -> Place {
        self.inner += 1;
        Place { table, alias: Alias::inner(self.inner) }
    }

    /// The row that another refers to, if it is joined.
    pub(crate) fn find_joined(&self, of: Alias, relation: &ToOne) -> Option<Place> {
        let found = self.joined.iter().find(|(from, by, _)| *from == of && by == relation);
        found.map(|(_, _, row)| *row)
    }

    /// Starts the next condition: WHERE or AND.
    pub(crate) fn condition(&mut self) -> &mut Self {
        let glue = std::mem::replace(&mut self.glue, " AND ");
        self.push(glue)
    }

    /// Lets `write` write conditions of which the first follows `word`.
    pub(crate) fn conditions(
        &mut self,
        word: &'static str,
        write: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        let outer = std::mem::replace(&mut self.glue, word);
        let result = write(self);
        self.glue = outer;
        result
    }

    /// The condition that columns of one row are those of another.
    pub(crate) fn link(&mut self, some: (Alias, &[Column]), others: (Alias, &[Column])) {
        for (one, other) in some.1.iter().zip(others.1) {
            self.condition().column(some.0, one).push(" = ").column(others.0, other);
        }
    }

    /// Sends a value and tells its number.
    pub(crate) fn add<'q, T>(&mut self, value: T) -> Result<usize>
    where
        T: Encode<'q, Postgres> + Type<Postgres> + 'q,
    {
        if self.bound == MOST_VALUES {
            let message = format!("filter: more than {MOST_VALUES} values");
            return Err(bad_argument("filter", message));
        }
        self.arguments
            .add(value)
            .map_err(|error| Error::internal("a value cannot be sent").with_source(error))?;
        self.bound += 1;
        Ok(self.bound)
    }

    pub(crate) fn bind<'q, T>(&mut self, value: T) -> Result<&mut Self>
    where
        T: Encode<'q, Postgres> + Type<Postgres> + 'q,
    {
        let number = self.add(value)?;
        Ok(self.push("$").number(number))
    }

    /// Sends a value that is compared with a column of this kind and tells its
    /// number, for [`Self::sent`].
    ///
    /// Integers are sent as `bigint`: Postgres compares those with narrower columns,
    /// by index too, and one that no column could hold is a value like any other.
    pub(crate) fn send(&mut self, kind: Kind, value: &Value) -> Result<usize> {
        match (kind, value) {
            (Kind::Boolean, Value::Boolean(value)) => self.add(*value),
            (Kind::Small | Kind::Int | Kind::Long, Value::Int(value)) => self.add(*value),
            (Kind::Text, Value::Text(value)) => self.add(storable(value)?.to_owned()),
            (Kind::Decimal, Value::Decimal(value)) => self.add(value.clone()),
            (Kind::Decimal, Value::Int(value)) => self.add(value.to_string()),
            (Kind::Uuid, Value::Uuid(value)) => self.add(*value),
            (Kind::Date, Value::Date(value)) => self.add(*value),
            (Kind::LocalDateTime, Value::LocalDateTime(value)) => self.add(*value),
            (Kind::DateTime, Value::DateTime(value)) => self.add(*value),
            _ => Err(misfit()),
        }
    }

    /// A value that was sent.
    pub(crate) fn sent(&mut self, kind: Kind, number: usize) -> &mut Self {
        self.push("$").number(number);
        if kind == Kind::Decimal { self.push("::numeric") } else { self }
    }

    pub(crate) fn bind_value(&mut self, kind: Kind, value: &Value) -> Result<&mut Self> {
        let number = self.send(kind, value)?;
        Ok(self.sent(kind, number))
    }

    /// Binds values for a column of this kind as one array.
    pub(crate) fn bind_values(&mut self, kind: Kind, values: &[Value]) -> Result<&mut Self> {
        match kind {
            Kind::Boolean => self.bind(all(values, |value| match value {
                Value::Boolean(value) => Ok(*value),
                _ => Err(misfit()),
            })?),
            Kind::Small | Kind::Int | Kind::Long => self.bind(all(values, |value| match value {
                Value::Int(value) => Ok(*value),
                _ => Err(misfit()),
            })?),
            Kind::Text => self.bind(all(values, |value| match value {
                Value::Text(value) => Ok(storable(value)?.to_owned()),
                _ => Err(misfit()),
            })?),
            Kind::Decimal => {
                let values = all(values, |value| match value {
                    Value::Decimal(value) => Ok(value.clone()),
                    Value::Int(value) => Ok(value.to_string()),
                    _ => Err(misfit()),
                })?;
                Ok(self.bind(values)?.push("::numeric[]"))
            }
            Kind::Uuid => self.bind(all(values, |value| match value {
                Value::Uuid(value) => Ok(*value),
                _ => Err(misfit()),
            })?),
            Kind::Date => self.bind(all(values, |value| match value {
                Value::Date(value) => Ok(*value),
                _ => Err(misfit()),
            })?),
            Kind::LocalDateTime => self.bind(all(values, |value| match value {
                Value::LocalDateTime(value) => Ok(*value),
                _ => Err(misfit()),
            })?),
            Kind::DateTime => self.bind(all(values, |value| match value {
                Value::DateTime(value) => Ok(*value),
                _ => Err(misfit()),
            })?),
            Kind::Bytes | Kind::IntList | Kind::Json => Err(misfit()),
        }
    }

    pub(crate) fn bind_text(&mut self, text: &str) -> Result<&mut Self> {
        self.bind(storable(text)?.to_owned())
    }

    pub(crate) fn bind_texts(&mut self, texts: &[String]) -> Result<&mut Self> {
        let texts: Vec<String> =
            texts.iter().map(|text| storable(text).map(str::to_owned)).collect::<Result<_>>()?;
        self.bind(texts)
    }

    /// Binds the `position`th part of every key as one array.
    pub(crate) fn bind_parts(
        &mut self,
        kind: Kind,
        keys: &[Key],
        position: usize,
    ) -> Result<&mut Self> {
        let parts = keys.iter().map(|key| key.parts().get(position).copied().ok_or_else(misfit));
        let ints = |part| match part {
            KeyPart::Int(number) => Ok(number),
            KeyPart::Uuid(_) | KeyPart::Date(_) => Err(misfit()),
        };
        match kind {
            Kind::Small | Kind::Int => {
                let narrow = |number| i32::try_from(number).map_err(|_| misfit());
                let values: Vec<i32> =
                    parts.map(|part| narrow(ints(part?)?)).collect::<Result<_>>()?;
                self.bind(values)
            }
            Kind::Long => {
                let values: Vec<i64> = parts.map(|part| ints(part?)).collect::<Result<_>>()?;
                self.bind(values)
            }
            Kind::Uuid => {
                let values: Vec<uuid::Uuid> = parts
                    .map(|part| match part? {
                        KeyPart::Uuid(id) => Ok(id),
                        KeyPart::Int(_) | KeyPart::Date(_) => Err(misfit()),
                    })
                    .collect::<Result<_>>()?;
                self.bind(values)
            }
            Kind::Date => {
                let values: Vec<chrono::NaiveDate> = parts
                    .map(|part| match part? {
                        KeyPart::Date(date) => Ok(date),
                        KeyPart::Int(_) | KeyPart::Uuid(_) => Err(misfit()),
                    })
                    .collect::<Result<_>>()?;
                self.bind(values)
            }
            _ => Err(misfit()),
        }
    }

    /// `unnest($1, $2) WITH ORDINALITY AS parent(k1, k2, position)`: the keys
    /// as a table.
    pub(crate) fn push_keys(&mut self, columns: &[Column], keys: &[Key]) -> Result<&mut Self> {
        self.push("unnest(");
        for (position, column) in columns.iter().enumerate() {
            self.comma(position).bind_parts(column.kind, keys, position)?;
        }
        self.push(") WITH ORDINALITY AS parent(");
        for position in 1..=columns.len() {
            self.push("k").number(position).push(", ");
        }
        Ok(self.push("position)"))
    }

    /// The condition that `columns` are those of the parent's key.
    pub(crate) fn match_parent(&mut self, alias: Alias, columns: &[Column]) {
        for (position, column) in columns.iter().enumerate() {
            self.condition().column(alias, column).push(" = parent.k").number(position + 1);
        }
    }

    /// All rows. Who drops this cancels the statement.
    ///
    /// # Errors
    /// `FORBIDDEN` if it reads what the caller may not see; as any query.
    pub(crate) async fn fetch_all(mut self, reader: &Reader) -> Result<Vec<PgRow>> {
        let territories = self.scope.territories();
        if let Some(error) = self.forbidden {
            return Err(error);
        }
        // Executed again where a connection was lost.
        let text: Arc<str> = self.whole_text().into();
        let query = || sqlx::query_with(AssertSqlSafe(Arc::clone(&text)), self.arguments.clone());
        reader.fetch_all(territories, query).await
    }

    /// The query, to be executed.
    ///
    /// # Errors
    /// `FORBIDDEN` if it reads what the caller may not see.
    pub(crate) fn into_query(mut self) -> Result<Query<'static, Postgres, PgArguments>> {
        let text = self.whole_text();
        match self.forbidden {
            Some(error) => Err(error),
            None => Ok(sqlx::query_with(AssertSqlSafe(text), self.arguments)),
        }
    }

    /// Whether the caller may execute it.
    ///
    /// # Errors
    /// As [`Self::into_query`].
    pub(crate) fn check(self) -> Result<()> {
        self.forbidden.map_or(Ok(()), Err)
    }
}

fn all<T>(values: &[Value], of: impl Fn(&Value) -> Result<T>) -> Result<Vec<T>> {
    values.iter().map(of).collect()
}

/// Postgres has no texts with this character, and fails when it is sent one.
fn storable(text: &str) -> Result<&str> {
    if text.contains('\0') {
        let message = "filter: a text with the character U+0000, which no text here can have";
        return Err(bad_argument("filter", message.to_owned()));
    }
    Ok(text)
}

fn misfit() -> Error {
    Error::internal("a value does not fit its column")
}
