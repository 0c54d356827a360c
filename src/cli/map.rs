//! `salesgraph map`

use std::io::Write as _;
use std::path::PathBuf;

use super::exit::Exit;
use super::output;
use crate::config::Config;
use crate::error::{Code, Error, Result};
use crate::load::{LOOKED_AT, first_mapping};
use crate::storage::{S3Settings, Source, SourceUri};

const EXAMPLES: &str = "\
Examples:
  salesgraph map kunden.csv                          print a first mapping
  salesgraph map kunden.csv --out kunden.toml        write it
  salesgraph map s3://sales/in/x.csv.gz --dataset customer
  salesgraph load --mapping kunden.toml --check      what it would load

The mapping says in its comments how sure it is of each column, and shows three
rows as they would be loaded. docs/mappings.md lists what a mapping can say.";

/// Arguments of `map`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The file to look at: a path, or s3://bucket/key
    #[arg(value_name = "FILE")]
    pub file: String,
    /// The table of its rows, where names and values do not tell it
    #[arg(long, value_name = "TABLE")]
    pub dataset: Option<String>,
    /// Write the mapping to this new file
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Looks at the beginning of the file and prints or writes a mapping.
pub async fn run(args: &Args, config: &Config) -> Result<Exit> {
    let head = head(&args.file, config).await?;
    let mapping = first_mapping(&args.file, &head, args.dataset.as_deref())?;
    let Some(out) = &args.out else {
        output::print(&mapping)?;
        return Ok(Exit::Done);
    };
    let created = std::fs::OpenOptions::new().write(true).create_new(true).open(out);
    created.and_then(|mut file| file.write_all(mapping.as_bytes())).map_err(|error| {
        let message = format!("{} cannot be written as a new file", out.display());
        Error::new(Code::BadUserInput, message).with_source(error)
    })?;
    output::print(&format!("{mapping}\n# written to {}\n", out.display()))?;
    Ok(Exit::Done)
}

/// The first bytes of a file.
async fn head(file: &str, config: &Config) -> Result<Vec<u8>> {
    let uri: SourceUri = match file.contains("://") {
        true => file.parse()?,
        false => SourceUri::File {
            dir: std::path::absolute(file).map_err(|error| {
                Error::new(Code::BadUserInput, format!("{file} is no path")).with_source(error)
            })?,
        },
    };
    let source = Source::connect(&uri, &S3Settings::from(&config.storage)).await?;
    let page = source.list().next_page().await?.unwrap_or_default();
    let object = match page.as_slice() {
        [object] => object,
        [] => return Err(Error::new(Code::NotFound, format!("there is no file {file}"))),
        [first, ..] => {
            let message = format!("{file} is a folder; name one file of it, such as {first}");
            return Err(Error::new(Code::BadUserInput, message));
        }
    };
    let mut stream = source.open(object, 0).await?;
    let mut head = Vec::new();
    while let Some(chunk) = stream.next().await? {
        head.extend_from_slice(&chunk);
        if head.len() >= LOOKED_AT {
            head.truncate(LOOKED_AT);
            break;
        }
    }
    Ok(head)
}
