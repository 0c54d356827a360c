//! Carries out the plan of a connection: its pages, their nodes, their counts.

use async_graphql::{Name, Value};
use futures_util::future::try_join_all;
use tokio::try_join;

use super::execute::{Execution, Object, lost};
use super::failure::{Failure, Outcome, Path, Places, element, field};
use super::plan::{ConnectionPlan, ConnectionStep, EdgeStep, NodePlace, PageInfoStep, count};
use crate::error::Result;
use crate::query::{Below, Equals, Row, Rows};

/// Which lists a connection pages through.
#[derive(Clone, Copy)]
pub(super) enum Lists<'a> {
    Root(&'a [Equals]),
    Below(Below<'a>),
}

impl Lists<'_> {
    const fn len(&self) -> usize {
        match self {
            Self::Root(_) => 1,
            Self::Below(below) => below.parents.len(),
        }
    }
}

impl Execution<'_> {
    /// A connection of the schema's root.
    pub(super) async fn list(
        &self,
        plan: &ConnectionPlan,
        only: &[Equals],
        places: Places<'_>,
    ) -> Outcome<Value> {
        let mut connections = self.connections(plan, Lists::Root(only), places).await?;
        connections.pop().ok_or_else(lost).map_err(Failure::of(places))
    }

    /// One connection for each list.
    pub(super) async fn connections(
        &self,
        plan: &ConnectionPlan,
        lists: Lists<'_>,
        places: Places<'_>,
    ) -> Outcome<Vec<Value>> {
        let failed = Failure::of(places);
        self.budget.take(count(lists.len()).saturating_mul(plan.values())).map_err(&failed)?;
        let (pages, counts) =
            try_join!(self.pages(plan, lists), self.counts(plan, lists)).map_err(&failed)?;
        let rows: Vec<&Row> = pages.iter().flat_map(|page| &page.rows).collect();
        let edges = count(rows.len()).saturating_mul(plan.edge_values());
        self.budget.take(edges).map_err(&failed)?;
        let nodes = try_join_all(plan.nodes.iter().map(async |node| {
            let place = |row| node_path(&pages, &node.place, row, places);
            self.objects(&node.plan, &plan.columns, &rows, &place).await
        }))
        .await?;
        let mut nodes: Vec<_> = nodes.into_iter().map(Vec::into_iter).collect();
        pages
            .iter()
            .zip(counts)
            .enumerate()
            .map(|(list, (page, count))| {
                self.connection(plan, page, count, &mut nodes).map_err(Failure::at(places, list))
            })
            .collect()
    }

    fn connection(
        &self,
        plan: &ConnectionPlan,
        page: &Rows,
        count: i64,
        nodes: &mut [std::vec::IntoIter<Value>],
    ) -> Result<Value> {
        let mut object = Object::with_capacity(plan.steps.len());
        for (key, step) in &plan.steps {
            let value = match step {
                ConnectionStep::Typename(name) => Value::String(name.clone()),
                ConnectionStep::TotalCount => Value::from(count),
                ConnectionStep::PageInfo(steps) => page_info(plan, page, steps)?,
                ConnectionStep::Nodes(index) => {
                    let nodes = nodes.get_mut(*index).ok_or_else(lost)?;
                    Value::List(nodes.take(page.rows.len()).collect())
                }
                ConnectionStep::Edges(steps) => edges(plan, page, steps, nodes)?,
            };
            object.insert(key.clone(), value);
        }
        Ok(Value::Object(object))
    }

    async fn pages(&self, plan: &ConnectionPlan, lists: Lists<'_>) -> Result<Vec<Rows>> {
        if !plan.needs_rows() {
            return Ok((0..lists.len()).map(|_| Rows::default()).collect());
        }
        let _turn = self.budget.turn().await?;
        match lists {
            Lists::Root(only) => {
                let rows = self.reader.list(self.scope, &plan.columns, only, &plan.page).await?;
                Ok(vec![rows])
            }
            Lists::Below(below) => {
                let most = self.budget.left() / plan.row_values();
                self.reader
                    .list_below(self.scope, &plan.columns, below, &plan.page, most)
                    .await?
                    .ok_or_else(|| self.budget.exceeded())
            }
        }
    }

    async fn counts(&self, plan: &ConnectionPlan, lists: Lists<'_>) -> Result<Vec<i64>> {
        if !plan.needs_count() {
            return Ok(vec![0; lists.len()]);
        }
        let _turn = self.budget.turn().await?;
        match lists {
            Lists::Root(only) => {
                Ok(vec![self.reader.count(self.scope, plan.columns.table, only).await?])
            }
            Lists::Below(below) => {
                self.reader.count_below(self.scope, plan.columns.table, below).await
            }
        }
    }
}

/// Where the node of the `row`th of all rows stands.
fn node_path(pages: &[Rows], place: &NodePlace, mut row: usize, places: Places<'_>) -> Path {
    for (list, page) in pages.iter().enumerate() {
        if row < page.rows.len() {
            let element = element(field(places(list), &place.list), row);
            return match &place.node {
                Some(node) => field(element, node),
                None => element,
            };
        }
        row -= page.rows.len();
    }
    places(0)
}

fn edges(
    plan: &ConnectionPlan,
    page: &Rows,
    steps: &[(Name, EdgeStep)],
    nodes: &mut [std::vec::IntoIter<Value>],
) -> Result<Value> {
    page.rows
        .iter()
        .map(|row| {
            let mut edge = Object::with_capacity(steps.len());
            for (key, step) in steps {
                let value = match step {
                    EdgeStep::Typename(name) => Value::String(name.clone()),
                    EdgeStep::Cursor => cursor(plan, row)?,
                    EdgeStep::Node(index) => {
                        nodes.get_mut(*index).and_then(Iterator::next).ok_or_else(lost)?
                    }
                };
                edge.insert(key.clone(), value);
            }
            Ok(Value::Object(edge))
        })
        .collect::<Result<Vec<_>>>()
        .map(Value::List)
}

fn page_info(plan: &ConnectionPlan, page: &Rows, steps: &[(Name, PageInfoStep)]) -> Result<Value> {
    let cursor_of = |row: Option<&Row>| row.map_or(Ok(Value::Null), |row| cursor(plan, row));
    let mut info = Object::with_capacity(steps.len());
    for (key, step) in steps {
        let value = match step {
            PageInfoStep::Typename => Value::from("PageInfo"),
            PageInfoStep::HasNextPage => Value::Boolean(page.has_next),
            PageInfoStep::HasPreviousPage => Value::Boolean(plan.page.after.is_some()),
            PageInfoStep::StartCursor => cursor_of(page.rows.first())?,
            PageInfoStep::EndCursor => cursor_of(page.rows.last())?,
        };
        info.insert(key.clone(), value);
    }
    Ok(Value::Object(info))
}

fn cursor(plan: &ConnectionPlan, row: &Row) -> Result<Value> {
    let columns = &plan.columns;
    let key = row.key(columns.table.key, columns.key_indexes())?.ok_or_else(lost)?;
    Ok(Value::String(plan.list().encode(&key)))
}
