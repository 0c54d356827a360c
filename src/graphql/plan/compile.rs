//! From the selections of a document to a plan.

use async_graphql::parser::types::{OperationType, SelectionSet};

use crate::catalog::ToOne;
use crate::error::{Code, Error, Result};
use crate::graphql::inputs::arguments::Arguments;
use crate::graphql::plan::collect_fields::{Selected, Selections};
use crate::graphql::plan::{
    Connection, ConnectionStep, EdgeStep, Fetch, Key, Many, Measured, Object, Operation,
    PageInfoStep, Root, RootStep, Sales, Step, WantedMeasure,
};
use crate::graphql::schema::model::{Entity, Field, FieldValue, RootValue, Shape, Shown};
use crate::graphql::schema::{registry, root_fields};
use crate::graphql::types;
use crate::query::aggregate::{self, MOST_MEASURES};
use crate::query::{Selection, Source};

/// The plan of an operation whose document is valid.
///
/// # Errors
/// With the source [`Conflict`](crate::graphql::response::errors::Conflict) if selections of one
/// response key ask for different things.
pub(crate) fn compile(
    kind: OperationType,
    root: &SelectionSet,
    selections: Selections<'_>,
) -> Result<Operation> {
    let mut compiler = Compiler { selections, connections: 0, sales: 0 };
    let mut roots = Vec::new();
    for selected in selections.collect(root_fields::root_name(kind), &[root])? {
        let step = compiler.root(kind, &selected)?;
        let position = selected.field.pos;
        roots.push(Root { key: selected.key.into(), position, step });
    }
    let Compiler { connections, sales, .. } = compiler;
    Ok(Operation { kind, roots, connections, sales })
}

struct Compiler<'a> {
    selections: Selections<'a>,
    /// How many connections there are by now.
    connections: usize,
    /// How often sales of rows are measured by now.
    sales: usize,
}

/// What is planned for one statement by now.
struct Draft {
    entity: &'static Entity,
    selection: Selection,
    nodes: Vec<Object>,
    below: Vec<Many>,
    sales: Vec<Sales>,
    measured: Measured,
    /// Which of the subsets is measured at the moment.
    subset: usize,
}

impl Draft {
    fn of(entity: &'static Entity) -> Self {
        let mut selection = Selection::of(entity.table);
        selection.key(Selection::ROW);
        Self {
            entity,
            selection,
            nodes: Vec::new(),
            below: Vec::new(),
            sales: Vec::new(),
            measured: Measured::default(),
            subset: 0,
        }
    }

    fn done(self) -> Fetch {
        let Self { entity, selection, nodes, below, sales, measured, .. } = self;
        Fetch { entity, selection, nodes, below, sales, measured }
    }

    /// From now on lines are measured that these arguments name.
    fn measure(&mut self, arguments: Arguments) {
        let known = self.measured.subsets.iter().position(|known| *known == arguments);
        self.subset = known.unwrap_or_else(|| {
            self.measured.subsets.push(arguments);
            self.measured.subsets.len() - 1
        });
    }

    /// A value that is measured.
    fn value(&mut self, wanted: WantedMeasure, shown: Shown) -> Result<Step> {
        let nullable = match &wanted {
            WantedMeasure::Known(measure) => !measure.is_zero_of_nothing(),
            WantedMeasure::Percentile(..) => true,
        };
        let of = self.subset;
        let known = self.measured.wanted.iter().position(|(subset, known)| {
            let (WantedMeasure::Known(known), WantedMeasure::Known(wanted)) = (known, &wanted)
            else {
                return false;
            };
            *subset == of && known == wanted
        });
        let place = known.unwrap_or_else(|| {
            self.measured.wanted.push((of, wanted));
            self.measured.wanted.len() - 1
        });
        let column = aggregate::value(place).ok_or_else(|| {
            let message = format!("more than {MOST_MEASURES} different measures are selected");
            Error::new(Code::BadUserInput, message)
        })?;
        let index = self.selection.column(Selection::ROW, column);
        Ok(Step::Measure { index, shown, nullable })
    }
}

