//! A row as it came, decoded value by value.

use std::sync::Arc;

use sqlx::postgres::PgRow;
use sqlx::{Decode, Postgres, Row as _, Type, ValueRef as _};

use super::key::{Key, KeyPart};
use crate::catalog::{Column, Kind};
use crate::error::{Error, Result};

/// A row with the columns of a [`super::Selection`], in their order.
pub struct Row {
    held: Held,
    /// The index of its first value.
    first: usize,
}

/// A row of a result may have the values of two.
enum Held {
    Alone(PgRow),
    Together(Arc<PgRow>),
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Row").field("columns", &(self.held().len() - self.first)).finish()
    }
}

impl Row {
    pub(super) const fn new(row: PgRow) -> Self {
        Self::from(row, 0)
    }

    /// The values from an index on.
    pub(super) const fn from(row: PgRow, first: usize) -> Self {
        Self { held: Held::Alone(row), first }
    }

    /// All values as a row, and those from an index on as another.
    pub(super) fn split(row: PgRow, first: usize) -> (Self, Self) {
        let row = Arc::new(row);
        let held = || Held::Together(Arc::clone(&row));
        (Self { held: held(), first: 0 }, Self { held: held(), first })
    }

    fn held(&self) -> &PgRow {
        match &self.held {
            Held::Alone(row) => row,
            Held::Together(row) => row,
        }
    }

    /// The value at an index; `None` when it is null.
    ///
    /// # Errors
    /// `INTERNAL` if there is no such column or it is of another type.
    pub fn get<'r, T>(&'r self, index: usize) -> Result<Option<T>>
    where
        T: Decode<'r, Postgres> + Type<Postgres>,
    {
        Ok(self.held().try_get(self.first + index)?)
    }

    /// The bytes at an index as Postgres sends values in binary, without copying; `None` when
    /// it is null.
    ///
    /// # Errors
    /// `INTERNAL` if there is no such column.
    pub fn bytes(&self, index: usize) -> Result<Option<&[u8]>> {
        let value = self.held().try_get_raw(self.first + index)?;
        if value.is_null() {
            return Ok(None);
        }
        value
            .as_bytes()
            .map(Some)
            .map_err(|error| Error::internal("a value of a row has no bytes").with_source(error))
    }

    /// The text at an index, without copying.
    ///
    /// # Errors
    /// `INTERNAL` if there is no such column or it is no text.
    pub fn text(&self, index: usize) -> Result<Option<&str>> {
        self.get(index)
    }

    /// Whether the value at an index is null.
    ///
    /// # Errors
    /// `INTERNAL` if there is no such column.
    pub fn is_null(&self, index: usize) -> Result<bool> {
        Ok(self.held().try_get_raw(self.first + index)?.is_null())
    }

    /// The key made of the values at these indexes; `None` when one is null.
    ///
    /// # Errors
    /// `INTERNAL` if they are no values of such a key.
    pub fn key(
        &self,
        columns: &[Column],
        indexes: impl IntoIterator<Item = usize>,
    ) -> Result<Option<Key>> {
        let mut parts = Vec::with_capacity(columns.len());
        for (column, index) in columns.iter().zip(indexes) {
            let part = match column.kind {
                Kind::Small => {
                    self.get::<i16>(index)?.map(|number| KeyPart::Int(i64::from(number)))
                }
                Kind::Int => self.get::<i32>(index)?.map(|number| KeyPart::Int(i64::from(number))),
                Kind::Long => self.get::<i64>(index)?.map(KeyPart::Int),
                Kind::Uuid => self.get(index)?.map(KeyPart::Uuid),
                Kind::Date => self.get(index)?.map(KeyPart::Date),
                _ => return Err(Error::internal("a key does not fit its table")),
            };
            match part {
                Some(part) => parts.push(part),
                None => return Ok(None),
            }
        }
        Ok(Some(Key::new(parts)))
    }
}
