//! What a GraphQL type over a table is made of. A type is data: one list of
//! fields is the source of the schema, of what is selected from Postgres, and of
//! how a row becomes an answer.

use crate::graphql::execute::command::Run;
use crate::query::aggregate::{LineValue, Measure};
use crate::query::{Column, Table, ToMany, ToOne};

/// A type over the rows of a table: it has an `id` and connections.
#[derive(Debug)]
pub struct Entity {
    /// The table.
    pub table: &'static Table,
    /// Name, description and fields.
    pub shape: Shape,
    /// What lists of it take beyond its fields.
    pub inputs: Inputs,
}

/// By what lists of an entity are filtered and ordered beyond its fields.
#[derive(Debug)]
pub struct Inputs {
    /// The name of its filter; by default that of the entity and `Filter`.
    pub filter: Option<&'static str>,
    /// Entities over several others.
    pub paths: &'static [Path],
    /// Where a keyword is looked for.
    pub keyword: Option<Keyword>,
    /// What is counted or added of the rows that refer to it.
    pub aggregates: &'static [Aggregate],
}

/// An entity that a row refers to over others.
#[derive(Debug)]
pub struct Path {
    /// Name in the schema.
    pub name: &'static str,
    /// Which entity.
    pub to: &'static Entity,
    /// The way to it; the last step is to its table.
    pub through: &'static [ToOne],
}

/// A filter by words.
#[derive(Debug)]
pub struct Keyword {
    /// Where it looks, in the words of the schema.
    pub description: &'static str,
    /// Where it looks.
    pub searched: Searched,
}

/// Text columns of a row and of the rows it refers to.
#[derive(Debug)]
pub struct Searched {
    /// The row's own.
    pub columns: &'static [Column],
    /// Those of others.
    pub related: &'static [(ToOne, Searched)],
}

/// A number that is made of the rows that refer to an entity.
#[derive(Debug)]
pub struct Aggregate {
    /// Name among the values to order by.
    pub name: &'static str,
    /// What it is.
    pub description: &'static str,
    /// The rows.
    pub of: ToMany,
    /// What is added; without it they are counted.
    pub sum: Option<Column>,
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
    /// Measures of the lines of a group of sales, or of those of them that the
    /// argument `filter` names.
    Measures(&'static Shape),
    /// The same of the lines that belong to the row.
    Sales(&'static Shape, &'static Owner),
    /// A measure.
    Measure(Measure, Shown),
    /// The percentile of a value of lines that the argument `p` names.
    Percentile(LineValue, Shown),
}

/// How lines belong to a row.
#[derive(Debug)]
pub struct Owner {
    /// The way from a line to the row that holds the owner's key.
    pub way: &'static [ToOne],
    /// The columns that hold it there.
    pub columns: &'static [Column],
}

/// As what a measure is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// A whole number of 32 bits.
    Int,
    /// A whole number of 64 bits.
    Long,
    /// An exact number.
    Decimal,
}

/// A field of the schema's root.
#[derive(Debug)]
pub struct RootField {
    /// Name in the schema.
    pub name: &'static str,
    /// What it is.
    pub description: &'static str,
    /// Its arguments, without those every list has.
    pub arguments: &'static [Argument],
    /// What it reads.
    pub value: RootValue,
}

/// An argument of a field of the root.
#[derive(Debug)]
pub struct Argument {
    /// Name in the schema.
    pub name: &'static str,
    /// Type in the schema's language.
    pub ty: &'static str,
    /// What it means.
    pub description: &'static str,
}

/// What a field of the root reads.
#[derive(Debug)]
pub enum RootValue {
    /// The row whose key the arguments are, part by part.
    Key(&'static Entity),
    /// The row that the argument `id` names.
    Id(&'static Entity),
    /// A list.
    List {
        /// Of what.
        of: &'static Entity,
        /// Arguments that keep it to some rows.
        only: &'static [Only],
    },
    /// Groups of sales.
    Groups(&'static Entity),
    /// The row of any entity that the argument `id` names.
    Node,
    /// The rows of any entities that the argument `ids` names.
    Nodes,
    /// The row that the argument `id` names, followed for as long as it changes.
    Followed {
        /// Of what.
        of: &'static Entity,
        /// The column that is null for as long as the row changes.
        ended_when: &'static Column,
        /// The message where there is no such row.
        not_found: &'static str,
    },
    /// The row that a command names when it has run.
    Command {
        /// The fields of its argument `input`.
        input: &'static [Argument],
        /// Runs it.
        run: Run,
        /// Its payload, a type over that row.
        returns: &'static Entity,
    },
}

/// An argument that keeps a list to some rows, by a column of theirs.
#[derive(Debug)]
pub struct Only {
    /// Name of the argument.
    pub argument: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// The column.
    pub column: &'static Column,
}

/// What an argument takes that keeps a list to some rows.
#[derive(Debug)]
pub enum Takes {
    /// The id of an entity, whose key the column holds.
    Id(&'static Entity),
    /// A list of values, one of which the column holds.
    Values,
    /// The first date of a period. The column's is within it.
    Period {
        /// The argument that takes the last.
        to: &'static str,
        /// Most days it may have.
        most_days: i64,
    },
    /// Whether the column must be greater than 0.
    Positive,
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

    /// Measures of the lines that belong to the row.
    #[must_use]
    pub const fn sales(owner: &'static Owner, description: &'static str) -> Self {
        let value = FieldValue::Sales(&crate::graphql::types::SALES_MEASURES, owner);
        Self { name: "sales", description, value }
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

impl Inputs {
    /// Nothing beyond its fields.
    pub const NONE: Self = Self { filter: None, paths: &[], keyword: None, aggregates: &[] };
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
