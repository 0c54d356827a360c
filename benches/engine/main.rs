//! How fast `salesAggregate(engine: LAKE)` is: against Postgres, on the same loaded database and
//! its lake, of which nothing is changed. Answers go into a Postgres of the benchmark's own.
//! `cargo bench --bench engine --features lake-engine -- --help` tells more.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use salesgraph::auth::Scope;
use salesgraph::config::{Config, ConfigSources, Overrides};
use salesgraph::db::{pool, schema};
use salesgraph::embedded::postgres::{Postgres, PostgresOptions};
use salesgraph::graphql::{Commands, Engine, Limits};
use salesgraph::job::{AnswerFromLake, Task, Worker, WorkerOptions};
use salesgraph::lake::curated::{Curated, CuratedOptions};
use salesgraph::lake::engine::{EngineOptions, LakeEngine};
use salesgraph::query::Reader;
use salesgraph::storage::S3Settings;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// Questions that no precomputed total answers.
const QUESTIONS: [(&str, &str, &str); 7] = [
    (
        "sales by territory",
        "groupBy: TERRITORY",
        "key { territoryId } measures { lineCount lineTotal { sum } }",
    ),
    (
        "median of line totals by product",
        "groupBy: PRODUCT first: 1000",
        "measures { lineTotal { median } }",
    ),
    (
        "ten best customers",
        "groupBy: CUSTOMER orderBy: [{ measure: LINE_TOTAL_SUM, direction: DESC }] first: 10",
        "measures { lineTotal { sum } }",
    ),
    (
        "customers and orders by year and channel",
        "groupBy: [ORDER_YEAR, ONLINE]",
        "key { orderYear online } measures { orderCount customerCount orderTotal }",
    ),
    (
        "deviation by territory and quarter",
        "groupBy: [TERRITORY, ORDER_QUARTER] first: 1000",
        "key { territoryId orderQuarter } measures { unitPrice { avg stddev } }",
    ),
    (
        "one sales channel of one year by product line",
        "groupBy: PRODUCT_LINE filter: { order: { onlineOrderFlag: { eq: true }, \
         orderDate: { gte: \"2013-01-01\", lt: \"2014-01-01\" } } }",
        "key { productLine } measures { orderQuantity { sum } lineTotal { sum } }",
    ),
    ("ninth decile of all line totals", "", "measures { lineTotal { percentile(p: 0.9) } }"),
];

/// Compares both engines on a loaded database, named by DATABASE_URL, LAKE_URI and the AWS_
/// variables, as `demo` writes them to demo.env.
#[derive(Debug, Parser)]
struct Args {
    /// How often each question is asked of each engine; the fastest counts
    #[arg(long, default_value_t = 3)]
    runs: u32,
    /// Ignored; cargo passes it
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let ended =
        runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(run(&Args::parse())));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: &Args) -> Result<()> {
    let config = Config::load(&ConfigSources::process(None, Overrides::default()))?;
    let url = config.database.require_url()?.expose().to_owned();
    let lake = config.lake.require_uri()?.to_owned();
    let data = pool::connect(&pool::Settings::new(&url)).await?;
    // Passable for the unprivileged account of Postgres.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    let state = tempfile::Builder::new().prefix("bench-").permissions(open).tempdir()?;
    let state_dir = state.path().to_owned();
    let postgres =
        Postgres::start(PostgresOptions { state_dir, ..PostgresOptions::default() }).await?;
    postgres.ensure_database("bench").await?;
    let measured = async {
        let answers = pool::connect(&pool::Settings::new(postgres.url_for("bench"))).await?;
        schema::up(&answers).await?;
        copy_catalogue(&data, &answers).await?;
        let settings = S3Settings::from(&config.storage);
        let options = CuratedOptions {
            persons: config.lake.persons,
            snapshot_keep: config.lake.snapshot_keep,
        };
        let curated = Curated::connect(&lake, &settings, options).await?;
        measure(args, &config, &data, &answers, curated).await
    };
    let measured = measured.await;
    postgres.stop().await?;
    measured
}

