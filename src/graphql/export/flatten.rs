//! The selections on a row as columns, by the paths of their response keys.

use super::cells::{Source, Value};
use super::types;
use crate::auth::Scope;
use crate::error::{Code, Error, Result};
use crate::graphql::plan::{
    Connection, ConnectionStep, EdgeStep, Fetch, FieldStep, Object, ResponseKey, SelectedMeasures,
};
use crate::query::{require_column, require_table};
use crate::report::format::{Column, Type};

/// All columns that a connection selects, in the order of the document.
///
/// # Errors
/// `BAD_USER_INPUT` about what cannot be a column, `FORBIDDEN` about what the caller may not
/// see; both with its path.
pub(super) fn columns(connection: &Connection, scope: &Scope) -> Result<Vec<(Column, Source)>> {
    let mut flat = Flat { scope, fetch: &connection.fetch, columns: Vec::new() };
    for (_, step) in &connection.steps {
        match step {
            ConnectionStep::Nodes(node) => flat.node(*node)?,
            ConnectionStep::Edges(steps) => {
                for (_, step) in steps {
                    if let EdgeStep::Node(node) = step {
                        flat.node(*node)?;
                    }
                }
            }
            ConnectionStep::Typename(_)
            | ConnectionStep::TotalCount
            | ConnectionStep::PageInfo(_) => {}
        }
    }
    Ok(flat.columns)
}

struct Flat<'a> {
    scope: &'a Scope,
    fetch: &'a Fetch,
    columns: Vec<(Column, Source)>,
}

/// Where an object stands.
#[derive(Clone)]
struct At<'a> {
    path: String,
    /// Whether it may be null.
    nullable: bool,
    /// The indexes of values that, where one is null, make it null although a value of it
    /// may not be.
    guards: Vec<usize>,
    /// The key of the joined row that it is of.
    key: Option<usize>,
    /// The measures it is about.
    measures: &'a SelectedMeasures,
    /// The index of these among the sales of rows.
    sales: Option<usize>,
    /// The index of the converted amounts it is one of.
    converted: Option<usize>,
}

impl<'a> Flat<'a> {
    fn node(&mut self, node: usize) -> Result<()> {
        let object = self.fetch.nodes.get(node).ok_or_else(lost)?;
        let at = At {
            path: String::new(),
            nullable: false,
            guards: Vec::new(),
            key: None,
            measures: &self.fetch.measures,
            sales: None,
            converted: None,
        };
        self.object(object, &at)
    }

    fn object(&mut self, object: &'a Object, at: &At<'a>) -> Result<()> {
        object.steps.iter().try_for_each(|(key, step)| self.field(object, key, step, at))
    }

    fn field(
        &mut self,
        of: &'a Object,
        key: &ResponseKey,
        step: &'a FieldStep,
        at: &At<'a>,
    ) -> Result<()> {
        let dot = if at.path.is_empty() { "" } else { "." };
        let path = format!("{}{dot}{}", at.path, key.name);
        let inner = || At { path: path.clone(), ..at.clone() };
        match step {
            FieldStep::Typename => Ok(()),
            FieldStep::Id(columns, indexes) => {
                let value = Value::Id(of.type_name, columns, indexes.clone());
                self.add(path, Type::Text, false, value, at)
            }
            FieldStep::Column(index, column) => {
                self.allow(&path, require_column(self.scope, column))?;
                let value = match at.converted {
                    Some(converted) => Value::Converted(converted, *index, column.kind),
                    None => Value::Column(*index, column.kind),
                };
                // The columns of a missing row are null, but what is computed from them may
                // be not.
                let mut at = at.clone();
                at.guards.extend(at.key.filter(|_| column.is_computed()));
                self.add(path, types::of_column(column), column.nullable, value, &at)
            }
            FieldStep::Code(index, column, codes) => {
                self.allow(&path, require_column(self.scope, column))?;
                let value = Value::Code(*index, column.kind, codes);
                self.add(path, Type::Text, column.nullable, value, at)
            }
            FieldStep::Measure { index, number, output, nullable } => {
                let ty = types::of_measure(at.measures, *number, *output);
                let value = match at.sales {
                    Some(sales) => Value::Sales(sales, *number, *output),
                    None => Value::Measure(*index, *output),
                };
                self.add(path, ty, *nullable, value, at)
            }
            FieldStep::One { table, key, nullable, object } => {
                self.allow(&path, require_table(self.scope, table))?;
                let nullable = at.nullable || *nullable;
                self.object(object, &At { nullable, key: Some(*key), ..inner() })
            }
            FieldStep::Group { unless_null: None, object } => self.object(object, &inner()),
            FieldStep::Group { unless_null: Some(index), object } => {
                let mut inner = At { nullable: true, ..inner() };
                inner.guards.push(*index);
                self.object(object, &inner)
            }
            FieldStep::Sales(index) => {
                let sales = self.fetch.sales.get(*index).ok_or_else(lost)?;
                let inner = At { measures: &sales.measures, sales: Some(*index), ..inner() };
                self.object(&sales.object, &inner)
            }
            FieldStep::Converted(index) => {
                let converted = self.fetch.converted.get(*index).ok_or_else(lost)?;
                let inner = At { converted: Some(*index), ..inner() };
                self.object(&converted.object, &inner)
            }
            FieldStep::Link(_) => {
                let message = format!("{path}: a link cannot be in a file: leave it out");
                Err(Error::new(Code::BadUserInput, message))
            }
            FieldStep::Many(index) => {
                let many = self.fetch.below.get(*index).ok_or_else(lost)?;
                let of = many.connection.fetch.of.roots.list.as_ref();
                let list = of.map_or_else(String::new, |(name, _)| format!("query {name}, or "));
                let message = format!(
                    "{path}: a list within a row cannot be columns of a file: {list}leave it out"
                );
                Err(Error::new(Code::BadUserInput, message))
            }
        }
    }

    fn allow(&self, path: &str, allowed: Result<()>) -> Result<()> {
        allowed.map_err(|error| Error::new(error.code(), format!("{path}: {}", error.message())))
    }

    fn add(
        &mut self,
        path: String,
        ty: Type,
        nullable: bool,
        value: Value,
        at: &At<'a>,
    ) -> Result<()> {
        let nullable = nullable || at.nullable;
        let source = Source { value, nullable, guards: at.guards.clone() };
        let column = Column { name: path, ty, nullable };
        match self.columns.iter().find(|(known, _)| known.name == column.name) {
            None => self.columns.push((column, source)),
            Some((_, known)) if *known == source => {}
            Some(_) => {
                let message = format!("{}: two columns have this path: use an alias", column.name);
                return Err(Error::new(Code::BadUserInput, message));
            }
        }
        Ok(())
    }
}

fn lost() -> Error {
    Error::internal("the plan of an export does not fit")
}
