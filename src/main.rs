//! The `salesgraph` program.

use std::process::ExitCode;

use salesgraph::cli::{Cli, exit};
use salesgraph::error::Result;
use salesgraph::telemetry;

fn main() -> ExitCode {
    run(Cli::of_process()).unwrap_or_else(|error| exit::report(&error)).into()
}

fn run(cli: Cli) -> Result<exit::Exit> {
    let config = cli.load_config()?;
    telemetry::start(&config.telemetry)?;
    cli.run(&config)
}
