//! The lake.

mod curated;
