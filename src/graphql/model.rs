//! What a GraphQL type over a table is made of. A type is data: one list of
//! fields is the source of the schema, of what is selected from Postgres, and of
//! how a row becomes an answer.

use crate::query::{Column, Table};

/// A type over the rows of a table: it has an `id` and connections.
#[derive(Debug)]
pub struct Entity {
    /// The table.
    pub table: &'static Table,
    /// Name, description and fields.
    pub shape: Shape,
}

/// An object type.
#[derive(Debug)]
pub struct Shape {
    /// Name in the schema.
    pub name: &'static str,
    /// What it is.
    pub description: &'static str,
    /// Its fields.
    pub fields: &'static [Field],
}

/// A field of an object type.
#[derive(Debug)]
pub struct Field {
    /// Name in the schema.
    pub name: &'static str,
    /// What it is, with unit and the meaning of null.
    pub description: &'static str,
    /// Where its value comes from.
    pub value: FieldValue,
}

/// Where the value of a field comes from.
#[derive(Debug)]
pub enum FieldValue {
    /// The global id, made of the type's name and the key.
    Id,
    /// A column of the row.
    Column(Column),
    /// A column that holds a code of an enumeration.
    Code(Column, &'static Enumeration),
    /// The row of another table that these columns name.
    One(&'static Entity, &'static [Column]),
    /// The rows of another table whose columns hold this row's key.
    Many(&'static Entity, &'static [Column]),
    /// A group of fields over the same row.
    Group(&'static Shape),
    /// The same, null as a whole when the column is null.
    GroupUnlessNull(&'static Shape, Column),
}

/// An enumeration: how the codes of a column are called.
#[derive(Debug)]
pub struct Enumeration {
    /// Name in the schema.
    pub name: &'static str,
    /// What it is.
    pub description: &'static str,
    /// Its values.
    pub values: &'static [EnumValue],
}

/// A value of an enumeration.
#[derive(Debug)]
pub struct EnumValue {
    /// The code in the column, as text.
    pub code: &'static str,
    /// Name in the schema.
    pub name: &'static str,
    /// What it means.
    pub description: &'static str,
}

impl Field {
    /// The global id of the entity.
    #[must_use]
    pub const fn id() -> Self {
        Self {
            name: "id",
            description: "Global id, opaque. It stays the same when the data is loaded again.",
            value: FieldValue::Id,
        }
    }

    /// A column.
    #[must_use]
    pub const fn column(name: &'static str, column: Column, description: &'static str) -> Self {
        Self { name, description, value: FieldValue::Column(column) }
    }

    /// A column of codes.
    #[must_use]
    pub const fn code(
        name: &'static str,
        column: Column,
        codes: &'static Enumeration,
        description: &'static str,
    ) -> Self {
        Self { name, description, value: FieldValue::Code(column, codes) }
    }

    /// The entity that `from` names; null when one of these columns is null.
    #[must_use]
    pub const fn one(
        name: &'static str,
        to: &'static Entity,
        from: &'static [Column],
        description: &'static str,
    ) -> Self {
        Self { name, description, value: FieldValue::One(to, from) }
    }

    /// The entities of which `by` holds this one's key.
    #[must_use]
    pub const fn many(
        name: &'static str,
        of: &'static Entity,
        by: &'static [Column],
        description: &'static str,
    ) -> Self {
        Self { name, description, value: FieldValue::Many(of, by) }
    }

    /// A group of fields over the same row.
    #[must_use]
    pub const fn group(
        name: &'static str,
        shape: &'static Shape,
        description: &'static str,
    ) -> Self {
        Self { name, description, value: FieldValue::Group(shape) }
    }
}

impl Shape {
    /// The field of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

impl Enumeration {
    /// The value of a code.
    #[must_use]
    pub fn value(&self, code: &str) -> Option<&'static EnumValue> {
        self.values.iter().find(|value| value.code == code)
    }
}
