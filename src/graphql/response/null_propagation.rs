//! Null propagation: a field that fails makes the nearest nullable field around it
//! null, and is reported with its path.

use std::sync::Arc;

use super::errors::server_error;
use super::sink::{Failure, Writer, Written};
use crate::graphql::execute::data::Read;

/// Most errors of a response; further failed fields are null without an error.
const MAX_ERRORS: usize = 100;

impl<'a> Writer<'a> {
    /// Writes a root field, which is null if it fails. Returns whether it succeeded.
    pub(super) fn root_or_null(&mut self, value: impl FnOnce(&mut Self) -> Written) -> bool {
        let mark = self.out.len();
        let written = value(self).map_err(|failure| self.null_instead(mark, failure));
        self.path.clear();
        written.is_ok()
    }

    /// Writes a nullable value below the root, which is null if it fails.
    pub(super) fn or_null(&mut self, value: impl FnOnce(&mut Self) -> Written) -> Written {
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

    fn null_instead(&mut self, mark: usize, failure: Failure) {
        self.out.truncate(mark);
        self.out.extend_from_slice(b"null");
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(server_error(failure.error, self.position).with_path(failure.path));
        }
    }

    /// The data, or the failure of reading them.
    pub(super) fn read<T>(&self, read: &'a Read<T>) -> Written<&'a T> {
        match read {
            Read::Ok(data) => Ok(data),
            Read::Failed(error) => Err(self.failure(Arc::clone(error))),
        }
    }
}
