//! `salesgraph completions`

use clap::Command;
use clap_complete::{Shell, generate};

use super::exit::Exit;
use super::output;
use crate::error::{Error, Result};

const EXAMPLES: &str = "\
Examples:
  salesgraph completions bash > /etc/bash_completion.d/salesgraph
  salesgraph completions zsh > \"${fpath[1]}/_salesgraph\"
  salesgraph completions fish > ~/.config/fish/completions/salesgraph.fish
  eval \"$(salesgraph completions bash)\"      in this shell only

The Debian package installs those of bash, zsh and fish.";

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The shell that is to complete subcommands, flags and their values
    pub shell: Shell,
}

/// Prints the script for the shell.
pub fn run(args: &Args, mut command: Command) -> Result<Exit> {
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    generate(args.shell, &mut command, name, &mut script);
    let script = String::from_utf8(script)
        .map_err(|error| Error::internal("the script is not UTF-8").with_source(error))?;
    output::print(&script)?;
    Ok(Exit::Done)
}
