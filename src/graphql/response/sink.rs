//! `data` while it is written: its bytes, the path to the value being written, and the
//! errors so far.

use std::sync::Arc;

use async_graphql::{PathSegment, Pos, ServerError};

use super::errors::is_too_complex;
use crate::auth::Scope;
use crate::error::Error;
use crate::graphql::execute::budget::Budget;
use crate::graphql::plan::bind::Bindings;
use crate::graphql::plan::{ResponseKey, TEXT_UNIT, count};

/// Writes `data`. Here is what its parts share.
pub(crate) struct Writer<'a> {
    pub(super) out: Vec<u8>,
    pub(super) errors: Vec<ServerError>,
    pub(super) bindings: &'a Bindings,
    pub(super) scope: &'a Scope,
    budget: &'a Budget,
    /// Position of the root field in the document.
    pub(super) position: Pos,
    pub(super) path: Vec<Segment<'a>>,
    /// Values written so far.
    values: u64,
}

/// A segment of a response path.
#[derive(Clone, Copy)]
pub(super) enum Segment<'a> {
    Key(&'a ResponseKey),
    Index(usize),
}

/// A field that could not be written.
pub(super) struct Failure {
    pub(super) error: Arc<Error>,
    pub(super) path: Vec<PathSegment>,
    /// Whether the whole root field becomes null.
    pub(super) fatal: bool,
}

/// The result of writing a value.
pub(super) type Written<T = ()> = Result<T, Failure>;

impl<'a> Writer<'a> {
    pub(crate) fn new(bindings: &'a Bindings, scope: &'a Scope, budget: &'a Budget) -> Self {
        let (out, errors, path) = (Vec::with_capacity(4096), Vec::new(), Vec::new());
        Self { out, errors, bindings, scope, budget, position: Pos::default(), path, values: 0 }
    }

    /// An object of these fields.
    pub(super) fn fields<T>(
        &mut self,
        steps: &'a [(ResponseKey, T)],
        mut value: impl FnMut(&mut Self, &'a T) -> Written,
    ) -> Written {
        self.out.push(b'{');
        for (index, (key, step)) in steps.iter().enumerate() {
            self.key(index, key);
            self.path.push(Segment::Key(key));
            self.take(count(key.json.len() / TEXT_UNIT))?;
            value(self, step)?;
            self.path.pop();
        }
        self.out.push(b'}');
        Ok(())
    }

    pub(super) fn list<T>(
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

    pub(super) fn key(&mut self, index: usize, key: &ResponseKey) {
        if index > 0 {
            self.out.push(b',');
        }
        self.out.extend_from_slice(key.json.as_bytes());
    }

    pub(super) fn null(&mut self) -> Written {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    /// Counts values that are written.
    pub(super) fn take(&mut self, values: u64) -> Written {
        self.values = self.values.saturating_add(values);
        if self.budget.allows(self.values) {
            return Ok(());
        }
        Err(self.failure(self.budget.exceeded()))
    }

    /// The failure of the value being written.
    pub(super) fn failure(&self, error: impl Into<Arc<Error>>) -> Failure {
        let error = error.into();
        let segment = |segment: &Segment<'_>| match segment {
            Segment::Key(key) => PathSegment::Field(key.name.to_string()),
            Segment::Index(index) => PathSegment::Index(*index),
        };
        let fatal = is_too_complex(&error);
        Failure { fatal, error, path: self.path.iter().map(segment).collect() }
    }
}
