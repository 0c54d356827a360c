//! Lists and the pages that are read of them.

use super::condition::Condition;
use super::key::Key;
use super::page::Page;
use super::row::Row;
use super::rows::Rows;
use super::selection::Selection;
use crate::catalog::Column;

/// A list that is read.
#[derive(Debug, Clone, Copy)]
pub struct List<'a> {
    /// Where its rows come from.
    pub rows: Rows<'a>,
    /// What of each row.
    pub selection: &'a Selection,
    /// Which rows.
    pub condition: &'a Condition,
    /// How many, from where on, in which order.
    pub page: &'a Page,
    /// Whether [`super::cursor()`] will be asked for.
    pub cursors: bool,
}

/// Lists below parents: rows of a table whose columns hold a parent's key.
#[derive(Debug, Clone, Copy)]
pub struct Below<'a> {
    /// Columns that hold the parent's key.
    pub columns: &'static [Column],
    /// The parents' keys.
    pub parents: &'a [Key],
}

/// Pages that were read by one statement.
#[derive(Debug, Default)]
pub struct Pages {
    /// The rows of all pages, page after page, each in the order of its list.
    pub rows: Vec<Row>,
    /// Where each page is.
    pub pages: Vec<Extent>,
}

/// Where a page is among the rows of [`Pages`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Index of its first row.
    pub start: usize,
    /// Index after its last.
    pub end: usize,
    /// Whether there are more rows in the direction of paging: after the last, or
    /// before the first of a page that was asked for backwards.
    pub has_more: bool,
}
