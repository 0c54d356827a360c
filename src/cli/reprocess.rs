//! `salesgraph reprocess`

use chrono::NaiveDate;
use clap::Subcommand;
use tokio_util::sync::CancellationToken;

use super::exit::Exit;
use super::{load_progress, operator, output, shutdown, wiring};
use crate::config::load::MAPPING;
use crate::config::{Config, Overrides};
use crate::error::{Code, Error, Result};
use crate::load::{Outcome, RawOptions, Reprocess, kept_datasets};
use crate::rates::{Stored, reprocess};
use crate::storage::S3Settings;

const EXAMPLES: &str = "\
Examples:
  salesgraph reprocess --from 2026-01-01 --to 2026-11-30
  salesgraph reprocess --dataset customer --from 2026-11-01 --to 2026-11-30
  salesgraph reprocess currency-rates --from 2026-11-01 --to 2026-11-30

Loads the files again that LAKE_URI keeps of these days, by the day of loading in UTC, in
the order in which they were loaded: each run is a run again. An empty database becomes
equal to one that lived through all loads. In a database that knows a file, what is read
now takes the place of what was read before, as after a change of the mapping.

`currency-rates` makes the curated files, the rows and the dead letters again from the
answers that are kept raw. The same answer gives the same bytes and the same rows.

Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 done with rejects, 4 another
run holds the lock.";

/// Arguments of `reprocess`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true,
          subcommand_negates_reqs = true)]
pub struct Args {
    /// What else to make again.
    #[command(subcommand)]
    pub what: Option<What>,
    /// Only the files of this dataset, named as its table
    #[arg(long, value_name = "DATASET", value_parser = dataset)]
    pub dataset: Option<String>,
    /// Files that were loaded on this day or later
    #[arg(long, value_name = "DATE", required = true)]
    pub from: Option<NaiveDate>,
    /// Files that were loaded on this day or earlier
    #[arg(long, value_name = "DATE", required = true)]
    pub to: Option<NaiveDate>,
    /// How files of other shapes are called and written: a TOML file, or a mapping by name
    /// [env: LOAD_MAPPING]
    #[arg(long, value_name = "FILE|NAME")]
    pub mapping: Option<String>,
}

/// What else to make again.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum What {
    /// Currency rates of public APIs
    CurrencyRates {
        /// Answers of this day and later, by the day of fetching in UTC
        #[arg(long, value_name = "DATE")]
        from: NaiveDate,
        /// Answers of this day and earlier
        #[arg(long, value_name = "DATE")]
        to: NaiveDate,
    },
}

impl Args {
    /// The configuration that these flags set.
    #[must_use]
    pub fn overrides(&self) -> Overrides {
        Overrides::default().with(&MAPPING, "--mapping", self.mapping.as_ref())
    }
}

fn dataset(text: &str) -> Result<String, String> {
    let all = kept_datasets();
    match all.contains(&text) {
        true => Ok(text.to_owned()),
        false => Err(format!("expected one of {}", all.join(", "))),
    }
}

/// Makes it again.
pub async fn run(args: &Args, config: &Config) -> Result<Exit> {
    match (args.what, args.from, args.to) {
        (Some(What::CurrencyRates { from, to }), ..) => {
            check_days(from, to)?;
            rates(config, from, to).await
        }
        (None, Some(from), Some(to)) => {
            check_days(from, to)?;
            let object = match &args.dataset {
                Some(dataset) => format!("{dataset} {from} {to}"),
                None => format!("{from} {to}"),
            };
            let work = Box::pin(files(args.dataset.clone(), (from, to), config));
            operator::asked("reprocess", object, work).await
        }
        (None, ..) => Err(Error::new(Code::BadUserInput, "expected --from and --to")),
    }
}

fn check_days(from: NaiveDate, to: NaiveDate) -> Result<()> {
    if from > to {
        return Err(Error::new(Code::BadUserInput, format!("--from {from} is after --to {to}")));
    }
    Ok(())
}

async fn files(
    dataset: Option<String>,
    days: (NaiveDate, NaiveDate),
    config: &Config,
) -> Result<Exit> {
    wiring::ready_schema(config, false).await?;
    let stop = CancellationToken::new();
    shutdown::cancel_on_signal(stop.clone())?;
    let lake = wiring::require_lake(config).await?;
    let work = Reprocess {
        database: wiring::connect_options(config)?,
        raw: RawOptions { lake, keep: config.lake.raw_keep },
        s3: S3Settings::from(&config.storage),
        options: wiring::load_options(config, false).await?,
        observer: load_progress::observer(),
        stop,
        dataset,
        days,
    };
    let outcome = work
        .run(|day, summary| {
            output::print(&format!("loaded on {day}, again:\n{}", load_progress::table(summary)))
        })
        .await?;
    Ok(match outcome {
        Outcome::Succeeded => Exit::Done,
        Outcome::SucceededWithRejects => Exit::DoneWithRejects,
        Outcome::Failed => Exit::Failed,
    })
}

async fn rates(config: &Config, from: NaiveDate, to: NaiveDate) -> Result<Exit> {
    let work = async {
        wiring::ready_schema(config, false).await?;
        let lake = wiring::require_lake(config).await?;
        let pool = wiring::database(config).await?;
        let stop = CancellationToken::new();
        shutdown::cancel_on_signal(stop.clone())?;
        reprocess(&lake, &pool, (from, to), &stop).await
    };
    let object = format!("currency-rates {from} {to}");
    let stored = operator::asked("reprocess", object, Box::pin(work)).await?;
    let Stored { answers, rates, changed, failures } = stored;
    output::print(&format!(
        "{answers} answers, {rates} rates, {changed} rows changed, {failures} do not fit\n"
    ))?;
    Ok(Exit::Done)
}
