//! The two ways to group lines.

use super::dimension::Dimension;
use crate::catalog::{Column, ToOne};
use crate::query::key::Key;

/// How lines are grouped.
#[derive(Debug, Clone, Copy)]
pub(super) enum By<'a> {
    /// Dimensions.
    Dimensions(&'a [&'static Dimension]),
    /// The key of rows that lines belong to, of which only some are wanted: the references to
    /// the row that holds it, and its columns there.
    Owners { path: &'a [ToOne], columns: &'a [Column], keys: &'a [Key] },
}
