//! The command line.

use std::path::PathBuf;

use clap::Parser;

const EXAMPLES: &str = "\
Examples:
  cargo bench --bench documents                         20,000 documents, three pairs
  cargo bench --bench documents -- --documents 2000     fewer
  LOAD_PARALLEL_FILES=1 cargo bench --bench documents   LOAD_* reach the loader as they are

Each pair of runs loads the same documents twice, one after the other, from the
same S3 server into databases with the same keys, checks and indexes, in which
all that the orders refer to is loaded: benches/documents/script.py, which gets
one object after the other with boto3 and inserts by execute_values, and
`salesgraph load`. Times on a busy machine differ from run to run; the ratio
within a pair differs less, so that is what to look at.

A Postgres of its own is started unless BENCH_DATABASE_URL names one on which
databases may be created and dropped. python3 has to be installed; the packages
that the script needs are installed below cargo's target folder.";

/// Compares `salesgraph load` of JSON documents with a plain script: time, memory, CPU.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo bench --bench documents --", after_help = EXAMPLES)]
pub(crate) struct Args {
    /// How many documents, each an object
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=200_000))]
    pub(crate) documents: u32,
    /// How many pairs of runs
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) runs: u32,
    /// The loader to measure; the one just built unless given
    #[arg(long, value_name = "FILE", default_value = env!("CARGO_BIN_EXE_salesgraph"), hide_default_value = true)]
    pub(crate) loader: PathBuf,
    /// A superuser's URL of the server to load into; one of its own unless given
    #[arg(long, value_name = "URL", env = "BENCH_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
    /// What cargo passes to every benchmark; without meaning here
    #[arg(long, hide = true)]
    pub(crate) bench: bool,
}
