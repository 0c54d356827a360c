//! The declarative model of the GraphQL schema. A type is data: one list of fields is
//! the source of the schema, of what is selected from Postgres, and of how a row becomes
//! a response.

use std::sync::LazyLock;

use crate::auth::Grant;
use crate::catalog::{Column, Table, ToMany, ToOne};
use crate::graphql::execute::command::Run;
use crate::query::KeyPart;
use crate::query::aggregate::{LineValue, Measure};

/// A type over the rows of a table: it has an `id` and connections.
#[derive(Debug)]
pub struct Type {
    /// The table.
    pub table: &'static Table,
    /// Name, description and fields.
    pub shape: ObjectType,
    /// The root fields that read it.
    pub roots: Roots,
    /// What lists of it take beyond its fields.
    pub inputs: Inputs,
}

/// A type that another refers to. It is built when it is first used: types refer to
/// each other in circles.
pub type TypeRef = &'static LazyLock<Type>;

/// The root fields that read a type.
#[derive(Debug, Default)]
pub struct Roots {
    /// Whether there is one by its key, named after the type.
    pub by_key: bool,
    /// Name and description of the list.
    pub list: Option<(&'static str, String)>,
}

/// How lists of a type are filtered and ordered beyond its fields.
#[derive(Debug, Default)]
pub struct Inputs {
    /// The name of its filter; by default that of the type and `Filter`.
    pub filter: Option<&'static str>,
    /// Types over several references.
    pub paths: Vec<Path>,
    /// Where a keyword is looked for.
    pub keyword: Option<Keyword>,
    /// Counts and sums of the rows that refer to it.
    pub aggregates: Vec<Aggregate>,
}

/// A type that a row refers to over others.
#[derive(Debug)]
pub struct Path {
    /// Name in the schema.
    pub name: &'static str,
    /// Which type.
    pub to: TypeRef,
    /// The references; the last is to its table.
    pub through: Vec<ToOne>,
}

/// A filter by words.
#[derive(Debug)]
pub struct Keyword {
    /// Where it looks, in the words of the schema.
    pub description: &'static str,
    /// Where it looks.
    pub searched: SearchColumns,
}

/// Text columns of a row and of the rows it refers to.
#[derive(Debug)]
pub struct SearchColumns {
    /// The row's own.
    pub columns: &'static [Column],
    /// Those of others.
    pub related: Vec<(ToOne, SearchColumns)>,
}

/// A number computed from the rows that refer to a row.
#[derive(Debug)]
pub struct Aggregate {
    /// Name among the values to order by.
    pub name: &'static str,
    /// What it is.
    pub description: String,
    /// The rows.
    pub of: ToMany,
    /// What is added; without it they are counted.
    pub sum: Option<&'static Column>,
}

/// An object type.
#[derive(Debug)]
pub struct ObjectType {
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
    /// The global id: the type's name and the key.
    Id,
    /// A column of the row; a column of codes is an enumeration.
    Column(&'static Column),
    /// The row of another table that these columns refer to.
    One(TypeRef, &'static [Column]),
    /// The rows of another table whose columns refer to this row.
    Many(TypeRef, &'static [Column]),
    /// A group of fields over the same row.
    Group(&'static ObjectType),
    /// The same, null as a whole when the column is null.
    GroupUnlessNull(&'static ObjectType, &'static Column),
    /// Measures of the lines of a group of sales, or of those that the argument
    /// `filter` keeps.
    Measures(&'static ObjectType),
    /// The same of the lines that belong to the row.
    Sales(&'static ObjectType, Owner),
    /// A measure.
    Measure(Measure, OutputType),
    /// The percentile of a value of lines; the argument `p` is the fraction.
    Percentile(LineValue, OutputType),
    /// The amount of a column in the currency that the argument `currency` names, by the rate of
    /// the day in the other column.
    Converted(&'static Column, &'static Column),
    /// A link that downloads the object whose key the column holds; the argument `expiresIn`
    /// says how many seconds it lasts. Null when the column is.
    Link(&'static Column),
}

/// How lines belong to a row.
#[derive(Debug)]
pub struct Owner {
    /// The references from a line to the row that holds the owner's key.
    pub path: &'static [ToOne],
    /// The columns that hold it there.
    pub columns: &'static [Column],
}

/// The type of a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputType {
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
    Key(&'static Type),
    /// The row that the argument `id` names.
    Id(&'static Type),
    /// The value of a column of the row that the argument `id` names.
    Value(&'static Type, &'static Column),
    /// A list.
    List {
        /// Of what.
        of: &'static Type,
        /// Arguments that keep it to some rows.
        only: &'static [Only],
    },
    /// Groups of sales.
    Groups(&'static Type),
    /// The row of any entity that the argument `id` names.
    Node,
    /// The rows of any entities that the argument `ids` names.
    Nodes,
    /// The rows of any entities that the argument `representations` describes.
    Entities,
    /// The schema as a subgraph of a federation.
    Service,
    /// The row that the argument `id` names, followed for as long as it changes.
    Followed {
        /// Of what.
        of: &'static Type,
        /// The column that is null for as long as the row changes.
        ended_when: &'static Column,
        /// The message where there is no such row.
        not_found: &'static str,
    },
    /// The row that a command names when it has run.
    Command {
        /// What the caller must be allowed to.
        needs: Grant,
        /// The fields of its argument `input`.
        input: &'static [Argument],
        /// Runs it.
        run: Run,
        /// Its payload, a type over that row.
        returns: &'static Type,
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
    Id(&'static Type),
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

impl Type {
    /// The columns of the key with the names of the fields that show them; `None` where one is
    /// not shown.
    pub(crate) fn key_fields(&self) -> Option<Vec<(&'static str, &'static Column)>> {
        let shown = |key: &'static Column| {
            let field = self.shape.fields.iter().find(|field| field.value.shows(key))?;
            Some((field.name, key))
        };
        self.table.key.iter().map(shown).collect()
    }
}

impl FieldValue {
    /// Whether it is this column as it is, which everybody sees who sees the row.
    fn shows(&self, column: &Column) -> bool {
        matches!(self, Self::Column(shown) if shown.name == column.name
            && shown.codes.is_none() && !shown.is_computed() && !shown.is_personal
            && !shown.is_of_loads && KeyPart::is_of(shown.kind))
    }
}

impl Field {
    /// The global id of a row.
    pub(crate) const ID: Self = Self {
        name: "id",
        description: "Global id, opaque. It stays the same when the data is loaded again.",
        value: FieldValue::Id,
    };

    /// A column under its own name and wording.
    pub(crate) fn column(column: &'static Column) -> Self {
        Self::column_as(column.api_name().leak(), column)
    }

    /// A column under another name.
    pub(crate) fn column_as(name: &'static str, column: &'static Column) -> Self {
        let mut description = column.description();
        if column.is_personal {
            let grant = Grant::PersonsRead;
            description
                .push_str(&format!(" Null, with the error FORBIDDEN, without the scope {grant}."));
        }
        Self { name, description: description.leak(), value: FieldValue::Column(column) }
    }

    /// A group of fields over the same row.
    pub(crate) const fn group(
        name: &'static str,
        object: &'static ObjectType,
        description: &'static str,
    ) -> Self {
        Self { name, description, value: FieldValue::Group(object) }
    }
}

impl SearchColumns {
    /// Columns of the row itself.
    pub(crate) const fn of(columns: &'static [Column]) -> Self {
        Self { columns, related: Vec::new() }
    }

    /// The same, and those of a row it refers to.
    pub(crate) fn and(mut self, relation: ToOne, searched: Self) -> Self {
        self.related.push((relation, searched));
        self
    }
}

impl ObjectType {
    /// The field of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}
