//! Compiles the selections of a document to a plan.

use async_graphql::parser::types::{OperationType, SelectionSet};

use super::draft::Draft;
use crate::catalog::{Column, ToOne};
use crate::error::{Error, Result};
use crate::graphql::inputs::arguments::Arguments;
use crate::graphql::plan::collect_fields::{Selected, Selections};
use crate::graphql::plan::{
    Connection, ConnectionStep, Converted, EdgeStep, Fetch, FieldStep, Link, Many, Object,
    Operation, PageInfoStep, ResponseKey, Root, RootStep, Sales, SelectedMeasure, ServiceStep,
};
use crate::graphql::schema::form::Form;
use crate::graphql::schema::model::{Field, FieldValue, ObjectType, RootValue, Type};
use crate::graphql::schema::{registry, root_fields};
use crate::graphql::types;
use crate::query::{Selection, Source};

/// The plan of an operation whose document is valid.
///
/// # Errors
/// If it selects more different measures than a statement has.
pub(crate) fn compile(
    kind: OperationType,
    root: &SelectionSet,
    selections: Selections<'_>,
    form: Form,
) -> Result<Operation> {
    let mut compiler =
        Compiler { selections, form, connections: 0, sales: 0, links: 0, converted: 0 };
    let mut roots = Vec::new();
    for selected in selections.collect(root_fields::root_name(kind), &[root]) {
        let step = compiler.root(kind, &selected)?;
        let position = selected.field.pos;
        roots.push(Root { key: selected.key.into(), position, step });
    }
    let Compiler { connections, sales, links, converted, .. } = compiler;
    Ok(Operation { kind, roots, connections, sales, links, converted })
}

struct Compiler<'a> {
    selections: Selections<'a>,
    /// What the schema is: it decides which root fields there are.
    form: Form,
    /// Connections numbered by now.
    connections: usize,
    /// Measures of rows' sales numbered by now.
    sales: usize,
    /// Links numbered by now.
    links: usize,
    /// Converted amounts numbered by now.
    converted: usize,
}

impl<'a> Compiler<'a> {
    fn root(&mut self, kind: OperationType, selected: &Selected<'a>) -> Result<RootStep> {
        let type_name = root_fields::root_name(kind);
        let name = selected.field.node.name.node.as_str();
        if name == "__typename" {
            return Ok(RootStep::Typename(type_name));
        }
        let Some(field) = root_fields::field(kind, name, self.form) else {
            if !name.starts_with("__") {
                return Err(unknown(type_name, name));
            }
            let mut field = selected.field.clone();
            let sets = selected.sets.iter().flat_map(|set| set.items.iter().cloned());
            field.node.selection_set.node.items = sets.collect();
            return Ok(RootStep::Introspection(Box::new(field)));
        };
        let arguments = Arguments::from(&selected.field.node);
        if let RootValue::Value(of, column) = &field.value {
            let fetches = vec![value_of(of, column, selected)];
            let is_value = true;
            return Ok(RootStep::Keys { field, arguments, fetches, ended_when: None, is_value });
        }
        let types: &[&'static Type] = match &field.value {
            RootValue::List { of, .. } | RootValue::Groups(of) => {
                let name = format!("{type_name}.{name}");
                let connection = self.connection(of, name, arguments, &selected.sets)?;
                return Ok(RootStep::List { field, connection: Box::new(connection) });
            }
            RootValue::Key(of)
            | RootValue::Id(of)
            | RootValue::Value(of, _)
            | RootValue::Followed { of, .. }
            | RootValue::Command { returns: of, .. } => &[of],
            RootValue::Node | RootValue::Nodes | RootValue::Entities => &types::ALL,
            RootValue::Service => return Ok(RootStep::Service(self.service(&selected.sets)?)),
        };
        let fetches = types.iter().map(|of| self.row(of, &selected.sets));
        let mut fetches = fetches.collect::<Result<Vec<_>>>()?;
        let ended_when = match (&field.value, fetches.first_mut()) {
            (RootValue::Followed { ended_when, .. }, Some(fetch)) => {
                Some(fetch.selection.column(Selection::ROW, ended_when))
            }
            _ => None,
        };
        Ok(RootStep::Keys { field, arguments, fetches, ended_when, is_value: false })
    }

