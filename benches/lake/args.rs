//! The command line.

use std::path::PathBuf;

use clap::Parser;

const EXAMPLES: &str = "\
Examples:
  cargo bench --bench lake                              as many lines as the real files hold
  cargo bench --bench lake -- --scale 100 --runs 5      12 million lines
  cargo bench --bench lake -- --demo ./salesgraph-demo  the database and lake of a running demo

The same questions are put to Daft on Ray with one worker and with two, to DuckDB, to
Postgres in SQL over its rows, and to the API without its response cache, which answers
from precomputed totals what these can answer. All answers are compared first; then the
sides take turns. Each has one processor's worth of workers or one connection, all on one
machine, so that absolute figures differ from run to run; the ratios within one differ less.

Needs python3, and the package registry the first time. A demo of its own is started in a
temporary folder unless --demo names the state folder of one, in which nothing is changed.
It must be running, with its lake up to date.";

/// Compares engines over the lake with Postgres and the API.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo bench --bench lake --", after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Size of the generated data: 1 has 121,317 lines, 100 some 12 million
    #[arg(long, value_name = "N", default_value_t = 1.0, conflicts_with = "demo")]
    pub(crate) scale: f64,
    /// How often each side answers each question
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) runs: u32,
    /// The state folder of a running demo
    #[arg(long, value_name = "STATE_DIR")]
    pub(crate) demo: Option<PathBuf>,
    /// The program; the one just built unless given
    #[arg(long, value_name = "FILE", default_value = env!("CARGO_BIN_EXE_salesgraph"), hide_default_value = true)]
    pub(crate) bin: PathBuf,
    /// What cargo passes to every benchmark; without meaning here
    #[arg(long, hide = true)]
    pub(crate) bench: bool,
}
