//! Mirror mode: a file is the whole of its table, and stored rows that it lacks are removed.
//! `keys` records what the file holds, in the transaction of each batch; `removal` removes
//! the rest once all files are loaded, and `statements` is its SQL.

mod keys;
mod removal;
mod statements;

pub(crate) use keys::{forget_overruled, hold_temporarily, record_keys};
pub(crate) use removal::{Allowed, Overruled, count_missing, remove_missing};
pub(crate) use statements::Removal;

use crate::error::{Code, Error};

/// The error of a table that has several files at the source.
pub(crate) fn several_files(file_stem: &str, found: usize) -> Error {
    let message = format!(
        "{found} files of {file_stem} are at the source; --mode mirror takes one complete file \
         of each table: leave only that one there, or use --mode merge"
    );
    Error::new(Code::Conflict, message)
}
