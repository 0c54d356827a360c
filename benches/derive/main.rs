//! How long the derivations take: of all lines, and of the changes of a day.
//! `cargo bench --bench derive -- --help` tells more.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod args;
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
#[path = "../support/servers.rs"]
mod servers;
#[path = "../support/stats.rs"]
mod stats;

use std::path::Path;
use std::process::{Command, ExitCode};

use clap::Parser as _;
use salesgraph::sample::{OrderFiles, Shape};
use sqlx::{Connection as _, PgConnection};

use args::Args;
use database::{Server, content};
use home::home;
use measure::Usage;
use servers::{Input, Servers, Via};
use stats::median;

type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// What is made due, and how.
const CASES: [(&str, &str); 3] = [
    (
        "all lines, as after a first load",
        "TRUNCATE sales_by_product_day, sales_by_day, demand_forecast_span, demand_forecast_date;
         INSERT INTO derivation_due (step) SELECT step FROM derivation_step",
    ),
    (
        "all lines, of which none has changed",
        "INSERT INTO derivation_due (step) SELECT step FROM derivation_step",
    ),
    (
        "the lines of the last day",
        "UPDATE sales_order_line SET order_quantity = order_quantity + 1,
             line_total = round(unit_price * (1 - unit_price_discount) * (order_quantity + 1), 6)
         WHERE sales_order_id IN (SELECT sales_order_id FROM sales_order
             WHERE order_date >= (SELECT max(order_date)::date FROM sales_order))",
    ),
];

const STEPS: &str = "SELECT step, date_part('epoch', finished_at - started_at), rows_written
    FROM load_step WHERE run_id = (SELECT id FROM load_run ORDER BY started_at DESC LIMIT 1)
    ORDER BY id";

fn main() -> ExitCode {
    if let Some(code) = measure::as_parent(std::env::args_os()) {
        return code;
    }
    ending::code(run(&Args::parse()))
}

fn run(args: &Args) -> Result<()> {
    let folder = home().join(format!("scale-{}", args.scale));
    if !folder.exists() {
        generated::write(&folder, args.scale, OrderFiles::Csv, Shape::Plain)?;
    }
    ending::runtime()?.block_on(async {
        let servers = Servers::start(args.database_url.as_ref(), Via::File).await?;
        let mut server = Server::prepare(&servers.database_url).await?;
        let url = server.create("derive").await?;
        let input = servers.input(&folder, "derive").await?;
        let measured = measured(args, &input, &url).await;
        server.drop("derive").await?;
        server.clean().await?;
        servers.stop().await?;
        measured
    })
}

async fn measured(args: &Args, input: &Input, url: &str) -> Result<()> {
    load(&args.bin, input, url)?;
    let loaded = content(url).await?;
    println!("{} rows loaded", loaded.all_rows());
    let mut connection = PgConnection::connect(url).await?;
    sqlx::raw_sql("VACUUM ANALYZE").execute(&mut connection).await?;
    for (case, make_due) in CASES {
        println!("\n{case}");
        let mut ratios = Vec::new();
        for _ in 0..args.runs {
            let mut seconds = Vec::new();
            for program in args.baseline.iter().chain([&args.bin]) {
                sqlx::raw_sql(make_due).execute(&mut connection).await?;
                sqlx::raw_sql("CHECKPOINT").execute(&mut connection).await?;
                let usage = load(program, input, url)?;
                seconds.push(steps(&mut connection, program, usage).await?);
            }
            if let [before, after] = seconds.as_slice() {
                ratios.push(after / before);
            }
        }
        if !ratios.is_empty() {
            println!("  median of the ratios: {:.2}", median(ratios.into_iter()));
        }
    }
    if content(url).await? != loaded {
        return Err("the rows themselves have changed".into());
    }
    Ok(connection.close().await?)
}

/// Runs the loader, which derives what is due.
fn load(program: &Path, input: &Input, url: &str) -> Result<Usage> {
    let mut command = Command::new(program);
    command.args(["load", "--source", &input.source]);
    command.env_remove("SALESGRAPH_CONFIG").env("DATABASE_URL", url);
    command.envs(input.environment.iter().map(|(name, value)| (name, value)));
    measure::run(&command, &[0])
}

/// Prints how long the steps of the last run took, and gives their seconds.
async fn steps(connection: &mut PgConnection, program: &Path, usage: Usage) -> Result<f64> {
    let steps: Vec<(String, f64, i64)> = sqlx::query_as(STEPS).fetch_all(connection).await?;
    let name = program.display();
    let shown: Vec<String> = steps
        .iter()
        .map(|(step, seconds, rows)| format!("{step} {seconds:.3} s ({rows} rows)"))
        .collect();
    let (cpu, peak) = (usage.cpu_seconds, usage.peak_mib());
    println!("  {name}: {}, {cpu:.2} s of its own CPU, {peak:.1} MiB", shown.join(", "));
    Ok(steps.iter().map(|(_, seconds, _)| seconds).sum())
}
