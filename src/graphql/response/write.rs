//! Writes an answer as JSON, straight from the rows that were read.

use async_graphql::{ServerError, Value};

use super::json;
use super::sink::{Segment, TEXT, Writer, Written};
use crate::error::{Error, Result};
use crate::graphql::execute::{Fetched, Found, Lists, Read, RootData};
use crate::graphql::plan::bind::Wanted;
use crate::graphql::plan::{
    Connection, ConnectionStep, EdgeStep, Fetch, Key, Object, Operation, PageInfoStep, RootStep,
    Step, count,
};
use crate::graphql::schema::global_id;
use crate::query::{self, Extent, Row};

/// The JSON of `data`, and what failed in it.
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
    /// Writes the whole of `data`. `introspected` holds what async-graphql answered.
    pub(crate) fn data(
        mut self,
        operation: &'a Operation,
        wanted: Vec<Result<Wanted>>,
        read: &'a [RootData],
        introspected: &Value,
    ) -> Data {
        let mut is_complete = true;
        self.out.push(b'{');
        let roots = operation.roots.iter().zip(read).zip(wanted);
        for (index, ((root, read), wanted)) in roots.enumerate() {
            self.key(index, &root.key);
            self.position = root.position;
            self.path.push(Segment::Key(&root.key));
            is_complete &= self.root_or_null(|writer| match (&root.step, wanted) {
                (_, Err(refused)) => Err(writer.failure(refused)),
                (RootStep::Introspection(_), _) => writer.introspected(introspected, &root.key),
                (step, Ok(wanted)) => writer.root(step, read, &wanted),
            });
        }
        self.out.push(b'}');
        Data { json: self.out, errors: self.errors, is_complete }
    }

    fn introspected(&mut self, introspected: &Value, key: &Key) -> Written {
        let value = match introspected {
            Value::Object(fields) => fields.get(&key.name).unwrap_or(&Value::Null),
            _ => &Value::Null,
        };
        serde_json::to_writer(&mut self.out, value).map_err(|error| {
            self.failure(Error::internal("the schema cannot be written").with_source(error))
        })
    }

    fn root(&mut self, step: &'a RootStep, read: &'a RootData, wanted: &Wanted) -> Written {
        match (step, read, wanted) {
            (RootStep::Typename(name), _, _) => {
                json::plain(&mut self.out, name);
                Ok(())
            }
            (RootStep::List { connection, .. }, RootData::List(lists), _) => {
                let lists = self.read(lists)?;
                self.connection(connection, lists, 0)
            }
            (RootStep::Keys { fetches, .. }, RootData::Keys(found), Wanted::One(of, key)) => {
                self.by_key(fetches, found, *of, key)
            }
            (RootStep::Keys { fetches, .. }, RootData::Keys(found), Wanted::Each(keys)) => self
                .list(keys, |writer, (of, key)| {
                    writer.or_null(|writer| writer.by_key(fetches, found, *of, key))
                }),
            _ => Err(self.failure(lost())),
        }
    }

    fn by_key(
        &mut self,
        fetches: &'a [Fetch],
        found: &'a [Option<Read<Found>>],
        of: usize,
        key: &query::Key,
    ) -> Written {
        let (Some(fetch), Some(Some(found))) = (fetches.get(of), found.get(of)) else {
            return Err(self.failure(lost()));
        };
        let found = self.read(found)?;
        match (found.at.get(key), fetch.nodes.first()) {
            (Some(row), Some(object)) => self.node(object, fetch, &found.fetched, *row),
            _ => self.null(),
        }
    }

    /// The page of a connection with this number.
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
        steps: &'a [(Key, EdgeStep)],
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
        steps: &'a [(Key, PageInfoStep)],
    ) -> Written {
        let ask = self.asks.of(connection.number).map_err(|error| self.failure(error))?;
        let page = &ask.page;
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
        let cursor = self.asks.of(connection.number).and_then(|ask| {
            query::cursor(&connection.field, &ask.page.order, &connection.fetch.selection, row)
        });
        let cursor = cursor.map_err(|error| self.failure(error))?;
        json::plain(&mut self.out, &cursor);
        self.take(count(cursor.len() / TEXT))
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
        self.fields(&object.steps, |writer, step| match step {
            Step::One { there, nullable: false, object } => {
                if writer.is_there(*there, at)? {
                    return writer.object(object, at);
                }
                let error = Error::internal("a row is missing").with_source(object.type_name);
                Err(writer.failure(error))
            }
            Step::One { there, object, .. } | Step::Group { there: Some(there), object } => writer
                .or_null(|writer| {
                    let there = writer.is_there(*there, at)?;
                    if there { writer.object(object, at) } else { writer.null() }
                }),
            Step::Group { there: None, object } => writer.object(object, at),
            Step::Many(index) => writer.many(*index, at),
            Step::Sales(index) => writer.sales(*index, at),
            Step::Measure { nullable: true, .. } => {
                writer.or_null(|writer| writer.scalar(object, step, at.values))
            }
            Step::Column(_, column) | Step::Code(_, column, _) if column.nullable => {
                writer.or_null(|writer| writer.scalar(object, step, at.values))
            }
            scalar => writer.scalar(object, scalar, at.values),
        })
    }

    fn is_there(&self, index: usize, at: At<'a>) -> Written<bool> {
        at.values.is_null(index).map(|null| !null).map_err(|error| self.failure(error))
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
        let (Some(sales), Some(sold)) = (at.fetch.sales.get(index), at.fetched.sales.get(index))
        else {
            return Err(self.failure(lost()));
        };
        let sold = self.read(sold)?;
        if sales.measured.wanted.is_empty() {
            return self.object(&sales.object, at);
        }
        let row = sold.of.get(at.row).copied().flatten().and_then(|row| sold.rows.get(row));
        let Some(values) = row else { return Err(self.failure(lost())) };
        self.object(&sales.object, At { values, ..at })
    }

    fn scalar(&mut self, object: &Object, step: &Step, row: &Row) -> Written {
        let before = self.out.len();
        let written = match step {
            Step::Typename => {
                json::plain(&mut self.out, object.type_name);
                return Ok(());
            }
            Step::Id(columns, indexes) => {
                row.key(columns, indexes.iter().copied()).and_then(|key| {
                    let key = key.ok_or_else(lost)?;
                    json::plain(&mut self.out, &global_id::encode(object.type_name, &key));
                    Ok(())
                })
            }
            Step::Column(index, column) => json::column(&mut self.out, row, *index, column),
            Step::Code(index, column, codes) => {
                json::code(&mut self.out, row, *index, column, codes)
            }
            Step::Measure { index, shown, nullable } => {
                json::measure(&mut self.out, row, *index, *shown, *nullable)
            }
            Step::One { .. } | Step::Group { .. } | Step::Many(_) | Step::Sales(_) => Err(lost()),
        };
        written.map_err(|error| self.failure(error))?;
        self.take(count((self.out.len() - before) / TEXT))
    }
}

fn lost() -> Error {
    Error::internal("a row was lost on its way into the answer")
}
