//! What a document asks for, worked out once for all requests that send it: the
//! statements to run and how the answer is written from their rows. Arguments
//! stay as they stand in the document; [`bind`] gives them values.

pub(crate) mod bind;
pub(crate) mod collect_fields;
pub(crate) mod compile;
pub(crate) mod cost;

use async_graphql::parser::types::{Field as AstField, OperationType};
use async_graphql::{Name, Pos, Positioned};

use crate::catalog::Column;
use crate::catalog::Enumeration;
use crate::graphql::inputs::arguments::Arguments;
use crate::graphql::schema::model::{Entity, Owner, RootField, Shown};
use crate::query::Selection;
use crate::query::aggregate::{LineValue, Measure};

/// An operation.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) kind: OperationType,
    /// In the order of the document.
    pub(crate) roots: Vec<Root>,
    /// How many connections there are, each with a number below it.
    pub(crate) connections: usize,
    /// The same of what is measured of rows' sales.
    pub(crate) sales: usize,
}

/// A field of the root.
#[derive(Debug)]
pub(crate) struct Root {
    pub(crate) key: Key,
    pub(crate) position: Pos,
    pub(crate) step: RootStep,
}

#[derive(Debug)]
pub(crate) enum RootStep {
    Typename(&'static str),
    /// The schema itself, which async-graphql tells of.
    Introspection(Box<Positioned<AstField>>),
    /// Rows by their keys; one way to show them for each entity they may be of.
    Keys {
        field: &'static RootField,
        arguments: Arguments,
        fetches: Vec<Fetch>,
        /// Where in a row that is followed the column is that ends it.
        ended_when: Option<usize>,
    },
    List {
        field: &'static RootField,
        connection: Box<Connection>,
    },
}

/// A key of the answer.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) name: Name,
    /// As it is written: quoted, with the colon.
    pub(crate) json: Box<str>,
}

impl From<&Name> for Key {
    fn from(name: &Name) -> Self {
        // A name is letters, digits and underscores.
        Self { name: name.clone(), json: format!("\"{name}\":").into() }
    }
}

/// What one statement reads and what is made of its rows.
#[derive(Debug)]
pub(crate) struct Fetch {
    pub(crate) entity: &'static Entity,
    pub(crate) selection: Selection,
    /// The ways rows are shown: as nodes, as edges' nodes, under aliases.
    pub(crate) nodes: Vec<Object>,
    /// Lists below the rows, each read for all rows at once.
    pub(crate) below: Vec<Many>,
    /// What is measured of the rows' sales, likewise.
    pub(crate) sales: Vec<Sales>,
    /// What is measured of the rows, which are groups of sales then.
    pub(crate) measured: Measured,
}

/// What is measured.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    /// Arguments that tell of which lines.
    pub(crate) subsets: Vec<Arguments>,
    /// By their place among the values, each of a subset.
    pub(crate) wanted: Vec<(usize, WantedMeasure)>,
}

#[derive(Debug)]
pub(crate) enum WantedMeasure {
    Known(Measure),
    /// The percentile that the arguments tell.
    Percentile(LineValue, Arguments),
}

/// Measures of the lines that belong to rows.
#[derive(Debug)]
pub(crate) struct Sales {
    pub(crate) number: usize,
    pub(crate) owner: &'static Owner,
    /// The row's key: its columns, and where they are in the row.
    pub(crate) columns: &'static [Column],
    pub(crate) parent: Vec<usize>,
    pub(crate) measured: Measured,
    pub(crate) object: Object,
}

/// How an object is written from a row.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) type_name: &'static str,
    /// In the order of the document.
    pub(crate) steps: Vec<(Key, Step)>,
}

#[derive(Debug)]
pub(crate) enum Step {
    Typename,
    /// Made of the key at these indexes.
    Id(&'static [Column], Vec<usize>),
    Column(usize, &'static Column),
    Code(usize, &'static Column, &'static Enumeration),
    /// Another row of the same statement; it is there if the key at the index is.
    One {
        there: usize,
        nullable: bool,
        object: Object,
    },
    /// More fields of the same row; null when the column at the index is.
    Group {
        there: Option<usize>,
        object: Object,
    },
    /// A list, by its index in [`Fetch::below`].
    Many(usize),
    /// By its index in [`Fetch::sales`].
    Sales(usize),
    /// The measure at this index; null only where it may be.
    Measure {
        index: usize,
        shown: Shown,
        nullable: bool,
    },
}

/// Rows of another table that hold this row's key.
#[derive(Debug)]
pub(crate) struct Many {
    /// The parent's key: its columns, and where they are in the row.
    pub(crate) columns: &'static [Column],
    pub(crate) parent: Vec<usize>,
    /// The columns that hold it.
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
    pub(crate) steps: Vec<(Key, ConnectionStep)>,
    pub(crate) fetch: Fetch,
}

#[derive(Debug)]
pub(crate) enum ConnectionStep {
    Typename(String),
    TotalCount,
    PageInfo(Vec<(Key, PageInfoStep)>),
    /// By this index of [`Fetch::nodes`].
    Nodes(usize),
    Edges(Vec<(Key, EdgeStep)>),
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
    /// Values of an object, itself counted, with those of the objects in it but
    /// not of its lists.
    pub(crate) fn values(&self) -> u64 {
        let inner = self.steps.iter().map(|(_, step)| match step {
            Step::One { object, .. } | Step::Group { object, .. } => object.values(),
            _ => 1,
        });
        inner.fold(1, u64::saturating_add)
    }

    /// The same of what is there in any case.
    pub(crate) fn least_values(&self) -> u64 {
        count(self.steps.len()).saturating_add(1)
    }
}

impl Connection {
    /// Values of the connection itself, whatever its rows.
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

    /// Values of one row at least.
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

    /// Whether cursors are shown.
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

/// As the budget counts.
pub(crate) fn count(values: usize) -> u64 {
    u64::try_from(values).unwrap_or(u64::MAX)
}