    fn service(&self, sets: &[&'a SelectionSet]) -> Result<Vec<(ResponseKey, ServiceStep)>> {
        let steps = self.selections.collect("_Service", sets).into_iter().map(|selected| {
            let step = match selected.field.node.name.node.as_str() {
                "__typename" => ServiceStep::Typename,
                "sdl" => ServiceStep::Sdl,
                other => return Err(unknown("_Service", other)),
            };
            Ok((ResponseKey::from(selected.key), step))
        });
        steps.collect()
    }

    /// A row with one selection on it.
    fn row(&mut self, of: &'static Type, sets: &[&'a SelectionSet]) -> Result<Fetch> {
        let mut draft = Draft::of(of);
        let object = self.object(&of.shape, sets, Selection::ROW, &mut draft)?;
        draft.nodes.push(object);
        Ok(draft.done())
    }

    /// A connection; `field` names it as its cursors do.
    fn connection(
        &mut self,
        of: &'static Type,
        field: String,
        arguments: Arguments,
        sets: &[&'a SelectionSet],
    ) -> Result<Connection> {
        let number = self.connections;
        self.connections += 1;
        let mut draft = Draft::of(of);
        let mut steps = Vec::new();
        let type_name = registry::connection_name(of);
        for Selected { key, field, sets } in self.selections.collect(&type_name, sets) {
            let step = match field.node.name.node.as_str() {
                "__typename" => ConnectionStep::Typename(type_name.clone()),
                "totalCount" => ConnectionStep::TotalCount,
                "pageInfo" => ConnectionStep::PageInfo(self.page_info(&sets)?),
                "nodes" => ConnectionStep::Nodes(self.node(&sets, &mut draft)?),
                "edges" => ConnectionStep::Edges(self.edges(&sets, &mut draft)?),
                other => return Err(unknown(&type_name, other)),
            };
            steps.push((ResponseKey::from(key), step));
        }
        Ok(Connection { number, field, arguments, steps, fetch: draft.done() })
    }

    /// Adds a selection on nodes and returns its index.
    fn node(&mut self, sets: &[&'a SelectionSet], draft: &mut Draft) -> Result<usize> {
        let object = self.object(&draft.of.shape, sets, Selection::ROW, draft)?;
        draft.nodes.push(object);
        Ok(draft.nodes.len() - 1)
    }

    fn edges(
        &mut self,
        sets: &[&'a SelectionSet],
        draft: &mut Draft,
    ) -> Result<Vec<(ResponseKey, EdgeStep)>> {
        let type_name = registry::edge_name(draft.of);
        let mut steps = Vec::new();
        for Selected { key, field, sets } in self.selections.collect(&type_name, sets) {
            let step = match field.node.name.node.as_str() {
                "__typename" => EdgeStep::Typename(type_name.clone()),
                "cursor" => EdgeStep::Cursor,
                "node" => EdgeStep::Node(self.node(&sets, draft)?),
                other => return Err(unknown(&type_name, other)),
            };
            steps.push((ResponseKey::from(key), step));
        }
        Ok(steps)
    }

    fn page_info(&self, sets: &[&'a SelectionSet]) -> Result<Vec<(ResponseKey, PageInfoStep)>> {
        self.selections
            .collect("PageInfo", sets)
            .into_iter()
            .map(|selected| {
                let step = match selected.field.node.name.node.as_str() {
                    "__typename" => PageInfoStep::Typename,
                    "hasNextPage" => PageInfoStep::HasNextPage,
                    "hasPreviousPage" => PageInfoStep::HasPreviousPage,
                    "startCursor" => PageInfoStep::StartCursor,
                    "endCursor" => PageInfoStep::EndCursor,
                    other => return Err(unknown("PageInfo", other)),
                };
                Ok((ResponseKey::from(selected.key), step))
            })
            .collect()
    }

    /// An object over a row of the draft's statement.
    fn object(
        &mut self,
        shape: &'static ObjectType,
        sets: &[&'a SelectionSet],
        source: Source,
        draft: &mut Draft,
    ) -> Result<Object> {
        let selection = self.selections.collect(shape.name, sets);
        let mut steps = Vec::with_capacity(selection.len());
        for selected in selection {
            let name = selected.field.node.name.node.as_str();
            let step = if name == "__typename" {
                FieldStep::Typename
            } else {
                let field = shape.field(name).ok_or_else(|| unknown(shape.name, name))?;
                self.step(shape, field, &selected, source, draft)?
            };
            steps.push((ResponseKey::from(selected.key), step));
        }
        Ok(Object { type_name: shape.name, steps })
    }

    fn step(
        &mut self,
        shape: &'static ObjectType,
        field: &'static Field,
        selected: &Selected<'a>,
        source: Source,
        draft: &mut Draft,
    ) -> Result<FieldStep> {
        let step = match &field.value {
            FieldValue::Id => {
                FieldStep::Id(draft.selection.table_of(source).key, draft.selection.key(source))
            }
            FieldValue::Column(column) => {
                let index = draft.selection.column(source, column);
                match column.codes {
                    Some(codes) => FieldStep::Code(index, column, codes),
                    None => FieldStep::Column(index, column),
                }
            }
            FieldValue::One(to, from) => {
                let other = draft.selection.join(source, ToOne { table: to.table, from });
                let key = draft.selection.key(other);
                let key = key.first().copied().ok_or_else(|| keyless(to.shape.name))?;
                let nullable = from.iter().any(|column| column.nullable);
                let object = self.object(&to.shape, &selected.sets, other, draft)?;
                FieldStep::One { table: to.table, key, nullable, object }
            }
            FieldValue::Many(of, by) => {
                let name = format!("{}.{}", shape.name, field.name);
                let arguments = Arguments::from(&selected.field.node);
                let connection = self.connection(of, name, arguments, &selected.sets)?;
                let columns = draft.selection.table_of(source).key;
                let parent = draft.selection.key(source);
                draft.below.push(Many { columns, parent, by, connection });
                FieldStep::Many(draft.below.len() - 1)
            }
            FieldValue::Group(group) => {
                let object = self.object(group, &selected.sets, source, draft)?;
                FieldStep::Group { unless_null: None, object }
            }
            FieldValue::GroupUnlessNull(group, column) => {
                let unless_null = Some(draft.selection.column(source, column));
                let object = self.object(group, &selected.sets, source, draft)?;
                FieldStep::Group { unless_null, object }
            }
            FieldValue::Measures(measures) => {
                draft.begin_subset(Arguments::from(&selected.field.node));
                let object = self.object(measures, &selected.sets, source, draft)?;
                FieldStep::Group { unless_null: None, object }
            }
            FieldValue::Sales(measures, owner) => {
                let number = self.sales;
                self.sales += 1;
                // A statement of its own, whose rows hold nothing but the measures.
                let mut own = Draft::of(&types::SALES_GROUP);
                own.begin_subset(Arguments::from(&selected.field.node));
                let object = self.object(measures, &selected.sets, Selection::ROW, &mut own)?;
                let columns = draft.selection.table_of(source).key;
                let parent = draft.selection.key(source);
                let measures = own.measures;
                draft.sales.push(Sales { number, owner, columns, parent, measures, object });
                FieldStep::Sales(draft.sales.len() - 1)
            }
            FieldValue::Converted(amount, day) => {
                let number = self.converted;
                self.converted += 1;
                let amount = draft.selection.column(source, amount);
                let day = draft.selection.column(source, day);
                let arguments = Arguments::from(&selected.field.node);
                // A statement of its own.
                let shape = &types::CONVERTED_AMOUNT.shape;
                let mut own = Draft::of(&types::CONVERTED_AMOUNT);
                let object = self.object(shape, &selected.sets, Selection::ROW, &mut own)?;
                draft.converted.push(Converted { number, amount, day, arguments, object });
                FieldStep::Converted(draft.converted.len() - 1)
            }
            FieldValue::Link(column) => {
                let number = self.links;
                self.links += 1;
                let key = draft.selection.column(source, column);
                let arguments = Arguments::from(&selected.field.node);
                draft.links.push(Link { number, key, arguments });
                FieldStep::Link(draft.links.len() - 1)
            }
            FieldValue::Measure(measure, output) => {
                draft.measure(SelectedMeasure::Known(*measure), *output)?
            }
            FieldValue::Percentile(value, output) => {
                let arguments = Arguments::from(&selected.field.node);
                draft.measure(SelectedMeasure::Percentile(*value, arguments), *output)?
            }
        };
        Ok(step)
    }
}

/// Rows of which one value is read.
fn value_of(of: &'static Type, column: &'static Column, selected: &Selected<'_>) -> Fetch {
    let mut draft = Draft::of(of);
    let index = draft.selection.column(Selection::ROW, column);
    let step = FieldStep::Column(index, column);
    let steps = vec![(ResponseKey::from(selected.key), step)];
    draft.nodes.push(Object { type_name: of.shape.name, steps });
    draft.done()
}

fn keyless(name: &'static str) -> Error {
    Error::internal("a table has no key").with_source(name)
}

/// Validation has refused such documents.
fn unknown(type_name: &str, field: &str) -> Error {
    Error::internal("a field is not in the schema")
        .with_source(format!("no field {field} on {type_name}"))
}
