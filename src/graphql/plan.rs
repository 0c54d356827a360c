//! From the selection of a document to what must be read and how the answer is
//! built. A plan is made before anything is read, so every refusal of an
//! argument comes first, and only selected columns are read.

use std::collections::{HashMap, HashSet};

use async_graphql::indexmap::IndexMap;
use async_graphql::indexmap::map::Entry;
use async_graphql::parser::types::{
    Field as AstField, FragmentDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, QueryEnv, Value, Variables};

use super::errors::Conflict;
use super::model::{Entity, Enumeration, FieldValue, Shape};
use super::{register, types};
use crate::error::{Code, Error, Result};
use crate::query::{Column, Columns, List, Page, bad_argument};

/// The type of the root.
const ROOT: &str = "Query";

/// How an object is built from a row of some [`Columns`].
pub(super) struct Plan {
    pub(super) type_name: &'static str,
    /// The response's fields in the order of the document.
    pub(super) steps: Vec<(Name, Step)>,
    /// What must be read besides the row itself; see [`Step::Related`].
    pub(super) related: Vec<Related>,
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
    pub(super) nodes: Vec<Plan>,
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

impl ConnectionPlan {
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

/// Makes plans for one document.
pub(super) struct Planner<'a> {
    root: &'a SelectionSet,
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    variables: &'a Variables,
}

/// The nodes of a connection while it is planned.
struct Nodes {
    entity: &'static Entity,
    columns: Columns,
    plans: Vec<Plan>,
}

/// A field of the response: all selections of one response key.
struct Selected<'a> {
    key: &'a Name,
    field: &'a AstField,
    sets: Vec<&'a SelectionSet>,
}

/// The selections of an object while they are collected.
struct Collection<'a, 'b> {
    /// The object's type.
    on: &'b str,
    found: IndexMap<&'a Name, Selected<'a>>,
    /// Fragments count once, however often they are spread.
    spread: HashSet<&'a Name>,
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
                "nodes" => ConnectionStep::Nodes(self.node(&sets, &mut nodes)?),
                "edges" => ConnectionStep::Edges(self.edges(&sets, &mut nodes)?),
                other => return Err(unknown(&type_name, other)),
            };
            steps.push((key.clone(), step));
        }
        let Nodes { columns, plans, .. } = nodes;
        Ok(ConnectionPlan { field, page, columns, steps, nodes: plans })
    }

    /// Adds a way nodes are selected and tells its index.
    fn node(&self, sets: &[&'a SelectionSet], nodes: &mut Nodes) -> Result<usize> {
        let plan = self.shape(&nodes.entity.shape, sets, &mut nodes.columns)?;
        nodes.plans.push(plan);
        Ok(nodes.plans.len() - 1)
    }

    fn edges(&self, sets: &[&'a SelectionSet], nodes: &mut Nodes) -> Result<Vec<(Name, EdgeStep)>> {
        let type_name = format!("{}Edge", nodes.entity.shape.name);
        let mut steps = Vec::new();
        for Selected { key, field, sets } in self.collect(&type_name, sets)? {
            let step = match field.name.node.as_str() {
                "__typename" => EdgeStep::Typename(type_name.clone()),
                "cursor" => EdgeStep::Cursor,
                "node" => EdgeStep::Node(self.node(&sets, nodes)?),
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
            plan.related.push(related);
        }
        Ok(plan)
    }

    /// All selections of a response key of the root: they are one field.
    pub(super) fn root(&self, key: &str) -> Result<Vec<&'a SelectionSet>> {
        let selected = self.collect(ROOT, &[self.root])?;
        selected
            .into_iter()
            .find(|selected| selected.key.as_str() == key)
            .map(|selected| selected.sets)
            .ok_or_else(|| unknown(ROOT, key))
    }

    /// The fields selected on an object type, in the order of the document;
    /// selections of the same response key are one field.
    fn collect(&self, on: &str, sets: &[&'a SelectionSet]) -> Result<Vec<Selected<'a>>> {
        let mut collection = Collection { on, found: IndexMap::new(), spread: HashSet::new() };
        for set in sets {
            self.collect_into(&mut collection, set)?;
        }
        Ok(collection.found.into_values().collect())
    }

    fn collect_into(
        &self,
        collection: &mut Collection<'a, '_>,
        set: &'a SelectionSet,
    ) -> Result<()> {
        for item in &set.items {
            let (condition, inner) = match &item.node {
                Selection::Field(field) => {
                    collection.add(&field.node)?;
                    continue;
                }
                Selection::InlineFragment(fragment) => (
                    fragment.node.type_condition.as_ref().map(|condition| &condition.node),
                    &fragment.node.selection_set.node,
                ),
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    // Validation has made sure that it is there.
                    let Some(fragment) = self.fragments.get(name) else { continue };
                    if !collection.spread.insert(name) {
                        continue;
                    }
                    (Some(&fragment.node.type_condition.node), &fragment.node.selection_set.node)
                }
            };
            let on = collection.on;
            if condition.is_none_or(|condition| types::is_a(on, condition.on.node.as_str())) {
                self.collect_into(collection, inner)?;
            }
        }
        Ok(())
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

impl<'a> Collection<'a, '_> {
    fn add(&mut self, field: &'a AstField) -> Result<()> {
        let key = &field.response_key().node;
        let set = &field.selection_set.node;
        match self.found.entry(key) {
            Entry::Vacant(place) => {
                place.insert(Selected { key, field, sets: vec![set] });
            }
            Entry::Occupied(mut known) if is_same(known.get().field, field) => {
                known.get_mut().sets.push(set);
            }
            Entry::Occupied(_) => {
                let message = format!(
                    "the selections of {key} on {} ask for different things: give them aliases",
                    self.on
                );
                return Err(Error::new(Code::BadUserInput, message).with_source(Conflict));
            }
        }
        Ok(())
    }
}

/// Whether two fields of one response key are one: of the same name and with
/// the same arguments.
fn is_same(one: &AstField, other: &AstField) -> bool {
    one.name == other.name
        && one.arguments.len() == other.arguments.len()
        && one.arguments.iter().all(|(name, value)| other.get_argument(&name.node) == Some(value))
}

fn wrong_type(argument: &'static str, expected: &str) -> Error {
    bad_argument(argument, format!("{argument}: not {expected}"))
}

/// Validation refuses such documents before they come here.
fn unknown(type_name: &str, field: &str) -> Error {
    Error::internal("the document was not understood")
        .with_source(format!("no field {field} on {type_name}"))
}
