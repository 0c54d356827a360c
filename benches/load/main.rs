//! How fast `salesgraph load` is: against psql's \copy of the same rows, pair by
//! pair within one run. `cargo bench --bench load -- --help` tells more.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod args;
mod data;
#[path = "../support/database.rs"]
mod database;
#[path = "../support/ending.rs"]
mod ending;
#[path = "../support/generated.rs"]
mod generated;
#[path = "../support/home.rs"]
mod home;
mod mapped;
#[path = "../support/measure.rs"]
mod measure;
mod report;
#[path = "../support/servers.rs"]
mod servers;
mod sides;
#[path = "../support/stats.rs"]
mod stats;

use std::path::Path;
use std::process::ExitCode;

use clap::Parser as _;

use args::Args;
use database::{Content, Server, content};
use home::home;
use report::Pair;
use servers::Servers;
use sides::{Loader, Psql};

type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

fn main() -> ExitCode {
    if let Some(code) = measure::as_parent(std::env::args_os()) {
        return code;
    }
    ending::code(run(&Args::parse()))
}

fn run(args: &Args) -> Result<()> {
    ending::runtime()?.block_on(async {
        let servers = Servers::start(args.database_url.as_ref(), args.via).await?;
        let mut server = Server::prepare(&servers.database_url).await?;
        let compared = match (args.mapping, args.small_files) {
            (Some(shape), _) => mapped::compare(args, &mut server, shape).await,
            (None, Some(files)) => compare_small(&mut server, &servers, args, files).await,
            (None, None) => {
                let loader = loader(&servers, args, &data::folder(args)?, "bench").await?;
                compare(&mut server, &loader, args.runs).await
            }
        };
        server.clean().await?;
        servers.stop().await?;
        compared
    })
}

/// A loader of the files in a folder.
async fn loader(servers: &Servers, args: &Args, folder: &Path, bucket: &str) -> Result<Loader> {
    let input = servers.input(folder, bucket).await?;
    Ok(Loader::plain(args, input))
}

/// Loads many small files and one file of the same rows, pair by pair.
async fn compare_small(
    server: &mut Server,
    servers: &Servers,
    args: &Args,
    files: u32,
) -> Result<()> {
    let [many, one] = data::small_files(args, files)?;
    let many = loader(servers, args, &many, "many").await?;
    let one = loader(servers, args, &one, "one").await?;
    for number in 1..=args.runs {
        let url = server.create("one").await?;
        let by_one = one.load(&url)?;
        let expected = content(&url).await?;
        server.drop("one").await?;
        let url = server.create("many").await?;
        let by_many = many.load(&url)?;
        check("the load of many files", &content(&url).await?, &expected)?;
        server.drop("many").await?;
        println!(
            "pair {number}: {files} files {:.2} s ({:.1} MiB), one file {:.2} s, {:.1} x",
            by_many.seconds,
            by_many.peak_mib(),
            by_one.seconds,
            by_many.seconds / by_one.seconds,
        );
    }
    Ok(())
}

/// Runs all pairs and prints what came of them.
async fn compare(server: &mut Server, loader: &Loader, runs: u32) -> Result<()> {
    println!("making clean CSVs for psql out of {}", loader.input.source);
    let url = server.create("clean").await?;
    loader.load(&url)?;
    let expected = content(&url).await?;
    std::fs::create_dir_all(home())?;
    let clean = tempfile::Builder::new().prefix("clean-").tempdir_in(home())?;
    let psql = Psql::prepare(clean.path(), &url)?;
    server.drop("clean").await?;
    for (table, rows) in &expected.rows {
        println!("  {table}: {rows} rows");
    }
    let mut pairs = Vec::new();
    for number in 1..=runs {
        let pair = pair(server, loader, &psql, &expected).await?;
        println!(
            "pair {number}: psql {:.2} s, load {:.2} s ({:.2} x, {:.1} MiB), again {:.2} s",
            pair.psql.seconds,
            pair.load.seconds,
            pair.ratio(),
            pair.load.peak_mib(),
            pair.again.seconds,
        );
        pairs.push(pair);
    }
    println!("\n{}", report::render(&pairs, expected.all_rows()));
    Ok(())
}

async fn pair(
    server: &mut Server,
    loader: &Loader,
    psql: &Psql,
    expected: &Content,
) -> Result<Pair> {
    let url = server.create("psql").await?;
    let by_psql = psql.load(&url)?;
    check("psql", &content(&url).await?, expected)?;
    server.drop("psql").await?;
    let url = server.create("load").await?;
    let by_load = loader.load(&url)?;
    let again = loader.load(&url)?;
    check("salesgraph load", &content(&url).await?, expected)?;
    server.drop("load").await?;
    Ok(Pair { psql: by_psql, load: by_load, again })
}

fn check(side: &str, found: &Content, expected: &Content) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(format!("{side} left {found:?}, expected was {expected:?}").into())
}
