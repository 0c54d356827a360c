//! Names of operations and fragments, which the rest of the rules rely on.

use std::collections::HashSet;

use async_graphql::ServerError;

use super::errors::Errors;
use crate::graphql::language::ast::Document;

/// Checks that operations and fragments can be told by their names.
///
/// # Errors
/// What is given twice, or cannot be called.
pub(crate) fn check_names(document: &Document<'_>) -> Result<(), Vec<ServerError>> {
    let (mut errors, mut known) = (Errors::default(), HashSet::new());
    if document.operations.is_empty()
        && let Some(fragment) = document.fragments.first()
    {
        errors.add(fragment.pos, "the document has no operation");
    }
    for operation in &document.operations {
        match operation.name {
            None if document.operations.len() > 1 => {
                let message = "an operation without a name must be the only one";
                errors.add(operation.pos, message);
            }
            Some(name) if !known.insert(name.text) => {
                errors.add(name.pos, format!("there are two operations named {}", name.text));
            }
            _ => {}
        }
    }
    known.clear();
    for fragment in &document.fragments {
        let name = fragment.name;
        if !known.insert(name.text) {
            errors.add(name.pos, format!("there are two fragments named {}", name.text));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors.into_list()) }
}
