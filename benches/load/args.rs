//! The command line.

use std::path::PathBuf;

use clap::Parser;
use salesgraph::sample::Shape;

use crate::servers::Via;

const EXAMPLES: &str = "\
Examples:
  cargo bench --bench load                             as many rows as the real files hold
  cargo bench --bench load -- --scale 10 --runs 5      ten times as many, five pairs
  cargo bench --bench load -- --data ./data            your own files, plain or compressed
  cargo bench --bench load -- --via file               without S3 in between
  cargo bench --bench load -- --mapping adventureworks mapped against plain files
  cargo bench --bench load -- --small-files 600        many files of one row, against one file
  LOAD_BATCH_ROWS=50000 cargo bench --bench load       LOAD_* reach the loader as they are

Each pair of runs loads the same rows twice, one after the other: psql with six
\\copy commands from CSVs that need no cleaning any more, then `salesgraph load`
from the files as they were delivered. Both start from an empty database with
the same keys, checks and indexes. Times on a busy machine differ from run to
run; the ratio within a pair differs less, so that is what to look at.

A Postgres of its own is started unless BENCH_DATABASE_URL names one on which
databases may be created and dropped. psql has to be installed.";

/// Compares `salesgraph load` with psql's \copy: time, memory, CPU.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo bench --bench load --", after_help = EXAMPLES)]
pub(crate) struct Args {
    /// How many rows to generate: 1 is as many as the real files hold
    #[arg(long, value_name = "N", default_value_t = 1.0, conflicts_with = "data")]
    pub(crate) scale: f64,
    /// A folder with files to load in place of generated ones
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Load this many files of one person each, and one file of the same persons, in place of
    /// the comparison with psql
    #[arg(long, value_name = "N", conflicts_with = "data", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) small_files: Option<u32>,
    /// How many pairs of runs
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) runs: u32,
    /// How the loader reads the files: from an S3 endpoint, or from their folder
    #[arg(long, value_enum, default_value_t = Via::S3)]
    pub(crate) via: Via,
    /// The most bytes of one batch of the loader, such as 4MiB [env: LOAD_BATCH_BYTES]
    #[arg(long, value_name = "SIZE")]
    pub(crate) batch_bytes: Option<String>,
    /// Compare plain files with the same rows in the shape of a mapping, in place of psql
    #[arg(long, value_enum, value_name = "SHAPE", conflicts_with_all = ["via", "small_files", "data"])]
    pub(crate) mapping: Option<Shape>,
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
