//! `salesgraph schema`

const EXAMPLES: &str = "\
Examples:
  salesgraph schema                        print the GraphQL schema
  salesgraph schema > schema.graphql       for a client's code generator

Needs no database.";

/// Arguments of `schema`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {}
