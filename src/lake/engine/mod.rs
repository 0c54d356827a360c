//! The engine that scans the wide table: DataFusion in this process, or a Flight SQL endpoint.
//!
//! Arrow's types of DataFusion stay in here, as they are of another release than those that the
//! rest of the program writes files with; texts come out.

#[cfg(not(feature = "lake-engine"))]
mod absent;
#[cfg(feature = "lake-engine")]
mod bounds;
#[cfg(feature = "lake-engine")]
mod failure;
#[cfg(feature = "lake-engine")]
mod flight;
#[cfg(feature = "lake-engine")]
mod folder;
#[cfg(feature = "lake-engine")]
mod local;
#[cfg(feature = "lake-engine")]
mod present;
#[cfg(feature = "lake-engine")]
mod store;
#[cfg(feature = "lake-engine")]
mod threads;
#[cfg(feature = "lake-engine")]
mod values;

#[cfg(not(feature = "lake-engine"))]
pub use absent::{Answering, LakeEngine};
#[cfg(feature = "lake-engine")]
pub use present::{Answering, LakeEngine};

use crate::config::Secret;
use crate::error::{Code, Error, Result};

/// Whether this build has it.
pub const IS_BUILT_IN: bool = cfg!(feature = "lake-engine");

/// How it works.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// Bytes of memory for all questions together.
    pub memory: usize,
    /// Bytes of files for what does not fit.
    pub spill: usize,
    /// Who answers in place of this process.
    pub endpoint: Option<Endpoint>,
}

/// A Flight SQL endpoint.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// `http://` or `https://`, host and port.
    pub url: String,
    /// Sent as a bearer token.
    pub token: Option<Secret>,
    /// What it calls the wide table.
    pub table: String,
}

/// Rows of a result, each value as Postgres reads it.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    /// How many.
    pub rows: usize,
    /// Column by column; `None` is null.
    pub columns: Vec<Vec<Option<String>>>,
}

impl Texts {
    /// The value of a column in a row.
    #[must_use]
    pub fn value(&self, column: usize, row: usize) -> Option<&str> {
        self.columns.get(column)?.get(row)?.as_deref()
    }
}

/// Refuses where this build has no engine.
///
/// # Errors
/// `LAKE_UNAVAILABLE` then.
pub fn require_built_in() -> Result<()> {
    if IS_BUILT_IN {
        return Ok(());
    }
    let message = "this build has no engine that reads the lake: it was built without the feature \
                   lake-engine, which LAKE_ENGINE_URL needs, too; ask with engine: POSTGRES";
    Err(Error::new(Code::LakeUnavailable, message))
}
