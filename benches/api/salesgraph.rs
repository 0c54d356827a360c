//! salesgraph, as `salesgraph serve` runs it.

use std::process::Command as Plain;

use ::salesgraph::config;
use tokio::process::Command;

use crate::Result;
use crate::args::Args;
use crate::program::Program;

/// What turns its response cache on and off.
const CACHE: &str = "CACHE_ENABLED";

/// What turns columns in memory off.
const COLUMNS: (&str, &str) = ("ANALYTICS_MEMORY", "0");

/// Limits that count and are never met: wrk asks from one address.
const MOST: &str = "1000000000";

/// Tells programs with access control from those before.
const TOKENS: &str = "JWT_ALGORITHM";

/// Whether the program to measure has a response cache.
pub(crate) fn has_cache(args: &Args) -> Result<bool> {
    has_key(args, CACHE)
}

/// Whether the program to measure knows a variable.
fn has_key(args: &Args, variable: &str) -> Result<bool> {
    let output = Plain::new(&args.bin).args(["config", "--reference"]).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).contains(&format!("`{variable}`")))
}

/// Starts it, with metrics at an address if one is given. Its log of requests is off, as `PostGraphile` keeps none, unless
/// `RUST_LOG` says otherwise.
pub(crate) async fn start(
    args: &Args,
    database_url: &str,
    cache: bool,
    metrics: Option<&str>,
) -> Result<Program> {
    let mut command = Command::new(&args.bin);
    configure(&mut command, args, database_url, cache);
    command.envs(metrics.map(|address| ("METRICS_BIND", address)));
    command
        .args(["serve", "--bind", "127.0.0.1:0"])
        .args(has_key(args, TOKENS)?.then_some("--insecure-no-auth"));
    let name = if cache { "salesgraph, cache on" } else { "salesgraph" };
    Program::start(name, &mut command).await
}

/// Starts it without cache and without columns in memory.
pub(crate) async fn start_by_rows(args: &Args, database_url: &str) -> Result<Program> {
    let mut command = Command::new(&args.bin);
    configure(&mut command, args, database_url, false);
    command
        .envs([COLUMNS])
        .args(["serve", "--bind", "127.0.0.1:0"])
        .args(has_key(args, TOKENS)?.then_some("--insecure-no-auth"));
    Program::start("salesgraph by rows", &mut command).await
}

/// What all of them have in common.
pub(crate) fn configure(command: &mut Command, args: &Args, database_url: &str, cache: bool) {
    command
        .env_remove(config::FILE_ENV)
        .env("DATABASE_URL", database_url)
        .env("DATABASE_MAX_CONNECTIONS", args.pool.to_string())
        .env("RUST_LOG", std::env::var("RUST_LOG").unwrap_or_else(|_| "warn".to_owned()))
        .env(CACHE, if cache { "true" } else { "false" })
        .env("LIMITS_RATE_PER_ADDRESS", MOST)
        .env("LIMITS_RATE_PER_TOKEN", MOST)
        .env("LIMITS_COST_PER_TOKEN", MOST);
}
