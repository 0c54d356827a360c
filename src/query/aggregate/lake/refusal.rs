//! What the lake has no answer to.

use crate::catalog::Column;
use crate::error::{Code, Error};

/// The refusal of what the lake has no answer to.
pub(super) fn unsupported(message: impl Into<String>) -> Error {
    Error::new(Code::LakeUnsupported, message)
}

/// The refusal of a comparison without regard to case.
pub(super) fn ignoring_case(column: &Column) -> Error {
    unsupported(format!(
        "the lake has no answer to a condition on {} that ignores upper and lower case, as \
         keyword does, too: use contains and eq, or engine: POSTGRES",
        column.api_name()
    ))
}
