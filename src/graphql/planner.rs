//! From the selection of a document to a plan. It is made before anything is
//! read, so every refusal of an argument comes first, and only selected columns
//! are read.

use std::collections::HashMap;

use async_graphql::parser::types::{Field as AstField, FragmentDefinition, SelectionSet};
use async_graphql::{Name, Positioned, QueryEnv, Value, Variables};

use super::collect::Selected;
use super::model::{Entity, FieldValue, Shape};
use super::plan::{
    ConnectionPlan, ConnectionStep, EdgeStep, ManyPlan, NodePlace, NodePlan, OnePlan,
    PageArguments, PageInfoStep, Plan, Related, RowPlan, Step,
};
use super::register;
use crate::error::{Error, Result};
use crate::query::{Columns, List, Page, bad_argument};

/// Makes plans for one document.
pub(super) struct Planner<'a> {
    pub(super) root: &'a SelectionSet,
    pub(super) fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    variables: &'a Variables,
}

/// The nodes of a connection while it is planned.
struct Nodes {
    entity: &'static Entity,
    columns: Columns,
    plans: Vec<NodePlan>,
}

impl<'a> Planner<'a> {
    pub(super) fn new(environment: &'a QueryEnv) -> Self {
        Self {
            root: &environment.operation.node.selection_set.node,
            fragments: &environment.fragments,
            variables: &environment.variables,
        }
    }

