//! The rows that were read for an operation, and what they are read by.

use std::collections::HashMap;
use std::sync::Arc;

use crate::columnar::Copies;
use crate::db::data_version::{Reads, Versions};
use crate::error::{Error, Result};
use crate::graphql::plan::Connection;
use crate::graphql::plan::bind::ListBinding;
use crate::query::{Extent, Key, List, Row, Rows};

/// The columns, as a request may ask them.
#[derive(Clone, Copy)]
pub(crate) struct Columns<'a> {
    pub(crate) copies: &'a Copies,
    /// The versions that the request has seen.
    pub(crate) seen: &'a Versions,
    /// What it has read.
    pub(crate) reads: &'a Arc<Reads>,
}

impl Connection {
    /// The list of which it is a page.
    pub(super) fn list<'b>(&'b self, binding: &'b ListBinding, rows: Rows<'b>) -> List<'b> {
        List {
            rows,
            selection: &self.fetch.selection,
            condition: &binding.condition,
            page: &binding.page,
            cursors: self.needs_cursors(),
        }
    }
}

/// Data, or the error of reading it.
#[derive(Debug)]
pub(crate) enum Read<T> {
    Ok(T),
    Failed(Arc<Error>),
}

/// The data of a root field.
#[derive(Debug)]
pub(crate) enum RootData {
    Nothing,
    /// By the field's fetches; `None` for those of which no row is asked for.
    Keys(Vec<Option<Read<KeyedRows>>>),
    List(Read<Lists>),
}

/// Rows by their keys.
#[derive(Debug)]
pub(crate) struct KeyedRows {
    /// Their indexes among the rows.
    pub(crate) at: HashMap<Key, usize>,
    pub(crate) fetched: Fetched,
}

/// The rows of a statement and what was read below them.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) rows: Vec<Row>,
    /// In the order of the fetch's connections.
    pub(crate) below: Vec<Read<Lists>>,
    /// In the order of the fetch's sales.
    pub(crate) sales: Vec<Read<SalesRows>>,
    /// In the order of the fetch's links, one for each row that names an object.
    pub(crate) links: Vec<Read<Vec<Option<String>>>>,
    /// In the order of the fetch's converted amounts, one for each row.
    pub(crate) converted: Vec<Read<Vec<Row>>>,
}

/// Measures of the sales of rows.
#[derive(Debug)]
pub(crate) struct SalesRows {
    /// The index of each row's measures; `None` where the row has no key.
    pub(crate) of: Vec<Option<usize>>,
    pub(crate) rows: Vec<Row>,
}

/// The pages of a connection, one for each of its parents.
#[derive(Debug)]
pub(crate) struct Lists {
    /// The index of the page of each row of the level above; `None` where the row has no
    /// parent.
    pub(crate) of: Vec<Option<usize>>,
    pub(crate) pages: Vec<Extent>,
    pub(crate) counts: Vec<i64>,
    pub(crate) fetched: Fetched,
}

impl RootData {
    /// The row of a fetch with this key: `None` if it could not be read, `Some(None)` if
    /// there is no such row.
    pub(super) fn row(&self, fetch: usize, key: &Key) -> Option<Option<&Row>> {
        let Self::Keys(fetches) = self else { return None };
        let Read::Ok(found) = fetches.get(fetch)?.as_ref()? else { return None };
        Some(found.at.get(key).and_then(|index| found.fetched.rows.get(*index)))
    }
}

impl<T> From<Result<T>> for Read<T> {
    fn from(result: Result<T>) -> Self {
        match result {
            Ok(data) => Self::Ok(data),
            Err(error) => Self::Failed(Arc::new(error)),
        }
    }
}
