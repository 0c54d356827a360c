//! The names of a document's operations.

use super::scan;
use crate::config::DocumentLimits;
use crate::graphql::language::parser::parse;

/// The names of the operations of a document, `None` for one without a name; nothing if it is no
/// document.
#[must_use]
pub fn operation_names(text: &str) -> Vec<Option<String>> {
    // The parser recurses.
    if DocumentLimits::default().check_text(scan::scan(text)).is_err() {
        return Vec::new();
    }
    let Ok(document) = parse(text) else { return Vec::new() };
    let names = document.operations.iter();
    names.map(|operation| operation.name.map(|name| name.text.to_owned())).collect()
}
