//! What to generate, and what was generated.

use std::path::PathBuf;

use super::shape::Shape;

/// What to generate, and where.
#[derive(Debug, Clone)]
pub struct SampleOptions {
    /// The directory, created if it does not exist.
    pub out: PathBuf,
    /// The size relative to the real files, from 0.0001 to 500.
    pub scale: f64,
    /// The same seed and scale generate the same bytes.
    pub seed: u64,
    /// Invalid rows per valid one, from 0 (none) to 0.5; 0.001 is one in a thousand.
    /// Above 0, every file has at least one. The valid rows are the same as without.
    pub defects: f64,
    /// Whether to include the files that a load does not need: inventory, territories,
    /// stores and currency rates. The others are the same either way.
    pub optional: bool,
    /// How the orders are written.
    pub orders: OrderFiles,
    /// How the files of rows are written.
    pub shape: Shape,
}

/// How orders are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum OrderFiles {
    /// As two CSV files, of orders and of their lines.
    #[default]
    #[value(skip)]
    Csv,
    /// As JSON documents, each a file.
    Documents,
    /// As JSON documents, one a line of a file.
    Ndjson,
    /// As JSON documents in an array.
    Array,
}

/// What was generated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleSummary {
    /// The files, parents before children: path below the directory, rows (valid and
    /// invalid, without the header), bytes.
    pub files: Vec<(String, u64, u64)>,
    /// The number of invalid rows by reason code. `defects.jsonl` lists each with file,
    /// line, byte offset, column, reason and raw text.
    pub defects: Vec<(String, u64)>,
}
