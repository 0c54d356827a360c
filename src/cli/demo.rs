//! `salesgraph demo`

use std::net::SocketAddr;
use std::path::PathBuf;

use super::parse;
use crate::config::Overrides;
use crate::config::http::{BIND, bind_address};

const EXAMPLES: &str = "\
Examples:
  salesgraph demo                          generated data, as much as the real files hold
  salesgraph demo --scale 0.01             a hundredth of it, ready at once
  salesgraph demo --data ./adventureworks  the CSVs of a folder, plain or compressed

Starts a Postgres and an S3 server of its own, loads, serves, and says what to
open. Ctrl-C stops all of it; the next start goes on with what is there.";

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Load the CSVs of this folder instead of generated ones
    #[arg(long, value_name = "DIR", conflicts_with = "scale")]
    pub data: Option<PathBuf>,
    /// How much to generate: 1 is as many rows as the real files hold [default: 1]
    #[arg(long, value_name = "N", value_parser = parse::scale)]
    pub scale: Option<f64>,
    /// Where the API listens [env: HTTP_BIND] [default: 127.0.0.1:8000]
    #[arg(long, value_name = "ADDR", value_parser = bind_address)]
    pub bind: Option<SocketAddr>,
    /// Where the databases and objects of the demo are kept [default: a folder of this user]
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
}

impl Args {
    /// What these flags set in the configuration.
    #[must_use]
    pub fn overrides(&self) -> Overrides {
        Overrides::default().with(&BIND, "--bind", self.bind)
    }
}
