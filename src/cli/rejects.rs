//! `salesgraph rejects`

use std::fmt;
use std::str::FromStr;

use clap::Subcommand;
use uuid::Uuid;

const EXAMPLES: &str = "\
Examples:
  salesgraph rejects                     the newest ones
  salesgraph rejects list --run 0193…    those of one run, by its id
  salesgraph rejects show 12:345          one, with its raw text
  salesgraph rejects replay --run 0193…  try them again after a fix

A reject is a row that could not be loaded: file version, line, byte offset,
column, reason, message, and the raw text as it was.";

/// Arguments of `rejects`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What to do; `list` where nothing is said.
    #[command(subcommand)]
    pub action: Option<Action>,
}

/// What to do with the rejects.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Action {
    /// List rejects, newest first (the default)
    List(List),
    /// Show one reject with its raw text
    Show {
        /// Its file version and line, as `list` shows them
        #[arg(value_name = "FILE:LINE")]
        id: RejectId,
    },
    /// Load the raw text of rejects again
    Replay(Selection),
}

/// Names one reject: written `12:345`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RejectId {
    /// The number of the file version in the ledger.
    pub file_id: i32,
    /// The line on which the record begins, from 1.
    pub line: i64,
}

impl FromStr for RejectId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once(':').and_then(|(file, line)| {
            Some(Self { file_id: file.parse().ok()?, line: line.parse().ok()? })
        });
        parts.ok_or_else(|| "expected the file and the line as in 12:345".to_owned())
    }
}

impl fmt::Display for RejectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file_id, self.line)
    }
}

/// Which rejects.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args)]
pub struct Selection {
    /// Only those of this run
    #[arg(long, value_name = "ID")]
    pub run: Option<Uuid>,
    /// Only those of files with this key, as `sales/Sales.Customer.csv`
    #[arg(long, value_name = "KEY")]
    pub file: Option<String>,
}

/// Which rejects to list, and how.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct List {
    /// Which.
    #[command(flatten)]
    pub selection: Selection,
    /// The most to list
    #[arg(long, value_name = "N", default_value_t = DEFAULT_LIMIT,
          value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: u32,
    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,
}

const DEFAULT_LIMIT: u32 = 50;

impl Default for List {
    fn default() -> Self {
        Self { selection: Selection::default(), limit: DEFAULT_LIMIT, json: false }
    }
}

impl Args {
    /// The action asked for.
    #[must_use]
    pub fn action(self) -> Action {
        self.action.unwrap_or_else(|| Action::List(List::default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reject_is_named_by_file_and_line() {
        let id = RejectId { file_id: 12, line: 345 };
        assert_eq!("12:345".parse(), Ok(id));
        assert_eq!(id.to_string(), "12:345");
        for bad in ["", "12", "12:", "a:1", "1:2:3"] {
            assert!(bad.parse::<RejectId>().is_err(), "{bad}");
        }
    }
}