impl<'a> Compiler<'a> {
    fn root(&mut self, kind: OperationType, selected: &Selected<'a>) -> Result<RootStep> {
        let type_name = root_fields::root_name(kind);
        let name = selected.field.node.name.node.as_str();
        if name == "__typename" {
            return Ok(RootStep::Typename(type_name));
        }
        let Some(field) = root_fields::field(kind, name) else {
            if !name.starts_with("__") {
                return Err(unknown(type_name, name));
            }
            let mut field = selected.field.clone();
            let sets = selected.sets.iter().flat_map(|set| set.items.iter().cloned());
            field.node.selection_set.node.items = sets.collect();
            return Ok(RootStep::Introspection(Box::new(field)));
        };
        let arguments = Arguments::from(&selected.field.node);
        let entities: &[&'static Entity] = match &field.value {
            RootValue::List { of, .. } | RootValue::Groups(of) => {
                let name = format!("{type_name}.{name}");
                let connection = self.connection(of, name, arguments, &selected.sets)?;
                return Ok(RootStep::List { field, connection: Box::new(connection) });
            }
            RootValue::Key(entity)
            | RootValue::Id(entity)
            | RootValue::Followed { of: entity, .. }
            | RootValue::Command { returns: entity, .. } => &[entity],
            RootValue::Node | RootValue::Nodes => &types::ALL,
        };
        let fetches = entities.iter().map(|entity| self.row(entity, &selected.sets));
        let mut fetches = fetches.collect::<Result<Vec<_>>>()?;
        let ended_when = match (&field.value, fetches.first_mut()) {
            (RootValue::Followed { ended_when, .. }, Some(fetch)) => {
                Some(fetch.selection.column(Selection::ROW, ended_when))
            }
            _ => None,
        };
        Ok(RootStep::Keys { field, arguments, fetches, ended_when })
    }

