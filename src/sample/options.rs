//! What to generate, and what was generated.

use std::path::PathBuf;

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

/// The shape of the files of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Shape {
    /// As they are delivered.
    #[default]
    #[value(skip)]
    Plain,
    /// As Microsoft's install script has them: no header, `+|` between fields, `&|` after rows
    Adventureworks,
    /// As a German Excel writes them: `1,5`, `31.05.2011`, `WAHR`
    ExcelDe,
}

impl Shape {
    /// All of them.
    pub(super) const ALL: [Self; 3] = [Self::Plain, Self::Adventureworks, Self::ExcelDe];

    /// The name of the mapping that reads it; `None` if none is needed.
    #[must_use]
    pub const fn mapping(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Adventureworks => Some("adventureworks"),
            Self::ExcelDe => Some("excel-de"),
        }
    }

    /// The path of a file: that of a plain one, or the name of its table.
    pub(super) fn path(self, plain: &str) -> String {
        let table = plain.rsplit('/').next().and_then(|name| name.split_once('.'));
        match (self, table) {
            (Self::Adventureworks, Some((_, table))) => table.to_owned(),
            _ => plain.to_owned(),
        }
    }
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
