//! How fast the same question is answered over the lake and over Postgres: by Daft with one worker
//! and with two, by DuckDB, by SQL over Postgres' rows, and by the API, in turn within one run.
//! `cargo bench --bench lake -- --help` tells more.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod args;
#[path = "../support/client.rs"]
mod client;
mod demo;
#[path = "../support/ending.rs"]
mod ending;
mod engine;
#[path = "../support/home.rs"]
mod home;
#[path = "../support/program.rs"]
mod program;
#[path = "../support/python.rs"]
mod python;
mod questions;
mod report;
mod sides;
#[path = "../support/stats.rs"]
mod stats;

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser as _;

use args::Args;
use demo::Demo;
use report::Times;
use sides::Sides;

type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

fn main() -> ExitCode {
    ending::code(run(&Args::parse()))
}

fn run(args: &Args) -> Result<()> {
    ending::runtime()?.block_on(async {
        let demo = Demo::start(args).await?;
        let compared = compare(args, &demo).await;
        demo.stop().await?;
        compared
    })
}

/// Starts the sides, lets each answer every question, and measures them in turn.
async fn compare(args: &Args, demo: &Demo) -> Result<()> {
    let mut sides = Sides::start(args, demo).await?;
    let measured = measure(args, &mut sides).await;
    sides.stop().await?;
    println!("\n{}", report::render(&measured?));
    Ok(())
}

async fn measure(args: &Args, sides: &mut Sides) -> Result<Vec<Times>> {
    sides.check_versions().await?;
    for question in questions::ALL {
        println!("comparing the answers by {}", question.name);
        sides.compare(question).await?;
    }
    let mut measured = Vec::new();
    for question in questions::ALL {
        let mut times = Times::new(question, sides.names());
        for number in 1..=args.runs {
            println!("{}, run {number}", question.name);
            for (at, name) in sides.names().into_iter().enumerate() {
                let begun = Instant::now();
                sides.ask(at, question).await?;
                let seconds = begun.elapsed().as_secs_f64();
                println!("  {name}: {seconds:.3} s");
                times.push(at, seconds);
            }
        }
        measured.push(times);
    }
    Ok(measured)
}