    /// The plan of a row of an entity.
    pub(super) fn row(
        &self,
        entity: &'static Entity,
        sets: &[&'a SelectionSet],
    ) -> Result<RowPlan> {
        let mut columns = Columns::key_of(entity.table);
        let plan = self.shape(&entity.shape, sets, &mut columns)?;
        Ok(RowPlan { columns, plan })
    }

    /// The plan of a connection; `field` names it as its cursors do.
    pub(super) fn connection(
        &self,
        entity: &'static Entity,
        field: String,
        arguments: &PageArguments,
        sets: &[&'a SelectionSet],
    ) -> Result<ConnectionPlan> {
        let list = List { field: &field, table: entity.table };
        let page = Page::from_params(&list, arguments.first, arguments.after.as_deref())?;
        let columns = Columns::key_of(entity.table);
        let mut nodes = Nodes { entity, columns, plans: Vec::new() };
        let mut steps = Vec::new();
        let type_name = register::connection_name(entity);
        for Selected { key, field, sets } in self.collect(&type_name, sets)? {
            let step = match field.name.node.as_str() {
                "__typename" => ConnectionStep::Typename(type_name.clone()),
                "totalCount" => ConnectionStep::TotalCount,
                "pageInfo" => ConnectionStep::PageInfo(self.page_info(&sets)?),
                "nodes" => {
                    let place = NodePlace { list: key.clone(), node: None };
                    ConnectionStep::Nodes(self.node(place, &sets, &mut nodes)?)
                }
                "edges" => ConnectionStep::Edges(self.edges(key, &sets, &mut nodes)?),
                other => return Err(unknown(&type_name, other)),
            };
            steps.push((key.clone(), step));
        }
        let Nodes { columns, plans, .. } = nodes;
        Ok(ConnectionPlan { field, page, columns, steps, nodes: plans })
    }

    /// Adds a way nodes are selected and tells its index.
    fn node(
        &self,
        place: NodePlace,
        sets: &[&'a SelectionSet],
        nodes: &mut Nodes,
    ) -> Result<usize> {
        let plan = self.shape(&nodes.entity.shape, sets, &mut nodes.columns)?;
        nodes.plans.push(NodePlan { place, plan });
        Ok(nodes.plans.len() - 1)
    }

    fn edges(
        &self,
        list: &Name,
        sets: &[&'a SelectionSet],
        nodes: &mut Nodes,
    ) -> Result<Vec<(Name, EdgeStep)>> {
        let type_name = format!("{}Edge", nodes.entity.shape.name);
        let mut steps = Vec::new();
        for Selected { key, field, sets } in self.collect(&type_name, sets)? {
            let step = match field.name.node.as_str() {
                "__typename" => EdgeStep::Typename(type_name.clone()),
                "cursor" => EdgeStep::Cursor,
                "node" => {
                    let place = NodePlace { list: list.clone(), node: Some(key.clone()) };
                    EdgeStep::Node(self.node(place, &sets, nodes)?)
                }
                other => return Err(unknown(&type_name, other)),
            };
            steps.push((key.clone(), step));
        }
        Ok(steps)
    }

    fn page_info(&self, sets: &[&'a SelectionSet]) -> Result<Vec<(Name, PageInfoStep)>> {
        self.collect("PageInfo", sets)?
            .into_iter()
            .map(|selected| {
                let step = match selected.field.name.node.as_str() {
                    "__typename" => PageInfoStep::Typename,
                    "hasNextPage" => PageInfoStep::HasNextPage,
                    "hasPreviousPage" => PageInfoStep::HasPreviousPage,
                    "startCursor" => PageInfoStep::StartCursor,
                    "endCursor" => PageInfoStep::EndCursor,
                    other => return Err(unknown("PageInfo", other)),
                };
                Ok((selected.key.clone(), step))
            })
            .collect()
    }

    fn shape(
        &self,
        shape: &'static Shape,
        sets: &[&'a SelectionSet],
        columns: &mut Columns,
    ) -> Result<Plan> {
        let selection = self.collect(shape.name, sets)?;
        let mut plan = Plan {
            type_name: shape.name,
            steps: Vec::with_capacity(selection.len()),
            related: Vec::new(),
        };
        for Selected { key, field, sets } in selection {
            let name = field.name.node.as_str();
            if name == "__typename" {
                plan.steps.push((key.clone(), Step::Typename));
                continue;
            }
            let known = shape.field(name).ok_or_else(|| unknown(shape.name, name))?;
            let related = match &known.value {
                FieldValue::Id => {
                    plan.steps.push((key.clone(), Step::Id));
                    continue;
                }
                FieldValue::Column(column) => {
                    let step = Step::Column(columns.index_of(column), column);
                    plan.steps.push((key.clone(), step));
                    continue;
                }
                FieldValue::Code(column, codes) => {
                    let step = Step::Code(columns.index_of(column), column, codes);
                    plan.steps.push((key.clone(), step));
                    continue;
                }
                FieldValue::One(to, from) => Related::One(OnePlan {
                    from: from.iter().map(|column| columns.index_of(column)).collect(),
                    nullable: from.iter().any(|column| column.nullable),
                    row: self.row(to, &sets)?,
                }),
                FieldValue::Many(of, by) => Related::Many(Box::new(ManyPlan {
                    by,
                    connection: self.connection(
                        of,
                        format!("{}.{name}", shape.name),
                        &self.page_arguments(field)?,
                        &sets,
                    )?,
                })),
                FieldValue::Group(group) => {
                    Related::Group(None, self.shape(group, &sets, columns)?)
                }
                FieldValue::GroupUnlessNull(group, column) => {
                    let index = columns.index_of(column);
                    Related::Group(Some(index), self.shape(group, &sets, columns)?)
                }
            };
            plan.steps.push((key.clone(), Step::Related(plan.related.len())));
            plan.related.push((key.clone(), related));
        }
        Ok(plan)
    }

    fn page_arguments(&self, field: &AstField) -> Result<PageArguments> {
        let first = match self.argument(field, "first")? {
            None => None,
            Some(Value::Number(number)) => Some(
                number
                    .as_i64()
                    .and_then(|number| i32::try_from(number).ok())
                    .ok_or_else(|| wrong_type("first", "a whole number"))?,
            ),
            Some(_) => return Err(wrong_type("first", "a whole number")),
        };
        let after = match self.argument(field, "after")? {
            None => None,
            Some(Value::String(text)) => Some(text),
            Some(_) => return Err(wrong_type("after", "a string")),
        };
        Ok(PageArguments { first, after })
    }

    /// The value of an argument; `None` when it is absent or null.
    fn argument(&self, field: &AstField, name: &'static str) -> Result<Option<Value>> {
        let Some(value) = field.get_argument(name) else { return Ok(None) };
        let value = value.node.clone().into_const_with(|variable| {
            // Defaults are among them.
            Ok::<_, Error>(self.variables.get(&variable).cloned().unwrap_or(Value::Null))
        })?;
        Ok(Some(value).filter(|value| *value != Value::Null))
    }
}

fn wrong_type(argument: &'static str, expected: &str) -> Error {
    bad_argument(argument, format!("{argument}: not {expected}"))
}

/// Validation refuses such documents before they come here.
pub(super) fn unknown(type_name: &str, field: &str) -> Error {
    Error::internal("the document was not understood")
        .with_source(format!("no field {field} on {type_name}"))
}
