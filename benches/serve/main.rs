//! What a server costs that has nothing to do: how long it takes to be ready, and what memory it
//! holds without connections and with many. `cargo bench --bench serve -- --help` tells more.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

#[path = "../support/database.rs"]
#[allow(dead_code, reason = "other benchmarks count what a database holds")]
mod database;
#[path = "../support/ending.rs"]
mod ending;
mod process;
#[path = "../support/servers.rs"]
#[allow(dead_code, reason = "other benchmarks upload files")]
mod servers;
#[path = "../support/stats.rs"]
mod stats;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::time::sleep;

use database::Server;
use process::{Connection, Served};
use servers::{Servers, Via};
use stats::median;

type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// The most milliseconds from the start of the process to a server that is ready.
const GOAL_READY: f64 = 150.0;
/// The most memory of a server without connections, in MiB.
const GOAL_IDLE: f64 = 20.0;
/// The most memory of a server with 10,000 of them, in MiB.
const GOAL_CONNECTIONS: f64 = 150.0;
/// Descriptors that this program needs besides its connections.
const SPARE: u64 = 256;
/// How long a server has nothing to do before its memory is read.
const QUIET: Duration = Duration::from_secs(3);

/// Measures the start of `salesgraph serve` on a migrated database, and its memory.
#[derive(Debug, Parser)]
struct Args {
    /// How often the server is started
    #[arg(long, default_value_t = 11)]
    starts: u32,
    /// Connections that are kept open, each after one query
    #[arg(long, default_value_t = 10_000)]
    connections: u32,
    /// The program
    #[arg(long, default_value = env!("CARGO_BIN_EXE_salesgraph"))]
    bin: PathBuf,
    /// A Postgres server to use, as a superuser; by default one is started
    #[arg(long)]
    database_url: Option<String>,
    /// Ignored; cargo passes it
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    ending::code(run(&Args::parse()))
}

fn run(args: &Args) -> Result<()> {
    ending::runtime()?.block_on(async {
        let servers = Servers::start(args.database_url.as_ref(), Via::File).await?;
        let mut server = Server::prepare(&servers.database_url).await?;
        let url = server.create("serve").await?;
        let measured = measure(args, &url).await;
        server.clean().await?;
        servers.stop().await?;
        measured
    })
}

async fn measure(args: &Args, database_url: &str) -> Result<()> {
    let mut times = Vec::new();
    for _ in 0..args.starts {
        let served = Served::start(&args.bin, database_url, args.connections).await?;
        times.push(served.ready.as_secs_f64() * 1_000.0);
        served.stop().await?;
    }
    let most = times.iter().copied().fold(f64::NAN, f64::max);
    let middle = median(times.into_iter());
    println!("ready after {middle:.0} ms (median of {}, at most {most:.0} ms)", args.starts);
    verdict(middle, GOAL_READY);

    let served = Served::start(&args.bin, database_url, args.connections).await?;
    sleep(QUIET).await;
    let idle = served.memory_mib()?;
    println!("idle: {idle:.1} MiB");
    verdict(idle, GOAL_IDLE);

    allow_descriptors(args.connections)?;
    let mut connections = Vec::new();
    for _ in 0..args.connections {
        connections.push(Connection::open(served.address).await?);
    }
    sleep(QUIET).await;
    let held = served.memory_mib()?;
    println!("{} idle connections: {held:.1} MiB", connections.len());
    verdict(held, GOAL_CONNECTIONS);
    // They are still open.
    for connection in &mut connections {
        connection.ask().await?;
    }
    served.stop().await
}

fn verdict(measured: f64, goal: f64) {
    let word = if measured < goal { "met" } else { "MISSED" };
    println!("  goal: less than {goal}, {word}");
}

fn allow_descriptors(connections: u32) -> Result<()> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let needed = u64::from(connections) + SPARE;
    if soft >= needed {
        return Ok(());
    }
    setrlimit(Resource::RLIMIT_NOFILE, needed, hard.max(needed)).map_err(|error| {
        format!("{needed} open files are needed ({error}): raise ulimit -n, or ask for fewer")
            .into()
    })
}
