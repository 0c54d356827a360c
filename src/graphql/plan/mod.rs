//! The plan of an operation, compiled once for all requests that send it: the statements
//! to run and how the response is written from their rows. Arguments stay as they are in
//! the document; [`bind`] gives them values.

pub(crate) mod bind;
pub(crate) mod collect_fields;
pub(crate) mod compile;
pub(crate) mod cost;
mod draft;
pub(crate) mod target;

use async_graphql::parser::types::{Field as AstField, OperationType};
use async_graphql::{Name, Pos, Positioned};

use crate::catalog::Enumeration;
use crate::catalog::{Column, Table};
use crate::graphql::inputs::arguments::Arguments;
use crate::graphql::schema::model::{OutputType, Owner, RootField, RootValue, Type};
use crate::query::Selection;
use crate::query::aggregate::{LineValue, Measure};

/// An operation.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) kind: OperationType,
    /// In the order of the document.
    pub(crate) roots: Vec<Root>,
    /// How many connections there are; each has a number below this.
    pub(crate) connections: usize,
    /// The same for the measures of rows' sales.
    pub(crate) sales: usize,
    /// The same for links.
    pub(crate) links: usize,
    /// The same for converted amounts.
    pub(crate) converted: usize,
}

/// A root field.
#[derive(Debug)]
pub(crate) struct Root {
    pub(crate) key: ResponseKey,
    pub(crate) position: Pos,
    pub(crate) step: RootStep,
}

#[derive(Debug)]
pub(crate) enum RootStep {
    Typename(&'static str),
    /// Introspection, which async-graphql executes.
    Introspection(Box<Positioned<AstField>>),
    /// Rows by their keys; one fetch for each type they may be of.
    Keys {
        field: &'static RootField,
        arguments: Arguments,
        fetches: Vec<Fetch>,
        /// The index of the column that ends a row which is followed.
        ended_when: Option<usize>,
        /// Whether the first value of the row stands for it.
        is_value: bool,
    },
    List {
        field: &'static RootField,
        connection: Box<Connection>,
    },
    /// The schema as a subgraph.
    Service(Vec<(ResponseKey, ServiceStep)>),
}

/// A field of `_service`.
#[derive(Debug)]
pub(crate) enum ServiceStep {
    Typename,
    Sdl,
}

impl RootStep {
    /// Whether its field is never null: where it fails, all of the data is.
    pub(crate) const fn is_non_null(&self) -> bool {
        match self {
            Self::Service(_) => true,
            Self::Keys { field, .. } => matches!(field.value, RootValue::Entities),
            _ => false,
        }
    }
}

/// A key of the response.
#[derive(Debug, Clone)]
pub(crate) struct ResponseKey {
    pub(crate) name: Name,
    /// With quotes and colon.
    pub(crate) json: Box<str>,
}

impl From<&Name> for ResponseKey {
    fn from(name: &Name) -> Self {
        // A name is letters, digits and underscores.
        Self { name: name.clone(), json: format!("\"{name}\":").into() }
    }
}

/// One SQL statement and how its rows are rendered.
#[derive(Debug)]
pub(crate) struct Fetch {
    pub(crate) of: &'static Type,
    pub(crate) selection: Selection,
    /// The selections on its rows: as nodes, as edges' nodes, under aliases.
    pub(crate) nodes: Vec<Object>,
    /// Connections of the rows, each read for all rows at once.
    pub(crate) below: Vec<Many>,
    /// Measures of the rows' sales, likewise.
    pub(crate) sales: Vec<Sales>,
    /// Measures of the rows themselves, where these are groups of sales.
    pub(crate) measures: SelectedMeasures,
    /// Links to objects that the rows name.
    pub(crate) links: Vec<Link>,
    /// Amounts of the rows in another currency.
    pub(crate) converted: Vec<Converted>,
}

/// An amount of each row in another currency.
#[derive(Debug)]
pub(crate) struct Converted {
    pub(crate) number: usize,
    /// The index of the amount in the row.
    pub(crate) amount: usize,
    /// That of its day.
    pub(crate) day: usize,
    pub(crate) arguments: Arguments,
    /// How it is written from a row of its own.
    pub(crate) object: Object,
}

/// A link for each row.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) number: usize,
    /// The index of the object's key in the row.
    pub(crate) key: usize,
    pub(crate) arguments: Arguments,
}

/// Measures of order lines.
#[derive(Debug, Default)]
pub(crate) struct SelectedMeasures {
    /// Arguments that say which lines.
    pub(crate) subsets: Vec<Arguments>,
    /// In the order of the columns, each with the index of its subset.
    pub(crate) selected: Vec<(usize, SelectedMeasure)>,
}

#[derive(Debug)]
pub(crate) enum SelectedMeasure {
    Known(Measure),
    /// The percentile that the arguments name.
    Percentile(LineValue, Arguments),
}

/// Measures of the lines that belong to rows.
#[derive(Debug)]
pub(crate) struct Sales {
    pub(crate) number: usize,
    pub(crate) owner: &'static Owner,
    /// The row's key: its columns, and their indexes in the row.
    pub(crate) columns: &'static [Column],
    pub(crate) parent: Vec<usize>,
    pub(crate) measures: SelectedMeasures,
    pub(crate) object: Object,
}

