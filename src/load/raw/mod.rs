//! Keeps the file versions that are loaded in the lake. `keeper` copies them beside the load,
//! `record` writes their manifests and their rows, `keeping` is the copy of one file, `retention`
//! removes old ones, `history` lists them to be loaded again, `lineage` finds the text of a row.

pub(super) mod history;
pub(super) mod keeper;
pub(super) mod keeping;
pub(super) mod lineage;
pub(super) mod record;
pub(super) mod retention;

use std::time::Duration;

use crate::lake::Lake;

/// Where file versions are kept, and for how long.
#[derive(Debug, Clone)]
pub struct RawOptions {
    /// The lake.
    pub lake: Lake,
    /// After that they are removed; none is never.
    pub keep: Option<Duration>,
}