/// The table of the lake, as the catalogue of the data has it.
async fn copy_catalogue(data: &PgPool, answers: &PgPool) -> Result<()> {
    let metadata: String = sqlx::query_scalar(
        "SELECT metadata_location FROM lake.iceberg_tables WHERE table_name = 'sales'",
    )
    .fetch_one(data)
    .await?;
    sqlx::query(
        "INSERT INTO lake.iceberg_tables (catalog_name, table_namespace, table_name, \
             metadata_location) VALUES ('salesgraph', 'salesgraph', 'sales', $1)",
    )
    .bind(&metadata)
    .execute(answers)
    .await?;
    sqlx::query(
        "INSERT INTO lake_table (name, location, metadata_location) VALUES ('sales', '', $1)",
    )
    .bind(&metadata)
    .execute(answers)
    .await?;
    Ok(())
}

async fn measure(
    args: &Args,
    config: &Config,
    data: &PgPool,
    answers: &PgPool,
    curated: Curated,
) -> Result<()> {
    let lines: i64 =
        sqlx::query_scalar("SELECT count(*) FROM sales_order_line").fetch_one(data).await?;
    let postgres = Engine::new(Reader::new(data.clone()), Limits::default());
    let lake = Engine::new(Reader::new(answers.clone()), Limits::default())
        .with_commands(Commands::new(answers.clone()));
    let options = EngineOptions {
        memory: config.lake.engine_memory,
        spill: config.lake.engine_spill,
        endpoint: None,
    };
    let handler = AnswerFromLake {
        pool: answers.clone(),
        lake: curated,
        engine: Arc::new(LakeEngine::new(&options)?),
    };
    let stop = CancellationToken::new();
    let worker = Worker::new(answers.clone(), WorkerOptions::default())
        .handle(Task::LakeQuery, Arc::new(handler));
    let work = tokio::spawn(worker.run(stop.clone()));
    println!("{lines} lines; fastest of {} runs, in seconds", args.runs);
    println!("{:<48} {:>9} {:>9} {:>7}", "question", "Postgres", "lake", "times");
    for (name, arguments, selection) in QUESTIONS {
        let (by_rows, expected) =
            fastest(args.runs, &postgres, arguments, selection, "POSTGRES", data).await?;
        let (by_lake, found) =
            fastest(args.runs, &lake, arguments, selection, "LAKE", answers).await?;
        if found != expected {
            return Err(format!("{name}: the answers differ:\n{expected}\n{found}").into());
        }
        let times = by_rows.as_secs_f64() / by_lake.as_secs_f64();
        println!(
            "{name:<48} {:>9.3} {:>9.3} {times:>7.1}",
            by_rows.as_secs_f64(),
            by_lake.as_secs_f64()
        );
    }
    stop.cancel();
    work.await??;
    Ok(())
}

/// The fastest answer. No run gets the answer of another.
async fn fastest(
    runs: u32,
    engine: &Engine,
    arguments: &str,
    selection: &str,
    name: &str,
    pool: &PgPool,
) -> Result<(Duration, String)> {
    let query =
        format!("{{ salesAggregate({arguments} engine: {name}) {{ nodes {{ {selection} }} }} }}");
    let mut best: Option<(Duration, String)> = None;
    for _ in 0..runs.max(1) {
        if name == "LAKE" {
            sqlx::query("TRUNCATE lake_answer CASCADE").execute(pool).await?;
        }
        let begun = Instant::now();
        let answer =
            engine.execute(engine.prepare(query.as_str().into()), &Scope::everything()).await;
        let took = begun.elapsed();
        if let Some(error) = answer.errors.first() {
            return Err(format!("{query}: {}", error.message).into());
        }
        let text = String::from_utf8(answer.to_json()?.to_vec())?;
        let text = text.split(",\"extensions\"").next().unwrap_or_default().to_owned();
        if best.as_ref().is_none_or(|(known, _)| took < *known) {
            best = Some((took, text));
        }
    }
    best.ok_or_else(|| "no run".into())
}
