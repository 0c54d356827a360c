//! Arguments that are refused.

use crate::error::{Code, Error};

/// Names the argument at fault; the source of a `BAD_USER_INPUT` error.
#[derive(Debug, thiserror::Error)]
#[error("argument {0}")]
pub struct BadArgument(pub &'static str);

/// Names the argument that asks for too large a page; the source of a
/// `BAD_USER_INPUT` error.
#[derive(Debug, thiserror::Error)]
#[error("argument {0} asks for too large a page")]
pub struct PageTooLarge(pub &'static str);

/// A `BAD_USER_INPUT` error about an argument.
#[must_use]
pub fn bad_argument(argument: &'static str, message: String) -> Error {
    Error::new(Code::BadUserInput, message).with_source(BadArgument(argument))
}
