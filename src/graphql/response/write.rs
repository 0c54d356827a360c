//! Writes `data` as JSON, straight from the rows.

use std::sync::Arc;

use async_graphql::{ServerError, Value};

use super::json;
use super::sink::{Segment, Writer, Written};
use crate::error::{Error, Result};
use crate::graphql::execute::data::{Fetched, KeyedRows, Lists, Read, RootData};
use crate::graphql::plan::target::RootTarget;
use crate::graphql::plan::{
    Connection, ConnectionStep, EdgeStep, Fetch, FieldStep, Object, Operation, PageInfoStep,
    ResponseKey, RootStep, ServiceStep, TEXT_UNIT, count,
};
use crate::graphql::schema::{global_id, subgraph_sdl};
use crate::query::{self, Extent, Row, require_column, require_table};

/// The JSON of `data`, and the errors of its fields.
pub(crate) struct Data {
    pub(crate) json: Vec<u8>,
    pub(crate) errors: Vec<ServerError>,
    /// Whether no root field failed.
    pub(crate) is_complete: bool,
}

/// A row and what is below it.
#[derive(Clone, Copy)]
struct At<'a> {
    fetch: &'a Fetch,
    fetched: &'a Fetched,
    row: usize,
    values: &'a Row,
}

impl<'a> Writer<'a> {
    /// Writes all of `data`; `introspected` is the data of the fields about the schema.
    pub(crate) fn data(
        mut self,
        operation: &'a Operation,
        targets: Vec<Result<RootTarget>>,
        read: &'a [RootData],
        introspected: &Value,
    ) -> Data {
        let (mut is_complete, mut is_null) = (true, false);
        self.out.push(b'{');
        let roots = operation.roots.iter().zip(read).zip(targets);
        for (index, ((root, read), target)) in roots.enumerate() {
            self.key(index, &root.key);
            self.position = root.position;
            self.path.push(Segment::Key(&root.key));
            let is_written = self.root_or_null(|writer| match (&root.step, target) {
                (_, Err(refused)) => Err(writer.failure(refused)),
                (RootStep::Introspection(_), _) => writer.introspected(introspected, &root.key),
                (step, Ok(target)) => writer.root(step, read, &target),
            });
            is_complete &= is_written;
            is_null |= !is_written && root.step.is_non_null();
        }
        self.out.push(b'}');
        if is_null {
            self.out = b"null".to_vec();
        }
        Data { json: self.out, errors: self.errors, is_complete }
    }

    fn introspected(&mut self, introspected: &Value, key: &ResponseKey) -> Written {
        let value = match introspected {
            Value::Object(fields) => fields.get(&key.name).unwrap_or(&Value::Null),
            _ => &Value::Null,
        };
        serde_json::to_writer(&mut self.out, value).map_err(|error| {
            self.failure(Error::internal("the schema cannot be written").with_source(error))
        })
    }

    fn root(&mut self, step: &'a RootStep, read: &'a RootData, target: &RootTarget) -> Written {
        match (step, read, target) {
            (RootStep::Typename(name), _, _) => {
                json::plain(&mut self.out, name);
                Ok(())
            }
            (RootStep::List { connection, .. }, RootData::List(lists), _) => {
                let lists = self.read(lists)?;
                self.connection(connection, lists, 0)
            }
            (
                RootStep::Keys { fetches, is_value, .. },
                RootData::Keys(read),
                RootTarget::Row(fetch, key),
            ) => self.by_key(fetches, read, (*fetch, key), *is_value),
            (RootStep::Keys { fetches, .. }, RootData::Keys(read), RootTarget::Rows(keys)) => self
                .list(keys, |writer, key| {
                    writer.or_null(|writer| match key {
                        Ok((fetch, key)) => writer.by_key(fetches, read, (*fetch, key), false),
                        Err(refused) => Err(writer.failure(Arc::clone(refused))),
                    })
                }),
            (RootStep::Service(steps), _, _) => self.service(steps),
            _ => Err(self.failure(lost())),
        }
    }

    fn service(&mut self, steps: &'a [(ResponseKey, ServiceStep)]) -> Written {
        self.fields(steps, |writer, step| match step {
            ServiceStep::Typename => {
                json::plain(&mut writer.out, "_Service");
                Ok(())
            }
            ServiceStep::Sdl => {
                let sdl = subgraph_sdl();
                writer.take(count(sdl.len() / TEXT_UNIT))?;
                json::text(&mut writer.out, sdl).map_err(|error| writer.failure(error))
            }
        })
    }

