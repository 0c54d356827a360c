//! Which rows of a table a caller may see.

use super::column::Table;
use super::statement::Statement;
use crate::auth::Scope;

/// Adds the condition that keeps a statement to the rows of `table` the scope
/// allows. Every read goes through here; nothing else looks at the scope.
pub(super) fn restrict(_statement: &mut Statement, _table: &Table, scope: &Scope) {
    match scope {
        Scope::All => {}
    }
}
