//! The command line.

use std::path::PathBuf;

use clap::Parser;

const EXAMPLES: &str = "\
Examples:
  cargo bench --bench api                                the whole table
  cargo bench --bench api -- --only order-page --seconds 5 --rounds 1
  cargo bench --bench api -- --skip-postgraphile         salesgraph alone
  cargo bench --bench api -- --floor                     and Postgres by itself
  cargo bench --bench api -- --skip-postgraphile --tokens  what access control costs
  cargo bench --bench api -- --accept-encoding gzip      what compressed answers cost
  cargo bench --bench api -- --rows                      what columns in memory are worth
  cargo bench --bench api -- --while-loading             beside a load, and on its own
  cargo bench --bench api -- --data ./data               your own files

One Postgres, loaded once, serves PostGraphile 5, a salesgraph without and one
with its response cache. wrk asks them in turn, round by round, for the same
documents with the same variables; before that every answer of every side is
compared. All of it shares the processors of one machine, so absolute figures
differ from run to run; the ratio within a round differs less.

A Postgres of its own is started unless BENCH_DATABASE_URL names one on which
databases may be created and dropped. wrk has to be installed; PostGraphile and
the Node.js it needs are installed by npm below the target directory.";

/// Compares the API with `PostGraphile` 5: requests a second, latency, memory.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo bench --bench api --", after_help = EXAMPLES)]
pub(crate) struct Args {
    /// How long each side is asked for each document in each round
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) seconds: u64,
    /// How long each is asked beforehand; every answer of that is read
    #[arg(long, value_name = "SECONDS", default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) warm_up: u64,
    /// How often the sides take turns
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: u32,
    /// How many connections ask at once
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) connections: u32,
    /// How many connections to Postgres each server may open
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) pool: u32,
    /// Only this document; may be repeated
    #[arg(long, value_name = "DOCUMENT")]
    pub(crate) only: Vec<String>,
    /// Leave `PostGraphile` out
    #[arg(long)]
    pub(crate) skip_postgraphile: bool,
    /// How many processes `PostGraphile` runs in; they share its pool
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) postgraphile_processes: u32,
    /// Also ask servers with access control: full tokens, and a partner's
    #[arg(long)]
    pub(crate) tokens: bool,
    /// Ask for compressed answers, as browsers do, such as by "gzip"
    #[arg(long, value_name = "CODINGS")]
    pub(crate) accept_encoding: Option<String>,
    /// Also ask a salesgraph that reads aggregates from rows, without columns in memory
    #[arg(long)]
    pub(crate) rows: bool,
    /// Also ask Postgres itself for the same JSON, in one prepared statement
    #[arg(long)]
    pub(crate) floor: bool,
    /// Instead: ask salesgraph on its own, and again while orders are loaded
    #[arg(long)]
    pub(crate) while_loading: bool,
    /// How many times the real files' rows there are then; nine of ten orders are loaded meanwhile
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) load_scale: u32,
    /// A folder with files to load; the real ones beside the project unless given, else generated ones
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The salesgraph to measure; the one just built unless given
    #[arg(long, value_name = "FILE", default_value = env!("CARGO_BIN_EXE_salesgraph"), hide_default_value = true)]
    pub(crate) bin: PathBuf,
    /// A superuser's URL of the server to load into; one of its own unless given
    #[arg(long, value_name = "URL", env = "BENCH_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
    /// What cargo passes to every benchmark; without meaning here
    #[arg(long, hide = true)]
    pub(crate) bench: bool,
}