    /// A row of an entity, shown in one way.
    fn row(&mut self, entity: &'static Entity, sets: &[&'a SelectionSet]) -> Result<Fetch> {
        let mut draft = Draft::of(entity);
        let object = self.object(&entity.shape, sets, Selection::ROW, &mut draft)?;
        draft.nodes.push(object);
        Ok(draft.done())
    }

    /// A connection; `field` names it as its cursors do.
    fn connection(
        &mut self,
        entity: &'static Entity,
        field: String,
        arguments: Arguments,
        sets: &[&'a SelectionSet],
    ) -> Result<Connection> {
        let number = self.connections;
        self.connections += 1;
        let mut draft = Draft::of(entity);
        let mut steps = Vec::new();
        let type_name = registry::connection_name(entity);
        for Selected { key, field, sets } in self.selections.collect(&type_name, sets)? {
            let step = match field.node.name.node.as_str() {
                "__typename" => ConnectionStep::Typename(type_name.clone()),
                "totalCount" => ConnectionStep::TotalCount,
                "pageInfo" => ConnectionStep::PageInfo(self.page_info(&sets)?),
                "nodes" => ConnectionStep::Nodes(self.node(&sets, &mut draft)?),
                "edges" => ConnectionStep::Edges(self.edges(&sets, &mut draft)?),
                other => return Err(unknown(&type_name, other)),
            };
            steps.push((Key::from(key), step));
        }
        Ok(Connection { number, field, arguments, steps, fetch: draft.done() })
    }

    /// Adds a way nodes are shown and tells its index.
    fn node(&mut self, sets: &[&'a SelectionSet], draft: &mut Draft) -> Result<usize> {
        let object = self.object(&draft.entity.shape, sets, Selection::ROW, draft)?;
        draft.nodes.push(object);
        Ok(draft.nodes.len() - 1)
    }

    fn edges(
        &mut self,
        sets: &[&'a SelectionSet],
        draft: &mut Draft,
    ) -> Result<Vec<(Key, EdgeStep)>> {
        let type_name = registry::edge_name(draft.entity);
        let mut steps = Vec::new();
        for Selected { key, field, sets } in self.selections.collect(&type_name, sets)? {
            let step = match field.node.name.node.as_str() {
                "__typename" => EdgeStep::Typename(type_name.clone()),
                "cursor" => EdgeStep::Cursor,
                "node" => EdgeStep::Node(self.node(&sets, draft)?),
                other => return Err(unknown(&type_name, other)),
            };
            steps.push((Key::from(key), step));
        }
        Ok(steps)
    }

    fn page_info(&self, sets: &[&'a SelectionSet]) -> Result<Vec<(Key, PageInfoStep)>> {
        self.selections
            .collect("PageInfo", sets)?
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
                Ok((Key::from(selected.key), step))
            })
            .collect()
    }

    /// An object over the row of a source of the draft's statement.
    fn object(
        &mut self,
        shape: &'static Shape,
        sets: &[&'a SelectionSet],
        source: Source,
        draft: &mut Draft,
    ) -> Result<Object> {
        let selection = self.selections.collect(shape.name, sets)?;
        let mut steps = Vec::with_capacity(selection.len());
        for selected in selection {
            let name = selected.field.node.name.node.as_str();
            let step = if name == "__typename" {
                Step::Typename
            } else {
                let field = shape.field(name).ok_or_else(|| unknown(shape.name, name))?;
                self.step(shape, field, &selected, source, draft)?
            };
            steps.push((Key::from(selected.key), step));
        }
        Ok(Object { type_name: shape.name, steps })
    }

    fn step(
        &mut self,
        shape: &'static Shape,
        field: &'static Field,
        selected: &Selected<'a>,
        source: Source,
        draft: &mut Draft,
    ) -> Result<Step> {
        let step = match &field.value {
            FieldValue::Id => {
                Step::Id(draft.selection.table_of(source).key, draft.selection.key(source))
            }
            FieldValue::Column(column) => {
                let index = draft.selection.column(source, column);
                match column.codes {
                    Some(codes) => Step::Code(index, column, codes),
                    None => Step::Column(index, column),
                }
            }
            FieldValue::One(to, from) => {
                let other = draft.selection.join(source, ToOne { table: to.table, from });
                let key = draft.selection.key(other);
                let there = key.first().copied().ok_or_else(|| keyless(to.shape.name))?;
                let nullable = from.iter().any(|column| column.nullable);
                let object = self.object(&to.shape, &selected.sets, other, draft)?;
                Step::One { there, nullable, object }
            }
            FieldValue::Many(of, by) => {
                let name = format!("{}.{}", shape.name, field.name);
                let arguments = Arguments::from(&selected.field.node);
                let connection = self.connection(of, name, arguments, &selected.sets)?;
                let columns = draft.selection.table_of(source).key;
                let parent = draft.selection.key(source);
                draft.below.push(Many { columns, parent, by, connection });
                Step::Many(draft.below.len() - 1)
            }
            FieldValue::Group(group) => {
                let object = self.object(group, &selected.sets, source, draft)?;
                Step::Group { there: None, object }
            }
            FieldValue::GroupUnlessNull(group, column) => {
                let there = Some(draft.selection.column(source, column));
                let object = self.object(group, &selected.sets, source, draft)?;
                Step::Group { there, object }
            }
            FieldValue::Measures(measures) => {
                draft.measure(Arguments::from(&selected.field.node));
                let object = self.object(measures, &selected.sets, source, draft)?;
                Step::Group { there: None, object }
            }
            FieldValue::Sales(measures, owner) => {
                let number = self.sales;
                self.sales += 1;
                // Its rows hold the measures and nothing else.
                let mut own = Draft::of(&types::SALES_GROUP);
                own.measure(Arguments::from(&selected.field.node));
                let object = self.object(measures, &selected.sets, Selection::ROW, &mut own)?;
                let columns = draft.selection.table_of(source).key;
                let parent = draft.selection.key(source);
                let Draft { measured, .. } = own;
                draft.sales.push(Sales { number, owner, columns, parent, measured, object });
                Step::Sales(draft.sales.len() - 1)
            }
            FieldValue::Measure(measure, shown) => {
                draft.value(WantedMeasure::Known(*measure), *shown)?
            }
            FieldValue::Percentile(value, shown) => {
                let arguments = Arguments::from(&selected.field.node);
                draft.value(WantedMeasure::Percentile(*value, arguments), *shown)?
            }
        };
        Ok(step)
    }
}

fn keyless(name: &'static str) -> Error {
    Error::internal("a table has no key").with_source(name)
}

/// Validation refuses such documents before they come here.
fn unknown(type_name: &str, field: &str) -> Error {
    Error::internal("the document was not understood")
        .with_source(format!("no field {field} on {type_name}"))
}
