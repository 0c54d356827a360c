//! How fast reports are: against psql's \copy of the same rows to a file, within one run; from
//! the mutation to the file; and two at once. `cargo bench --bench report -- --help` tells more.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod api;
#[path = "../support/ending.rs"]
mod ending;
#[path = "../support/measure.rs"]
mod measure;
mod servers;
mod sides;
#[path = "../support/stats.rs"]
mod stats;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use servers::Servers;
use stats::median;

type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// Compares reports of all order lines with psql's \copy of the same rows.
#[derive(Debug, Parser)]
struct Args {
    /// Size of the generated data: 1 has 121,317 lines, 100 some 12 million
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
    /// Pairs of psql and report
    #[arg(long, default_value_t = 3)]
    runs: u32,
    /// Reports of one month, from the mutation to the file
    #[arg(long, default_value_t = 10)]
    months: u32,
    /// The program
    #[arg(long, default_value = env!("CARGO_BIN_EXE_salesgraph"))]
    bin: PathBuf,
    /// Ignored; cargo passes it
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    if let Some(code) = measure::as_parent(std::env::args_os()) {
        return code;
    }
    ending::code(run(&Args::parse()))
}

fn run(args: &Args) -> Result<()> {
    let runtime = ending::runtime()?;
    let servers = runtime.block_on(Servers::start(&args.bin))?;
    let measured = compare(args, &servers);
    runtime.block_on(servers.stop())?;
    measured
}

fn compare(args: &Args, servers: &Servers) -> Result<()> {
    println!("loading data of scale {}", args.scale);
    servers.load(args.scale)?;
    let mut ratios = Vec::new();
    for number in 1..=args.runs {
        let by_psql = sides::psql(servers)?;
        let by_report = sides::report(servers, &format!("run {number}"))?;
        let ratio = by_report.seconds / by_psql.seconds;
        println!(
            "pair {number}: psql {:.2} s, report {:.2} s ({ratio:.2} x, {:.1} MiB at most)",
            by_psql.seconds,
            by_report.seconds,
            by_report.peak_mib(),
        );
        ratios.push(ratio);
    }
    println!("report / psql: {:.2} x (median of {})", median(ratios.into_iter()), args.runs);

    let server = api::Server::start(servers)?;
    let mut times = Vec::new();
    for number in 0..args.months {
        times.push(server.month(number)? * 1_000.0);
    }
    println!(
        "one month, from the mutation to the file: {:.0} ms (median)",
        median(times.into_iter())
    );
    let one = server.all(&["one"])?;
    let two = server.all(&["two", "three"])?;
    println!("all lines: one {one:.2} s, two at once {two:.2} s ({:.2} x)", two / one);
    println!("the server with its worker held {:.1} MiB at most", server.peak_mib()?);
    Ok(())
}
