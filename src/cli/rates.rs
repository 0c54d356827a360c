//! `salesgraph rates`

use std::sync::Mutex;

use chrono::{NaiveDate, Utc};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use super::exit::Exit;
use super::{operator, output, shutdown, wiring};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::rates::{Fetcher, RatesRequest, RawQueue, Stored, store};

const EXAMPLES: &str = "\
Examples:
  LAKE_URI=s3://sales/lake salesgraph rates           the rates of the last days
  salesgraph rates --from 2024-01-01 --to 2024-01-31  those of a month
  RATES_DIALECT=frankfurter salesgraph rates --base USD --currencies EUR,GBP

Fetches rates as the mutation refreshCurrencyRates does, and stores them, in this
process. Needs DATABASE_URL and LAKE_URI. Exit codes: 0 done, 1 failed, 3 done with
parts that do not fit (sourceFailures lists them).";

/// Arguments of `rates`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The first day [default: some days before the last, see RATES_DAYS]
    #[arg(long, value_name = "DATE")]
    pub from: Option<NaiveDate>,
    /// The last day [default: today]
    #[arg(long, value_name = "DATE")]
    pub to: Option<NaiveDate>,
    /// The currency of which the rates are [env: RATES_BASE]
    #[arg(long, value_name = "CODE")]
    pub base: Option<String>,
    /// The currencies in which they are, as USD,GBP [env: RATES_CURRENCIES]
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    pub currencies: Option<Vec<String>>,
}

/// Keeps the addresses of what was fetched.
#[derive(Default)]
struct Fetched(Mutex<Vec<String>>);

impl RawQueue for Fetched {
    fn put<'a>(&'a self, raw_uri: &'a str) -> BoxFuture<'a, Result<()>> {
        let put = self.0.lock().map(|mut fetched| fetched.push(raw_uri.to_owned()));
        let put = put.map_err(|_| Error::internal("the list of answers is broken"));
        std::future::ready(put).boxed()
    }
}

/// Fetches and stores.
pub async fn run(args: Args, config: &Config) -> Result<Exit> {
    let object = format!("{:?} {:?}", args.from, args.to);
    let stored = operator::asked("rates", object, Box::pin(fetch(args, config))).await?;
    let Stored { rates, changed, failures, .. } = stored;
    output::print(&format!("{rates} rates, {changed} rows changed, {failures} do not fit\n"))?;
    Ok(if failures > 0 { Exit::DoneWithRejects } else { Exit::Done })
}

async fn fetch(args: Args, config: &Config) -> Result<Stored> {
    let Args { from, to, base, currencies } = args;
    let today = Utc::now().date_naive();
    let request = RatesRequest::of(&config.rates, today, base, currencies, (from, to))?;
    wiring::ready_schema(config, false).await?;
    let lake = wiring::require_lake(config).await?;
    let pool = wiring::database(config).await?;
    let stop = CancellationToken::new();
    shutdown::cancel_on_signal(stop.clone())?;
    let fetched = Fetched::default();
    let fetcher = Fetcher::new(&config.rates, lake.clone())?;
    let outcome = fetcher.fetch(&request, &fetched, &stop).await;
    let answers = fetched.0.into_inner().unwrap_or_default();
    let mut stored = Stored::default();
    for answer in answers {
        stored += store(&lake, &pool, &answer).await?;
    }
    // Afterwards: what does not fit is listed, too.
    outcome.map(|_| stored)
}
