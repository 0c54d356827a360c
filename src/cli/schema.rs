//! `salesgraph schema`

use super::exit::Exit;
use super::output;
use crate::error::Result;
use crate::graphql;

const EXAMPLES: &str = "\
Examples:
  salesgraph schema                        print the GraphQL schema
  salesgraph schema > schema.graphql       for a client's code generator

Needs no database.";

/// Arguments of `schema`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {}

/// Prints the SDL.
pub fn run(_: &Args) -> Result<Exit> {
    output::print(&graphql::sdl())?;
    Ok(Exit::Done)
}