    fn by_key(
        &mut self,
        fetches: &'a [Fetch],
        read: &'a [Option<Read<KeyedRows>>],
        (fetch, key): (usize, &query::Key),
        is_value: bool,
    ) -> Written {
        let (Some(fetch), Some(Some(found))) = (fetches.get(fetch), read.get(fetch)) else {
            return Err(self.failure(lost()));
        };
        let found = self.read(found)?;
        let (Some(row), Some(object)) = (found.at.get(key).copied(), fetch.nodes.first()) else {
            return self.null();
        };
        if !is_value {
            return self.node(object, fetch, &found.fetched, row);
        }
        match (object.steps.first(), found.fetched.rows.get(row)) {
            (Some((_, step)), Some(values)) => self.scalar(object, step, values),
            _ => Err(self.failure(lost())),
        }
    }

    /// The page of a connection with this index.
    fn connection(&mut self, connection: &'a Connection, lists: &'a Lists, page: usize) -> Written {
        let Some(extent) = lists.pages.get(page).copied() else { return Err(self.failure(lost())) };
        self.take(connection.values())?;
        let rows = extent.start..extent.end;
        self.take(count(rows.len()).saturating_mul(connection.edge_values()))?;
        let (fetch, fetched) = (&connection.fetch, &lists.fetched);
        self.fields(&connection.steps, |writer, step| match step {
            ConnectionStep::Typename(name) => {
                json::plain(&mut writer.out, name);
                Ok(())
            }
            ConnectionStep::TotalCount => {
                json::integer(&mut writer.out, lists.counts.get(page).copied().unwrap_or_default());
                Ok(())
            }
            ConnectionStep::PageInfo(steps) => writer.page_info(connection, lists, extent, steps),
            ConnectionStep::Nodes(node) => {
                let object = fetch.nodes.get(*node).ok_or_else(|| writer.failure(lost()))?;
                writer.list(rows.clone(), |writer, row| writer.node(object, fetch, fetched, row))
            }
            ConnectionStep::Edges(steps) => {
                writer.list(rows.clone(), |writer, row| writer.edge(connection, lists, row, steps))
            }
        })
    }

    fn edge(
        &mut self,
        connection: &'a Connection,
        lists: &'a Lists,
        row: usize,
        steps: &'a [(ResponseKey, EdgeStep)],
    ) -> Written {
        self.fields(steps, |writer, step| match step {
            EdgeStep::Typename(name) => {
                json::plain(&mut writer.out, name);
                Ok(())
            }
            EdgeStep::Cursor => writer.cursor(connection, lists.fetched.rows.get(row)),
            EdgeStep::Node(node) => {
                let fetch = &connection.fetch;
                let object = fetch.nodes.get(*node).ok_or_else(|| writer.failure(lost()))?;
                writer.node(object, fetch, &lists.fetched, row)
            }
        })
    }

    fn page_info(
        &mut self,
        connection: &'a Connection,
        lists: &'a Lists,
        extent: Extent,
        steps: &'a [(ResponseKey, PageInfoStep)],
    ) -> Written {
        let binding = self.bindings.list(connection.number);
        let page = &binding.map_err(|error| self.failure(error))?.page;
        let rows = lists.fetched.rows.get(extent.start..extent.end).unwrap_or_default();
        self.fields(steps, |writer, step| {
            let is = match step {
                PageInfoStep::Typename => {
                    json::plain(&mut writer.out, "PageInfo");
                    return Ok(());
                }
                PageInfoStep::StartCursor => return writer.cursor(connection, rows.first()),
                PageInfoStep::EndCursor => return writer.cursor(connection, rows.last()),
                PageInfoStep::HasNextPage => {
                    page.has_before() || !page.backwards && extent.has_more
                }
                PageInfoStep::HasPreviousPage => {
                    page.has_after() || page.backwards && extent.has_more
                }
            };
            json::boolean(&mut writer.out, is);
            Ok(())
        })
    }

    /// The cursor of a row; null without one.
    fn cursor(&mut self, connection: &Connection, row: Option<&Row>) -> Written {
        let Some(row) = row else { return self.null() };
        let cursor = self.bindings.list(connection.number).and_then(|list| {
            query::cursor(&connection.field, &list.page.order, &connection.fetch.selection, row)
        });
        let cursor = cursor.map_err(|error| self.failure(error))?;
        json::plain(&mut self.out, &cursor);
        self.take(count(cursor.len() / TEXT_UNIT))
    }

    fn node(
        &mut self,
        object: &'a Object,
        fetch: &'a Fetch,
        fetched: &'a Fetched,
        row: usize,
    ) -> Written {
        let Some(values) = fetched.rows.get(row) else { return Err(self.failure(lost())) };
        self.object(object, At { fetch, fetched, row, values })
    }

    fn object(&mut self, object: &'a Object, at: At<'a>) -> Written {
        self.take(object.least_values())?;
        self.fields(&object.steps, |writer, step| writer.field(object, step, at))
    }

