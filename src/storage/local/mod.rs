//! Local folders, listed and read like buckets.

mod file;
mod list;
mod read;

pub(super) use list::Pages;
pub(super) use read::Reader;
