//! `salesgraph lineage`

use std::str::FromStr;

use super::exit::Exit;
use super::{output, wiring};
use crate::config::Config;
use crate::dataset::{self, Dataset};
use crate::error::{Code, Error, Result};
use crate::load::{Lineage, LineageOf, lineage_of};

const EXAMPLES: &str = "\
Examples:
  salesgraph lineage SalesOrder 43659
  salesgraph lineage SalesOrderLine 43659:1
  salesgraph lineage customer 11000
  salesgraph lineage SalesOrder 43659 --bytes | sha256sum

Prints the file, the line and the run that a stored row came from, where the lake keeps
that file, where the row is in it, and its bytes read as UTF-8. With --bytes these bytes
alone are written, as they are in the file: in its encoding, without the line end. A type
is named as in GraphQL or as its table. Of a compressed file the bytes are those of its
text.";

/// Arguments of `lineage`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The type of the row
    #[arg(value_name = "TYPE")]
    pub of: Type,
    /// The key of the row: a number, or two with a colon
    #[arg(value_name = "KEY")]
    pub key: Key,
    /// Write nothing but the bytes of the row, as they are
    #[arg(long)]
    pub bytes: bool,
}

/// A type of rows that come from files.
#[derive(Debug, Clone, Copy)]
pub struct Type(&'static Dataset);

impl FromStr for Type {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain = |name: &str| name.replace('_', "").to_ascii_lowercase();
        let found = dataset::ALL.iter().find(|dataset| plain(dataset.table) == plain(text));
        found.map(|dataset| Self(dataset)).ok_or_else(|| {
            let tables: Vec<&str> = dataset::ALL.iter().map(|dataset| dataset.table).collect();
            format!("expected one of {}", tables.join(", "))
        })
    }
}

/// The key of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(Vec<i32>);

impl FromStr for Key {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Result<Vec<i32>, _> = text.split(':').map(str::parse).collect();
        parts.map(Self).map_err(|_| "expected a number, or two as 43659:1".to_owned())
    }
}

/// Finds it and prints it.
pub async fn run(args: Args, config: &Config) -> Result<Exit> {
    wiring::ready_schema(config, false).await?;
    let pool = wiring::database(config).await?;
    let lake = match config.lake.uri {
        Some(_) => Some(wiring::require_lake(config).await?),
        None => None,
    };
    let Type(dataset) = args.of;
    let shown: Vec<String> = args.key.0.iter().map(i32::to_string).collect();
    let of = LineageOf { dataset, key: args.key.0 };
    let limits = wiring::batch_limits(config);
    let mut connection = pool.acquire().await?;
    let Some(found) = lineage_of(&mut connection, lake.as_ref(), &of, limits).await? else {
        let message =
            format!("there is no {} {} that came from a file", dataset.table, shown.join(":"));
        return Err(Error::new(Code::NotFound, message));
    };
    match (args.bytes, &found.raw) {
        (false, _) => output::print(&text_of(&found, lake.is_some()))?,
        (true, Some(raw)) => output::write(&raw.bytes)?,
        (true, None) => {
            let why = if lake.is_some() { NOT_KEPT } else { NO_LAKE };
            let message = format!("{} has no bytes to write: {why}", found.file_key);
            return Err(Error::new(Code::NotFound, message));
        }
    }
    Ok(Exit::Done)
}

const NOT_KEPT: &str = "not kept, or removed because of its age";
const NO_LAKE: &str = "set LAKE_URI to see it";

fn text_of(found: &Lineage, has_lake: bool) -> String {
    let run = found.run.map_or_else(|| "(unknown)".to_owned(), |run| run.to_string());
    let mut text = format!(
        "file      {}\nline      {}\nloaded    {}\nrun       {run}\n",
        found.file_key,
        found.line,
        found.loaded_at.to_rfc3339(),
    );
    match &found.raw {
        Some(raw) => {
            let of = if raw.compressed { " of the decompressed text" } else { "" };
            let (from, to) = (raw.range.start, raw.range.end);
            text.push_str(&format!("raw       {}\nbytes     {from}-{to}{of}\n\n", raw.uri));
            text.push_str(&String::from_utf8_lossy(&raw.bytes));
            text.push('\n');
        }
        None => {
            let why = if has_lake { NOT_KEPT } else { NO_LAKE };
            text.push_str(&format!("raw       ({why})\n"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_named_as_in_graphql_or_as_tables() {
        for name in ["SalesOrderLine", "sales_order_line", "salesorderline"] {
            assert_eq!(name.parse::<Type>().unwrap().0.table, "sales_order_line");
        }
        assert!("Order".parse::<Type>().unwrap_err().contains("sales_order"));
        assert_eq!("1:2".parse(), Ok(Key(vec![1, 2])));
        assert!("1:x".parse::<Key>().is_err());
    }
}
