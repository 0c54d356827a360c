//! The errors of a document.

use async_graphql::{Pos, ServerError};

use crate::graphql::response::errors::{VALIDATION_FAILED, coded};

/// Most errors that are told of a document.
const MOST: usize = 20;

/// What is wrong with a document, as far as it is told.
#[derive(Debug, Default)]
pub(super) struct Errors(Vec<ServerError>);

impl Errors {
    /// Adds an error at a place.
    pub(super) fn add(&mut self, pos: Pos, message: impl Into<String>) {
        if !self.is_full() {
            let error = ServerError::new(message.into(), Some(pos));
            self.0.push(coded(error, VALIDATION_FAILED));
        }
    }

    /// Whether no more are told.
    pub(super) const fn is_full(&self) -> bool {
        self.0.len() >= MOST
    }

    /// Whether there is none.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub(super) fn into_list(self) -> Vec<ServerError> {
        self.0
    }
}
