//! `salesgraph reprocess`

use chrono::NaiveDate;
use clap::Subcommand;
use tokio_util::sync::CancellationToken;

use super::exit::Exit;
use super::{operator, output, shutdown, wiring};
use crate::config::Config;
use crate::error::{Code, Error, Result};
use crate::rates::{Stored, reprocess};

const EXAMPLES: &str = "\
Examples:
  salesgraph reprocess currency-rates --from 2026-11-01 --to 2026-11-30

Makes the curated files, the rows and the dead letters again from the answers that are
kept raw in LAKE_URI. The same answer gives the same bytes and the same rows.";

/// Arguments of `reprocess`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What to make again.
    #[command(subcommand)]
    pub what: What,
}

/// What to make again.
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

/// Makes it again.
pub async fn run(args: &Args, config: &Config) -> Result<Exit> {
    let What::CurrencyRates { from, to } = args.what;
    if from > to {
        return Err(Error::new(Code::BadUserInput, format!("--from {from} is after --to {to}")));
    }
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
