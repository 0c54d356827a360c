//! `salesgraph schema`

use super::exit::Exit;
use super::output;
use crate::dataset;
use crate::error::Result;
use crate::graphql;

const EXAMPLES: &str = "\
Examples:
  salesgraph schema                        print the GraphQL schema
  salesgraph schema > schema.graphql       for a client's code generator
  salesgraph schema --federation           print it as a subgraph, for composition
  salesgraph schema --document             print the JSON Schema of orders as documents

Needs no database.";

/// Arguments of `schema`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Print the schema as a subgraph of Apollo Federation 2
    #[arg(long, conflicts_with = "document")]
    pub federation: bool,
    /// Print the JSON Schema of an order as a document instead
    #[arg(long)]
    pub document: bool,
}

/// Prints the SDL, or the JSON Schema.
pub fn run(args: &Args) -> Result<Exit> {
    if args.document {
        output::print(&format!("{:#}\n", dataset::order_document_schema()))?;
        return Ok(Exit::Done);
    }
    if args.federation {
        output::print(graphql::subgraph_sdl())?;
        return Ok(Exit::Done);
    }
    output::print(&graphql::sdl())?;
    Ok(Exit::Done)
}