/// How an object is written from a row.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) type_name: &'static str,
    /// In the order of the document.
    pub(crate) steps: Vec<(ResponseKey, FieldStep)>,
}

#[derive(Debug)]
pub(crate) enum FieldStep {
    Typename,
    /// From the key at these indexes.
    Id(&'static [Column], Vec<usize>),
    Column(usize, &'static Column),
    Code(usize, &'static Column, &'static Enumeration),
    /// Another row of the same statement; it exists if its key, at the index, is not null.
    One {
        table: &'static Table,
        key: usize,
        nullable: bool,
        object: Object,
    },
    /// More fields of the same row; null when the column at the index is.
    Group {
        unless_null: Option<usize>,
        object: Object,
    },
    /// A connection, by its index in [`Fetch::below`].
    Many(usize),
    /// By its index in [`Fetch::sales`].
    Sales(usize),
    /// By its index in [`Fetch::links`].
    Link(usize),
    /// By its index in [`Fetch::converted`].
    Converted(usize),
    /// The measure at this index; null only where it may be.
    Measure {
        index: usize,
        /// Its place among those of the statement.
        number: usize,
        output: OutputType,
        nullable: bool,
    },
}

/// Rows of another table that refer to this row.
#[derive(Debug)]
pub(crate) struct Many {
    /// The parent's key: its columns, and their indexes in the row.
    pub(crate) columns: &'static [Column],
    pub(crate) parent: Vec<usize>,
    /// The columns that refer to it.
    pub(crate) by: &'static [Column],
    pub(crate) connection: Connection,
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) number: usize,
    /// The field as cursors name it.
    pub(crate) field: String,
    pub(crate) arguments: Arguments,
    pub(crate) steps: Vec<(ResponseKey, ConnectionStep)>,
    pub(crate) fetch: Fetch,
}

#[derive(Debug)]
pub(crate) enum ConnectionStep {
    Typename(String),
    TotalCount,
    PageInfo(Vec<(ResponseKey, PageInfoStep)>),
    /// By this index of [`Fetch::nodes`].
    Nodes(usize),
    Edges(Vec<(ResponseKey, EdgeStep)>),
}

#[derive(Debug)]
pub(crate) enum EdgeStep {
    Typename(String),
    Cursor,
    Node(usize),
}

#[derive(Debug)]
pub(crate) enum PageInfoStep {
    Typename,
    HasNextPage,
    HasPreviousPage,
    StartCursor,
    EndCursor,
}

impl Object {
    /// Values of an object, itself included, with those of the objects in it but not
    /// of its connections.
    pub(crate) fn values(&self) -> u64 {
        let inner = self.steps.iter().map(|(_, step)| match step {
            FieldStep::One { object, .. } | FieldStep::Group { object, .. } => object.values(),
            _ => 1,
        });
        inner.fold(1, u64::saturating_add)
    }

    /// The same if every object in it is null.
    pub(crate) fn least_values(&self) -> u64 {
        count(self.steps.len()).saturating_add(1)
    }
}

impl Connection {
    /// Values of the connection itself, without its rows.
    pub(crate) fn values(&self) -> u64 {
        let inner = self.steps.iter().map(|(_, step)| match step {
            ConnectionStep::PageInfo(steps) => count(steps.len()).saturating_add(1),
            _ => 1,
        });
        inner.fold(1, u64::saturating_add)
    }

    /// Values of the edges of one row, without their nodes.
    pub(crate) fn edge_values(&self) -> u64 {
        let edges = self.steps.iter().map(|(_, step)| match step {
            ConnectionStep::Edges(steps) => count(steps.len()).saturating_add(1),
            _ => 0,
        });
        edges.fold(0, u64::saturating_add)
    }

    /// The least values of one row.
    pub(crate) fn row_values(&self) -> u64 {
        let nodes = self.fetch.nodes.iter().map(Object::least_values);
        nodes.fold(self.edge_values(), u64::saturating_add).max(1)
    }

    /// Whether rows must be read.
    pub(crate) fn needs_rows(&self) -> bool {
        self.steps.iter().any(|(_, step)| {
            !matches!(step, ConnectionStep::TotalCount | ConnectionStep::Typename(_))
        })
    }

    /// Whether they must be counted.
    pub(crate) fn needs_count(&self) -> bool {
        self.steps.iter().any(|(_, step)| matches!(step, ConnectionStep::TotalCount))
    }

    /// Whether cursors are selected.
    pub(crate) fn needs_cursors(&self) -> bool {
        self.steps.iter().any(|(_, step)| match step {
            ConnectionStep::PageInfo(steps) => steps.iter().any(|(_, step)| {
                matches!(step, PageInfoStep::StartCursor | PageInfoStep::EndCursor)
            }),
            ConnectionStep::Edges(steps) => {
                steps.iter().any(|(_, step)| matches!(step, EdgeStep::Cursor))
            }
            _ => false,
        })
    }
}

/// A text counts as one more value for each of these bytes.
pub(crate) const TEXT_UNIT: usize = 64;

/// A number of values, as the budget counts.
pub(crate) fn count(values: usize) -> u64 {
    u64::try_from(values).unwrap_or(u64::MAX)
}
