//! Validates documents by the rules of the specification, as graphql-js 17 understands
//! them: the same documents are accepted, which a test compares.

mod errors;
mod introspection;
mod names;
mod overlap;
mod subscription;
#[cfg(test)]
mod tests;
pub(crate) mod types;
mod uses;
mod values;
mod walk;

use async_graphql::ServerError;

use self::errors::Errors;
pub(crate) use self::names::check_names;
use self::types::Types;
use self::uses::Uses;
use self::walk::Walk;
use crate::graphql::language::ast::Document;

/// What is wrong with a document: nothing when it is valid. Its names are checked, its
/// fragments spread themselves in no circle, and its size is limited.
pub(crate) fn validate(types: &Types, document: &Document<'_>) -> Vec<ServerError> {
    let mut walk = Walk::new(types, document);
    let operations: Vec<Uses<'_>> =
        document.operations.iter().map(|operation| walk.operation(operation)).collect();
    let fragments: Vec<Uses<'_>> =
        document.fragments.iter().map(|fragment| walk.fragment(fragment)).collect();
    let mut errors: Errors = walk.errors;
    uses::check(types, document, &operations, &fragments, &mut errors);
    // These rely on the others.
    if errors.is_empty() {
        subscription::check(document, &mut errors);
        overlap::check(types, document, &mut errors);
    }
    errors.into_list()
}
