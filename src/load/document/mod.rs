//! Sales orders as JSON documents: one order with its lines an object. docs/documents.md says
//! what is accepted.
//!
//! `name` tells their files. `split` finds the documents in the text of a file, `object` the
//! members of an object, `value` and `record` make typed rows of them, by the code that CSV files
//! go through. `batch` gathers orders and lines, `decode` does so for files and for stored
//! documents. `feed` reads small files ahead and makes pages of them, `page` loads one, `file`
//! a large file. `merge` writes both tables in one transaction.

mod batch;
mod decode;
pub(super) mod feed;
pub(super) mod file;
pub(super) mod find;
pub(super) mod merge;
pub(super) mod name;
mod object;
pub(super) mod page;
mod record;
mod split;
mod value;

pub(super) use batch::DocumentBatch;
pub(super) use decode::{Stored, decode_stored};
