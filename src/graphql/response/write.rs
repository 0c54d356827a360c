//! Writes an answer as JSON, straight from the rows that were read.

use async_graphql::{Pos, ServerError};

use super::json;
use crate::error::{Error, Result};
use crate::graphql::document::limits::Budget;
use crate::graphql::execute::{Fetched, Found, Lists, Read, RootData};
use crate::graphql::plan::bind::{Asks, Wanted};
use crate::graphql::plan::{
    Connection, ConnectionStep, EdgeStep, Fetch, Key, Object, Operation, PageInfoStep, RootStep,
    Step, count,
};
use crate::graphql::response::null_propagation::{Segment, Written};
use crate::graphql::schema::global_id;
use crate::query::{self, Extent, Row};

/// Bytes of a text that count as one more value.
const TEXT: usize = 64;

/// The answer while it is written.
pub(crate) struct Writer<'a> {
    pub(crate) out: Vec<u8>,
    pub(crate) errors: Vec<ServerError>,
    asks: &'a Asks,
    budget: &'a Budget,
    /// Place of the root field in the document.
    pub(crate) position: Pos,
    pub(crate) path: Vec<Segment<'a>>,
    /// Values written by now.
    values: u64,
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
    pub(crate) fn new(asks: &'a Asks, budget: &'a Budget) -> Self {
        let (out, errors, path) = (Vec::with_capacity(4096), Vec::new(), Vec::new());
        Self { out, errors, asks, budget, position: Pos::default(), path, values: 0 }
    }

    /// Writes the whole of `data`. `introspection` gives what async-graphql found
    /// for a root field. Tells whether no root field failed.
    pub(crate) fn data(
        &mut self,
        operation: &'a Operation,
        wanted: Vec<Result<Wanted>>,
        read: &'a [RootData],
        introspection: &dyn Fn(&Key) -> Vec<u8>,
    ) -> bool {
        let mut is_complete = true;
        self.out.push(b'{');
        let roots = operation.roots.iter().zip(read).zip(wanted);
        for (index, ((root, read), wanted)) in roots.enumerate() {
            self.key(index, &root.key);
            self.position = root.position;
            self.path.push(Segment::Key(&root.key));
            is_complete &= self.or_null(|writer| match wanted {
                Err(refused) => Err(writer.failure(refused)),
                Ok(_) if matches!(root.step, RootStep::Introspection(_)) => {
                    writer.out.extend(introspection(&root.key));
                    Ok(())
                }
                Ok(wanted) => writer.root(&root.step, read, &wanted),
            });
            self.path.clear();
        }
        self.out.push(b'}');
        is_complete
    }

    fn root(&mut self, step: &'a RootStep, read: &'a RootData, wanted: &Wanted) -> Written {
        match (step, read, wanted) {
            (RootStep::Typename(name), _, _) => {
                json::plain(&mut self.out, name);
                Ok(())
            }
            (RootStep::List { connection, .. }, RootData::List(lists), _) => {
                let lists = self.there(lists)?;
                self.connection(connection, lists, 0)
            }
            (RootStep::Keys { fetches, .. }, RootData::Keys(found), Wanted::One(of, key)) => {
                self.by_key(fetches, found, *of, key)
            }
            (RootStep::Keys { fetches, .. }, RootData::Keys(found), Wanted::Each(keys)) => self
                .list(keys, |writer, (of, key)| {
                    writer.null_unless_fatal(|writer| writer.by_key(fetches, found, *of, key))
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
        let found = self.there(found)?;
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
            query::cursor(&connection.field, &ask.page, &connection.fetch.selection, row)
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
                .null_unless_fatal(|writer| {
                    let there = writer.is_there(*there, at)?;
                    if there { writer.object(object, at) } else { writer.null() }
                }),
            Step::Group { there: None, object } => writer.object(object, at),
            Step::Many(index) => writer.many(*index, at),
            Step::Sales(index) => writer.sales(*index, at),
            Step::Measure { nullable: true, .. } => {
                writer.null_unless_fatal(|writer| writer.scalar(object, step, at.values))
            }
            Step::Column(_, column) | Step::Code(_, column, _) if column.nullable => {
                writer.null_unless_fatal(|writer| writer.scalar(object, step, at.values))
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
        let lists = self.there(lists)?;
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
        let sold = self.there(sold)?;
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

    /// An object of these fields.
    fn fields<T>(
        &mut self,
        steps: &'a [(Key, T)],
        mut value: impl FnMut(&mut Self, &'a T) -> Written,
    ) -> Written {
        self.out.push(b'{');
        for (index, (key, step)) in steps.iter().enumerate() {
            self.key(index, key);
            self.path.push(Segment::Key(key));
            self.take(count(key.json.len() / TEXT))?;
            value(self, step)?;
            self.path.pop();
        }
        self.out.push(b'}');
        Ok(())
    }

    fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut value: impl FnMut(&mut Self, T) -> Written,
    ) -> Written {
        self.out.push(b'[');
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            self.path.push(Segment::Index(index));
            value(self, item)?;
            self.path.pop();
        }
        self.out.push(b']');
        Ok(())
    }

    fn key(&mut self, index: usize, key: &Key) {
        if index > 0 {
            self.out.push(b',');
        }
        self.out.extend_from_slice(key.json.as_bytes());
    }

    fn null(&mut self) -> Written {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    /// Counts so many more values.
    fn take(&mut self, values: u64) -> Written {
        self.values = self.values.saturating_add(values);
        if self.budget.allows(self.values) {
            return Ok(());
        }
        Err(self.failure(self.budget.exceeded()))
    }
}

fn lost() -> Error {
    Error::internal("a row was lost on its way into the answer")
}