    /// A field that the caller may not see is null and an error.
    fn field(&mut self, object: &'a Object, step: &'a FieldStep, at: At<'a>) -> Written {
        let allowed = match step {
            FieldStep::One { table, .. } => require_table(self.scope, table),
            FieldStep::Column(_, column) | FieldStep::Code(_, column, _) => {
                require_column(self.scope, column)
            }
            _ => Ok(()),
        };
        if let Err(error) = allowed {
            return self.or_null(|writer| Err(writer.failure(error)));
        }
        match step {
            FieldStep::One { key, nullable: false, object, .. } => {
                if !self.is_null(*key, at)? {
                    return self.object(object, at);
                }
                let error = Error::internal("a row is missing").with_source(object.type_name);
                Err(self.failure(error))
            }
            FieldStep::One { key: index, object, .. }
            | FieldStep::Group { unless_null: Some(index), object } => self.or_null(|writer| {
                if writer.is_null(*index, at)? { writer.null() } else { writer.object(object, at) }
            }),
            FieldStep::Group { unless_null: None, object } => self.object(object, at),
            FieldStep::Many(index) => self.many(*index, at),
            FieldStep::Sales(index) => self.sales(*index, at),
            FieldStep::Converted(index) => self.converted(*index, at),
            FieldStep::Link(index) => self.or_null(|writer| writer.link(*index, at)),
            FieldStep::Measure { nullable: true, .. } => {
                self.or_null(|writer| writer.scalar(object, step, at.values))
            }
            FieldStep::Column(_, column) | FieldStep::Code(_, column, _) if column.nullable => {
                self.or_null(|writer| writer.scalar(object, step, at.values))
            }
            scalar => self.scalar(object, scalar, at.values),
        }
    }

    fn is_null(&self, index: usize, at: At<'a>) -> Written<bool> {
        at.values.is_null(index).map_err(|error| self.failure(error))
    }

    fn many(&mut self, index: usize, at: At<'a>) -> Written {
        let (Some(many), Some(lists)) = (at.fetch.below.get(index), at.fetched.below.get(index))
        else {
            return Err(self.failure(lost()));
        };
        let lists = self.read(lists)?;
        match lists.of.get(at.row) {
            Some(Some(page)) => self.connection(&many.connection, lists, *page),
            _ => Err(self.failure(lost())),
        }
    }

    fn sales(&mut self, index: usize, at: At<'a>) -> Written {
        let (Some(sales), Some(read)) = (at.fetch.sales.get(index), at.fetched.sales.get(index))
        else {
            return Err(self.failure(lost()));
        };
        let measures = self.read(read)?;
        if sales.measures.selected.is_empty() {
            return self.object(&sales.object, at);
        }
        let index = measures.of.get(at.row).copied().flatten();
        let row = index.and_then(|index| measures.rows.get(index));
        let Some(values) = row else { return Err(self.failure(lost())) };
        self.object(&sales.object, At { values, ..at })
    }

    fn converted(&mut self, index: usize, at: At<'a>) -> Written {
        let (Some(converted), Some(read)) =
            (at.fetch.converted.get(index), at.fetched.converted.get(index))
        else {
            return Err(self.failure(lost()));
        };
        match self.read(read)?.get(at.row) {
            Some(values) => self.object(&converted.object, At { values, ..at }),
            None => Err(self.failure(lost())),
        }
    }

    fn link(&mut self, index: usize, at: At<'a>) -> Written {
        let Some(read) = at.fetched.links.get(index) else { return Err(self.failure(lost())) };
        match self.read(read)?.get(at.row) {
            Some(Some(link)) => {
                json::plain(&mut self.out, link);
                self.take(count(link.len() / TEXT_UNIT))
            }
            Some(None) => self.null(),
            None => Err(self.failure(lost())),
        }
    }

    fn scalar(&mut self, object: &Object, step: &FieldStep, row: &Row) -> Written {
        let before = self.out.len();
        let written = match step {
            FieldStep::Typename => {
                json::plain(&mut self.out, object.type_name);
                return Ok(());
            }
            FieldStep::Id(columns, indexes) => {
                row.key(columns, indexes.iter().copied()).and_then(|key| {
                    let key = key.ok_or_else(lost)?;
                    json::plain(&mut self.out, &global_id::encode(object.type_name, &key));
                    Ok(())
                })
            }
            FieldStep::Column(index, column) => json::column(&mut self.out, row, *index, column),
            FieldStep::Code(index, column, codes) => {
                json::code(&mut self.out, row, *index, column, codes)
            }
            FieldStep::Measure { index, output, nullable, .. } => {
                json::measure(&mut self.out, row, *index, *output, *nullable)
            }
            FieldStep::One { .. }
            | FieldStep::Group { .. }
            | FieldStep::Many(_)
            | FieldStep::Sales(_)
            | FieldStep::Converted(_)
            | FieldStep::Link(_) => Err(lost()),
        };
        written.map_err(|error| self.failure(error))?;
        self.take(count((self.out.len() - before) / TEXT_UNIT))
    }
}

fn lost() -> Error {
    Error::internal("the data do not fit the plan")
}
