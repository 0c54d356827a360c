//! How fast `salesgraph load` is with orders as JSON documents: against a plain script, pair by
//! pair within one run. `cargo bench --bench documents -- --help` tells more.
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
#[path = "../support/measure.rs"]
mod measure;
#[path = "../support/python.rs"]
mod python;
#[path = "../support/servers.rs"]
mod servers;
mod sides;
#[path = "../support/stats.rs"]
mod stats;

use std::process::ExitCode;

use clap::Parser as _;
use salesgraph::cli::output::{Cell, Table};

use args::Args;
use data::Data;
use database::{Content, Server, content};
use measure::Usage;
use servers::{Input, Servers, Via};
use sides::Script;
use stats::median;

type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// The most seconds for 20,000 documents.
const GOAL_SECONDS: f64 = 10.0;
const GOAL_DOCUMENTS: f64 = 20_000.0;
/// The most memory the loader may hold.
const GOAL_PEAK_MIB: f64 = 64.0;
/// How many times as long the script must take at least.
const GOAL_RATIO: f64 = 8.0;

fn main() -> ExitCode {
    if let Some(code) = measure::as_parent(std::env::args_os()) {
        return code;
    }
    ending::code(run(&Args::parse()))
}

fn run(args: &Args) -> Result<()> {
    let script = Script::prepare()?;
    let data = Data::of(args.documents)?;
    ending::runtime()?.block_on(async {
        let servers = Servers::start(args.database_url.as_ref(), Via::S3).await?;
        let mut server = Server::prepare(&servers.database_url).await?;
        let compared = compare(args, &servers, &mut server, &script, &data).await;
        server.clean().await?;
        servers.stop().await?;
        compared
    })
}

/// One pair of runs, and the run that finds nothing new.
struct Pair {
    script: Usage,
    load: Usage,
    again: Usage,
}

/// One of the runs of a pair.
type Side = fn(&Pair) -> &Usage;

async fn compare(
    args: &Args,
    servers: &Servers,
    server: &mut Server,
    script: &Script,
    data: &Data,
) -> Result<()> {
    let documents = f64::from(args.documents);
    let average = kb(data.bytes) / documents;
    println!("uploading {} documents of {average:.1} KB on average", args.documents);
    let input = servers.input(&data.documents, "documents").await?;
    let parents = Input::folder(&data.parents);
    let mut pairs: Vec<Pair> = Vec::new();
    for number in 1..=args.runs {
        let url = server.create("script").await?;
        sides::load(&args.loader, &parents, &url)?;
        let by_script = script.load(&input, &url)?;
        let expected = content(&url).await?;
        server.drop("script").await?;
        if number == 1 {
            println!("they and what they refer to are {} rows", expected.all_rows());
        }
        let url = server.create("load").await?;
        sides::load(&args.loader, &parents, &url)?;
        let by_load = sides::load(&args.loader, &input, &url)?;
        let again = sides::load(&args.loader, &input, &url)?;
        check(&content(&url).await?, &expected)?;
        server.drop("load").await?;
        let pair = Pair { script: by_script, load: by_load, again };
        println!(
            "pair {number}: script {}, load {} ({:.1} times as fast), again {:.2} s",
            shown(&pair.script, documents),
            shown(&pair.load, documents),
            pair.script.seconds / pair.load.seconds,
            pair.again.seconds,
        );
        pairs.push(pair);
    }
    println!("\n{}", render(&pairs, documents));
    Ok(())
}

/// What a run took.
fn shown(usage: &Usage, documents: f64) -> String {
    let (seconds, speed) = (usage.seconds, documents / usage.seconds);
    format!("{seconds:.2} s at {speed:.0} documents/s and {:.1} MiB", usage.peak_mib())
}

fn check(found: &Content, expected: &Content) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(format!("salesgraph load left {found:?}, the script {expected:?}").into())
}

/// The table of medians and the goals.
fn render(pairs: &[Pair], documents: f64) -> String {
    let mut table = Table::new(["median of each", "seconds", "documents/s", "peak MiB", "CPU s"]);
    let sides: [(&str, Side); 3] = [
        ("script", |pair| &pair.script),
        ("salesgraph load", |pair| &pair.load),
        ("  run again", |pair| &pair.again),
    ];
    for (name, side) in sides {
        let of = |value: fn(&Usage) -> f64| median(pairs.iter().map(|pair| value(side(pair))));
        let seconds = of(|usage| usage.seconds);
        table.push([
            name.into(),
            Cell::Seconds(seconds),
            Cell::Seconds(documents / seconds),
            Cell::Seconds(of(Usage::peak_mib)),
            Cell::Seconds(of(|usage| usage.cpu_seconds)),
        ]);
    }
    let ratio = median(pairs.iter().map(|pair| pair.script.seconds / pair.load.seconds));
    let seconds = median(pairs.iter().map(|pair| pair.load.seconds));
    let peak = pairs.iter().map(|pair| pair.load.peak_mib()).fold(0.0, f64::max);
    let mut goals = Table::new(["goal", "", "measured", ""]);
    let all = GOAL_SECONDS * documents / GOAL_DOCUMENTS;
    goals.push(goal("seconds of the loader, at most", all, seconds, seconds <= all));
    goals.push(goal("peak MiB of the loader, at most", GOAL_PEAK_MIB, peak, peak <= GOAL_PEAK_MIB));
    goals.push(goal("script / load, at least", GOAL_RATIO, ratio, ratio >= GOAL_RATIO));
    format!("{}\n{}", table.render(), goals.render())
}

fn goal(name: &str, bound: f64, measured: f64, is_met: bool) -> [Cell; 4] {
    let judgement = if is_met { "met" } else { "missed" };
    [name.into(), Cell::Seconds(bound), Cell::Seconds(measured), judgement.into()]
}

#[expect(clippy::cast_precision_loss, reason = "bytes stay far below 2^53")]
fn kb(bytes: u64) -> f64 {
    bytes as f64 / 1000.0
}
