//! What must be read for a part of a document and how the answer is built of it.

use async_graphql::Name;

use super::model::Enumeration;
use crate::query::{Column, Columns, List, Page};

/// How an object is built from a row of some [`Columns`].
pub(super) struct Plan {
    pub(super) type_name: &'static str,
    /// The response's fields in the order of the document.
    pub(super) steps: Vec<(Name, Step)>,
    /// What must be read besides the row itself; see [`Step::Related`].
    pub(super) related: Vec<(Name, Related)>,
}

pub(super) enum Step {
    Typename,
    Id,
    Column(usize, &'static Column),
    Code(usize, &'static Column, &'static Enumeration),
    /// The value at this index of [`Plan::related`].
    Related(usize),
}

pub(super) enum Related {
    One(OnePlan),
    Many(Box<ManyPlan>),
    /// More fields of the same row; null when the column at the index is.
    Group(Option<usize>, Plan),
}

/// A row of another table.
pub(super) struct OnePlan {
    /// Where the row holds the other's key.
    pub(super) from: Vec<usize>,
    pub(super) nullable: bool,
    pub(super) row: RowPlan,
}

/// What is read of a row and how the object is built from it.
pub(super) struct RowPlan {
    pub(super) columns: Columns,
    pub(super) plan: Plan,
}

/// Rows of another table that hold this row's key.
pub(super) struct ManyPlan {
    pub(super) by: &'static [Column],
    pub(super) connection: ConnectionPlan,
}

/// A connection.
pub(super) struct ConnectionPlan {
    /// The field as cursors name it.
    pub(super) field: String,
    pub(super) page: Page,
    pub(super) columns: Columns,
    pub(super) steps: Vec<(Name, ConnectionStep)>,
    /// The ways nodes are selected: as nodes, as edges' nodes, under aliases.
    pub(super) nodes: Vec<NodePlan>,
}

/// A way nodes are selected.
pub(super) struct NodePlan {
    pub(super) place: NodePlace,
    pub(super) plan: Plan,
}

/// Where the nodes stand in the answer.
pub(super) struct NodePlace {
    /// Response key of the list.
    pub(super) list: Name,
    /// Response key of the node within an edge.
    pub(super) node: Option<Name>,
}

pub(super) enum ConnectionStep {
    Typename(String),
    TotalCount,
    PageInfo(Vec<(Name, PageInfoStep)>),
    /// By this index of [`ConnectionPlan::nodes`].
    Nodes(usize),
    Edges(Vec<(Name, EdgeStep)>),
}

pub(super) enum EdgeStep {
    Typename(String),
    Cursor,
    Node(usize),
}

pub(super) enum PageInfoStep {
    Typename,
    HasNextPage,
    HasPreviousPage,
    StartCursor,
    EndCursor,
}

impl Plan {
    /// Values of an object, itself counted, without what is within them.
    pub(super) fn values(&self) -> u64 {
        count(self.steps.len()).saturating_add(1)
    }
}

impl Related {
    /// Whether it may be null, so that it can fail without the object it is of.
    pub(super) const fn is_nullable(&self) -> bool {
        match self {
            Self::One(one) => one.nullable,
            Self::Many(_) => false,
            Self::Group(unless, _) => unless.is_some(),
        }
    }
}

impl ConnectionPlan {
    /// Values of the connection itself, whatever its rows.
    pub(super) fn values(&self) -> u64 {
        let inner = self.steps.iter().map(|(_, step)| match step {
            ConnectionStep::PageInfo(steps) => count(steps.len()).saturating_add(1),
            _ => 1,
        });
        inner.fold(1, u64::saturating_add)
    }

    /// Values of the edges of one row.
    pub(super) fn edge_values(&self) -> u64 {
        let edges = self.steps.iter().map(|(_, step)| match step {
            ConnectionStep::Edges(steps) => count(steps.len()).saturating_add(1),
            _ => 0,
        });
        edges.fold(0, u64::saturating_add)
    }

    /// Values of one row at least.
    pub(super) fn row_values(&self) -> u64 {
        let nodes = self.nodes.iter().map(|node| node.plan.values());
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

    /// The list as cursors know it.
    pub(super) fn list(&self) -> List<'_> {
        List { field: &self.field, table: self.columns.table }
    }
}

/// Arguments of a connection.
#[derive(Debug, Default)]
pub(super) struct PageArguments {
    pub(super) first: Option<i32>,
    pub(super) after: Option<String>,
}

/// As the budget counts.
pub(super) fn count(values: usize) -> u64 {
    u64::try_from(values).unwrap_or(u64::MAX)
}
