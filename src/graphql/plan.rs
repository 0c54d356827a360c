//! What a document asks for, worked out once for all requests that send it: the
//! statements to run and how the answer is written from their rows. Arguments
//! stay as they stand in the document; [`bind`](super::bind) gives them values.

use async_graphql::parser::types::Field as AstField;
use async_graphql::{Name, Pos, Positioned};

use super::arguments::Arguments;
use super::model::{Entity, Enumeration, Owner, RootField, Shown};
use crate::query::aggregate::{LineValue, Measure};
use crate::query::{Column, Selection};

/// An operation.
#[derive(Debug)]
pub(super) struct Operation {
    /// In the order of the document.
    pub(super) roots: Vec<Root>,
    /// How many connections there are, each with a number below it.
    pub(super) connections: usize,
    /// The same of what is measured of rows' sales.
    pub(super) sales: usize,
}

/// A field of the root.
#[derive(Debug)]
pub(super) struct Root {
    pub(super) key: Key,
    pub(super) position: Pos,
    pub(super) step: RootStep,
}

#[derive(Debug)]
pub(super) enum RootStep {
    Typename(&'static str),
    /// The schema itself, which async-graphql tells of.
    Introspection(Box<Positioned<AstField>>),
    /// Rows by their keys; one way to show them for each entity they may be of.
    Keys {
        field: &'static RootField,
        arguments: Arguments,
        fetches: Vec<Fetch>,
    },
    List {
        field: &'static RootField,
        connection: Box<Connection>,
    },
}

/// A key of the answer.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) name: Name,
    /// As it is written: quoted, with the colon.
    pub(super) json: Box<str>,
}

impl From<&Name> for Key {
    fn from(name: &Name) -> Self {
        // A name is letters, digits and underscores.
        Self { name: name.clone(), json: format!("\"{name}\":").into() }
    }
}

/// What one statement reads and what is made of its rows.
#[derive(Debug)]
pub(super) struct Fetch {
    pub(super) entity: &'static Entity,
    pub(super) selection: Selection,
    /// The ways rows are shown: as nodes, as edges' nodes, under aliases.
    pub(super) nodes: Vec<Object>,
    /// Lists below the rows, each read for all rows at once.
    pub(super) below: Vec<Many>,
    /// What is measured of the rows' sales, likewise.
    pub(super) sales: Vec<Sales>,
    /// What is measured of the rows, which are groups of sales then.
    pub(super) measured: Measured,
}

/// What is measured.
#[derive(Debug, Default)]
pub(super) struct Measured {
    /// Arguments that tell of which lines.
    pub(super) subsets: Vec<Arguments>,
    /// By their place among the values, each of a subset.
    pub(super) wanted: Vec<(usize, WantedMeasure)>,
}

#[derive(Debug)]
pub(super) enum WantedMeasure {
    Known(Measure),
    /// The percentile that the arguments tell.
    Percentile(LineValue, Arguments),
}

/// Measures of the lines that belong to rows.
#[derive(Debug)]
pub(super) struct Sales {
    pub(super) number: usize,
    pub(super) owner: &'static Owner,
    /// The row's key: its columns, and where they are in the row.
    pub(super) columns: &'static [Column],
    pub(super) parent: Vec<usize>,
    pub(super) measured: Measured,
    pub(super) object: Object,
}

/// How an object is written from a row.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) type_name: &'static str,
    /// In the order of the document.
    pub(super) steps: Vec<(Key, Step)>,
}

#[derive(Debug)]
pub(super) enum Step {
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
pub(super) struct Many {
    /// The parent's key: its columns, and where they are in the row.
    pub(super) columns: &'static [Column],
    pub(super) parent: Vec<usize>,
    /// The columns that hold it.
    pub(super) by: &'static [Column],
    pub(super) connection: Connection,
}

/// A connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) number: usize,
    /// The field as cursors name it.
    pub(super) field: String,
    pub(super) arguments: Arguments,
    pub(super) steps: Vec<(Key, ConnectionStep)>,
    pub(super) fetch: Fetch,
}

#[derive(Debug)]
pub(super) enum ConnectionStep {
    Typename(String),
    TotalCount,
    PageInfo(Vec<(Key, PageInfoStep)>),
    /// By this index of [`Fetch::nodes`].
    Nodes(usize),
    Edges(Vec<(Key, EdgeStep)>),
}

#[derive(Debug)]
pub(super) enum EdgeStep {
    Typename(String),
    Cursor,
    Node(usize),
}

#[derive(Debug)]
pub(super) enum PageInfoStep {
    Typename,
    HasNextPage,
    HasPreviousPage,
    StartCursor,
    EndCursor,
}

impl Object {
    /// Values of an object, itself counted, with those of the objects in it but
    /// not of its lists.
    pub(super) fn values(&self) -> u64 {
        let inner = self.steps.iter().map(|(_, step)| match step {
            Step::One { object, .. } | Step::Group { object, .. } => object.values(),
            _ => 1,
        });
        inner.fold(1, u64::saturating_add)
    }

    /// The same of what is there in any case.
    pub(super) fn least_values(&self) -> u64 {
        count(self.steps.len()).saturating_add(1)
    }
}

impl Connection {
    /// Values of the connection itself, whatever its rows.
    pub(super) fn values(&self) -> u64 {
        let inner = self.steps.iter().map(|(_, step)| match step {
            ConnectionStep::PageInfo(steps) => count(steps.len()).saturating_add(1),
            _ => 1,
        });
        inner.fold(1, u64::saturating_add)
    }

    /// Values of the edges of one row, without their nodes.
    pub(super) fn edge_values(&self) -> u64 {
        let edges = self.steps.iter().map(|(_, step)| match step {
            ConnectionStep::Edges(steps) => count(steps.len()).saturating_add(1),
            _ => 0,
        });
        edges.fold(0, u64::saturating_add)
    }

    /// Values of one row at least.
    pub(super) fn row_values(&self) -> u64 {
        let nodes = self.fetch.nodes.iter().map(Object::least_values);
        nodes.fold(self.edge_values(), u64::saturating_add).max(1)
    }

    /// Whether rows must be read.
    pub(super) fn needs_rows(&self) -> bool {
        self.steps.iter().any(|(_, step)| {
            !matches!(step, ConnectionStep::TotalCount | ConnectionStep::Typename(_))
        })
    }

    /// Whether they must be counted.
    pub(super) fn needs_count(&self) -> bool {
        self.steps.iter().any(|(_, step)| matches!(step, ConnectionStep::TotalCount))
    }

    /// Whether cursors are shown.
    pub(super) fn needs_cursors(&self) -> bool {
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
pub(super) fn count(values: usize) -> u64 {
    u64::try_from(values).unwrap_or(u64::MAX)
}
