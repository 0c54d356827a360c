//! A SQL statement being written: text and bound values.

use std::fmt::Write as _;

use sqlx::postgres::{PgArguments, PgPool, PgRow};
use sqlx::{Arguments as _, AssertSqlSafe, Encode, Postgres, Type};

use super::column::{Column, Kind, Table};
use super::key::{Key, KeyPart};
use crate::error::{Error, Result};

/// Text made of names known at compile time, and of `$n` for every value.
#[derive(Debug, Default)]
pub(super) struct Statement {
    pub(super) text: String,
    arguments: PgArguments,
    bound: usize,
    has_where: bool,
}

impl Statement {
    pub(super) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Starts the next condition: WHERE or AND.
    pub(super) fn condition(&mut self) -> &mut Self {
        let word = if self.has_where { " AND " } else { " WHERE " };
        self.has_where = true;
        self.push(word)
    }

    pub(super) fn bind<'q, T>(&mut self, value: T) -> Result<&mut Self>
    where
        T: Encode<'q, Postgres> + Type<Postgres> + 'q,
    {
        self.arguments
            .add(value)
            .map_err(|error| Error::internal("a value cannot be sent").with_source(error))?;
        self.bound += 1;
        // Writing to a String cannot fail.
        let _ = write!(self.text, "${}", self.bound);
        Ok(self)
    }

    pub(super) fn bind_part(&mut self, kind: Kind, part: KeyPart) -> Result<&mut Self> {
        match (kind, part) {
            (Kind::Small | Kind::Int, KeyPart::Int(number)) => self.bind(narrow(number)?),
            (Kind::Long, KeyPart::Int(number)) => self.bind(number),
            (Kind::Uuid, KeyPart::Uuid(id)) => self.bind(id),
            _ => Err(mismatch()),
        }
    }

    /// Binds the `position`th part of every key as one array.
    pub(super) fn bind_parts(
        &mut self,
        kind: Kind,
        keys: &[Key],
        position: usize,
    ) -> Result<&mut Self> {
        let parts = keys.iter().map(|key| key.parts().get(position).copied().ok_or_else(mismatch));
        let ints = |part| match part {
            KeyPart::Int(number) => Ok(number),
            KeyPart::Uuid(_) => Err(mismatch()),
        };
        match kind {
            Kind::Small | Kind::Int => {
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
                        KeyPart::Int(_) => Err(mismatch()),
                    })
                    .collect::<Result<_>>()?;
                self.bind(values)
            }
            _ => Err(mismatch()),
        }
    }

    /// `unnest($1, $2) WITH ORDINALITY AS parent(k1, k2, position)`: the keys
    /// as a table.
    pub(super) fn push_keys(&mut self, columns: &[Column], keys: &[Key]) -> Result<&mut Self> {
        self.push("unnest(");
        for (position, column) in columns.iter().enumerate() {
            if position > 0 {
                self.push(", ");
            }
            self.bind_parts(column.kind, keys, position)?;
        }
        self.push(") WITH ORDINALITY AS parent(");
        for position in 0..columns.len() {
            let _ = write!(self.text, "k{}, ", position + 1);
        }
        Ok(self.push("position)"))
    }

    /// The condition that `columns` are those of the parent's key.
    pub(super) fn match_parent(&mut self, table: &Table, columns: &[Column]) {
        for (position, column) in columns.iter().enumerate() {
            self.condition();
            let _ = write!(self.text, "{}.{} = parent.k{}", table.name, column.name, position + 1);
        }
    }

    /// The condition that rows come after a key.
    pub(super) fn after(&mut self, table: &Table, key: &Key) -> Result<()> {
        if key.parts().len() != table.key.len() {
            return Err(mismatch());
        }
        self.condition().push_key_names(table);
        self.push(if table.newest_first { " < (" } else { " > (" });
        for (position, (column, part)) in table.key.iter().zip(key.parts()).enumerate() {
            if position > 0 {
                self.push(", ");
            }
            self.bind_part(column.kind, *part)?;
        }
        self.push(")");
        Ok(())
    }

    /// `(a, b)`: the names of the key's columns.
    fn push_key_names(&mut self, table: &Table) {
        self.push("(");
        for (position, column) in table.key.iter().enumerate() {
            if position > 0 {
                self.push(", ");
            }
            self.push(column.name);
        }
        self.push(")");
    }

    /// The key's columns of a relation of the statement as a list for ORDER BY. They
    /// are qualified: a selected expression might bear the name of one.
    pub(super) fn push_order(&mut self, of: &str, table: &Table) {
        for (position, column) in table.key.iter().enumerate() {
            if position > 0 {
                self.push(", ");
            }
            self.push(of).push(".").push(column.name);
            if table.newest_first {
                self.push(" DESC");
            }
        }
    }

    pub(super) async fn fetch_all(self, pool: &PgPool) -> Result<Vec<PgRow>> {
        Ok(sqlx::query_with(AssertSqlSafe(self.text), self.arguments).fetch_all(pool).await?)
    }
}

fn narrow(number: i64) -> Result<i32> {
    i32::try_from(number).map_err(|_| mismatch())
}

fn mismatch() -> Error {
    Error::internal("a key does not fit its table")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_the_tables_own_columns() {
        static KEY: [Column; 2] = [Column::new("a", Kind::Int), Column::new("b", Kind::Int)];
        static TABLE: Table = Table { newest_first: true, ..Table::new("thing", &KEY) };
        let mut statement = Statement::default();
        statement.push_order("child", &TABLE);
        assert_eq!(statement.text, "child.a DESC, child.b DESC");
    }
}
