//! Failures while an answer is written: each makes the nearest field around it
//! null that may be, and is told with its place.

use std::sync::Arc;

use async_graphql::PathSegment;

use super::errors::{is_too_complex, server_error};
use super::write::Writer;
use crate::error::Error;
use crate::graphql::execute::Read;
use crate::graphql::plan::Key;

/// Most errors that an answer tells of; what comes after is null all the same.
const MOST_ERRORS: usize = 100;

/// A step of the way from the response's root to a value.
#[derive(Clone, Copy)]
pub(crate) enum Segment<'a> {
    Key(&'a Key),
    Index(usize),
}

/// A field that could not be written.
pub(crate) struct Failure {
    error: Arc<Error>,
    path: Vec<PathSegment>,
    /// Whether nothing of the root field is worth showing.
    fatal: bool,
}

/// A value that was written, or not.
pub(crate) type Written<T = ()> = Result<T, Failure>;

impl<'a> Writer<'a> {
    /// Writes a value that may be null, which it is if it fails. Tells whether it did not.
    pub(crate) fn or_null(&mut self, value: impl FnOnce(&mut Self) -> Written) -> bool {
        let (mark, depth) = (self.out.len(), self.path.len());
        value(self)
            .map_err(|failure| {
                self.path.truncate(depth);
                self.null_instead(mark, failure);
            })
            .is_ok()
    }

    /// The same below the root.
    pub(crate) fn null_unless_fatal(
        &mut self,
        value: impl FnOnce(&mut Self) -> Written,
    ) -> Written {
        let (mark, depth) = (self.out.len(), self.path.len());
        match value(self) {
            Err(failure) if !failure.fatal => {
                self.path.truncate(depth);
                self.null_instead(mark, failure);
                Ok(())
            }
            written => written,
        }
    }

    pub(crate) fn null_instead(&mut self, mark: usize, failure: Failure) {
        self.out.truncate(mark);
        self.out.extend_from_slice(b"null");
        if self.errors.len() < MOST_ERRORS {
            self.errors.push(server_error(failure.error, self.position).with_path(failure.path));
        }
    }

    /// What was read, or the failure to read it.
    pub(crate) fn there<T>(&self, read: &'a Read<T>) -> Written<&'a T> {
        match read {
            Read::There(there) => Ok(there),
            Read::Failed(error) => Err(self.failure(Arc::clone(error))),
        }
    }

    /// The failure of the value that is being written.
    pub(crate) fn failure(&self, error: impl Into<Arc<Error>>) -> Failure {
        let error = error.into();
        let segment = |segment: &Segment<'_>| match segment {
            Segment::Key(key) => PathSegment::Field(key.name.to_string()),
            Segment::Index(index) => PathSegment::Index(*index),
        };
        let fatal = is_too_complex(&error);
        Failure { fatal, error, path: self.path.iter().map(segment).collect() }
    }
}
