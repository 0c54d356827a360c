//! `salesgraph serve`

use std::net::SocketAddr;

use crate::config::Overrides;
use crate::config::http::{BIND, bind_address};

const EXAMPLES: &str = "\
Examples:
  DATABASE_URL=postgres://salesgraph@localhost/salesgraph salesgraph serve
  salesgraph serve --bind 127.0.0.1:9999 --migrate

Refuses to start on a schema that is behind, unless --migrate is given. Ctrl-C
lets the requests under way finish; a second one does not.";

/// Arguments of `serve`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Where the API listens [env: HTTP_BIND] [default: 127.0.0.1:8000]
    #[arg(long, value_name = "ADDR", value_parser = bind_address)]
    pub bind: Option<SocketAddr>,
    /// Bring the schema up to date first
    #[arg(long)]
    pub migrate: bool,
}

impl Args {
    /// What these flags set in the configuration.
    #[must_use]
    pub fn overrides(&self) -> Overrides {
        Overrides::default().with(&BIND, "--bind", self.bind)
    }
}
