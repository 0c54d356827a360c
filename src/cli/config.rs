//! `salesgraph config`

use super::exit::Exit;
use super::output::{self, Table};
use crate::config::{Config, markdown_table};
use crate::error::Result;

const EXAMPLES: &str = "\
Examples:
  salesgraph config                              the configuration in effect
  HTTP_BIND=127.0.0.1:9999 salesgraph config     the environment overrides the file
  salesgraph config --config salesgraph.toml     with a file such as

      [database]
      url = \"postgres://salesgraph@localhost/salesgraph\"

      [storage]
      source_uri = \"s3://sales/incoming\"

Passwords and secrets are masked.";

/// Arguments of `config`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// List every key with its variable, default and meaning, as a Markdown table
    #[arg(long)]
    pub reference: bool,
}

/// Prints the configuration in effect, or the reference.
pub fn run(args: &Args, config: &Config) -> Result<Exit> {
    let text = if args.reference { markdown_table() } else { in_effect(config) };
    output::print(&text)?;
    Ok(Exit::Done)
}

fn in_effect(config: &Config) -> String {
    let mut table = Table::new(["key", "value", "from"]);
    for entry in config.entries() {
        let from = entry.origin.as_ref().map_or_else(|| "not set".to_owned(), ToString::to_string);
        let value = entry.value.clone().unwrap_or_default();
        table.push([entry.to_string().into(), value.into(), from.into()]);
    }
    table.render()
}
