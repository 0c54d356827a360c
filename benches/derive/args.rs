//! The command line.

use std::path::PathBuf;

use clap::Parser;

const EXAMPLES: &str = "\
Examples:
  cargo bench --bench derive -- --scale 10                 1.2 million lines
  cargo bench --bench derive -- --scale 100 --baseline OTHER
                                                           12 million, and another build, such as
                                                           the one before, in turn with this one
The files are generated and loaded once; the loader then finds no new file, and only derives what
has been made due. Seconds are those of `load_step`. On a busy machine look at the ratios.

A Postgres of its own is started unless BENCH_DATABASE_URL names one on which databases may be
created and dropped.";

/// How long it takes to bring the sales by product and day, and the forecast, up to date.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo bench --bench derive --", after_help = EXAMPLES)]
pub(crate) struct Args {
    /// How many rows to generate: 1 is as many as the real files hold
    #[arg(long, value_name = "N", default_value_t = 1.0)]
    pub(crate) scale: f64,
    /// How many times to derive
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) runs: u32,
    /// The program to measure; the one just built unless given
    #[arg(long, value_name = "FILE", default_value = env!("CARGO_BIN_EXE_salesgraph"), hide_default_value = true)]
    pub(crate) bin: PathBuf,
    /// Another program, which has the same schema
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// A superuser's URL of the server to load into; one of its own unless given
    #[arg(long, value_name = "URL", env = "BENCH_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
    /// What cargo passes to every benchmark; without meaning here
    #[arg(long, hide = true)]
    pub(crate) bench: bool,
}
