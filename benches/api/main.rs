//! How fast the API is: against `PostGraphile` 5 on the same Postgres, round by
//! round within one run. `cargo bench --bench api -- --help` tells more.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod args;
#[path = "../support/client.rs"]
mod client;
mod data;
mod database;
mod documents;
#[path = "../support/ending.rs"]
mod ending;
mod fields;
mod floor;
#[path = "../support/generated.rs"]
mod generated;
#[path = "../support/home.rs"]
mod home;
mod loading;
mod postgraphile;
#[path = "../support/program.rs"]
mod program;
mod report;
mod rounds;
mod salesgraph;
mod same;
mod secured;
mod sides;
mod split;
#[path = "../support/stats.rs"]
mod stats;
mod wrk;

use std::process::ExitCode;

use clap::Parser as _;

use args::Args;
use database::Database;
use documents::Document;
use sides::Sides;

type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

fn main() -> ExitCode {
    ending::code(run(&Args::parse()))
}

fn run(args: &Args) -> Result<()> {
    let documents = documents::chosen(&args.only)?;
    wrk::find()?;
    ending::runtime()?.block_on(async {
        if args.while_loading {
            return loading::run(args).await;
        }
        let database = Database::start(args, &data::folder(args.data.as_deref())?).await?;
        let compared = compare(args, &documents, &database).await;
        database.stop().await?;
        compared
    })
}

/// Starts the servers, runs all rounds and prints what came of them.
async fn compare(args: &Args, documents: &[&'static Document], database: &Database) -> Result<()> {
    println!("starting the servers");
    let sides = Sides::start(args, database.url()).await?;
    let rows = rounds::run(args, documents, database, &sides).await?;
    let memory = sides.memory()?;
    sides.stop().await?;
    println!("\n{}", report::render(&rows, memory));
    Ok(())
}
