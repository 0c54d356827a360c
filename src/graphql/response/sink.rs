//! The answer while it is written: its bytes, the path to the value being written,
//! and what has failed by now.

use std::sync::Arc;

use async_graphql::{PathSegment, Pos, ServerError};

use super::errors::is_too_complex;
use crate::error::Error;
use crate::graphql::execute::budget::Budget;
use crate::graphql::plan::bind::Asks;
use crate::graphql::plan::{Key, count};

/// Bytes of a text that count as one more value.
pub(super) const TEXT: usize = 64;

/// Writes an answer. What all its parts share is here.
pub(crate) struct Writer<'a> {
    pub(super) out: Vec<u8>,
    pub(super) errors: Vec<ServerError>,
    pub(super) asks: &'a Asks,
    budget: &'a Budget,
    /// Position of the root field in the document.
    pub(super) position: Pos,
    pub(super) path: Vec<Segment<'a>>,
    /// Values written by now.
    values: u64,
}

/// A segment of a response path.
#[derive(Clone, Copy)]
pub(super) enum Segment<'a> {
    Key(&'a Key),
    Index(usize),
}

/// A field that could not be written.
pub(super) struct Failure {
    pub(super) error: Arc<Error>,
    pub(super) path: Vec<PathSegment>,
    /// Whether the root field as a whole becomes null.
    pub(super) fatal: bool,
}

/// A value that was written, or not.
pub(super) type Written<T = ()> = Result<T, Failure>;

impl<'a> Writer<'a> {
    pub(crate) fn new(asks: &'a Asks, budget: &'a Budget) -> Self {
        let (out, errors, path) = (Vec::with_capacity(4096), Vec::new(), Vec::new());
        Self { out, errors, asks, budget, position: Pos::default(), path, values: 0 }
    }

    /// An object of these fields.
    pub(super) fn fields<T>(
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

    pub(super) fn key(&mut self, index: usize, key: &Key) {
        if index > 0 {
            self.out.push(b',');
        }
        self.out.extend_from_slice(key.json.as_bytes());
    }

    pub(super) fn null(&mut self) -> Written {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    /// Counts so many more values.
    pub(super) fn take(&mut self, values: u64) -> Written {
        self.values = self.values.saturating_add(values);
        if self.budget.allows(self.values) {
            return Ok(());
        }
        Err(self.failure(self.budget.exceeded()))
    }

    /// The failure of the value that is being written.
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
