//! Currency rates in a demo: from a server of its own, on generated rates, into a lake in the
//! demo's bucket.

use chrono::NaiveDate;
use sqlx::PgPool;

use super::super::wiring::RatesParts;
use crate::config::{Config, RatesDialect};
use crate::embedded::rates::RatesServer;
use crate::error::Result;
use crate::job::rates::start_rates;
use crate::lake::Lake;
use crate::rates::RatesRequest;
use crate::storage::S3Settings;

/// The days of the orders that the demo has.
const DAYS: [Option<NaiveDate>; 2] =
    [NaiveDate::from_ymd_opt(2011, 5, 1), NaiveDate::from_ymd_opt(2014, 7, 31)];

/// The demo's server and lake.
pub(super) async fn parts(
    config: &Config,
    server: &RatesServer,
    bucket: &str,
    s3: &S3Settings,
) -> Result<RatesParts> {
    let mut rates = config.rates.clone();
    rates.dialect = RatesDialect::Frankfurter;
    rates.url = server.frankfurter_url();
    rates.base = "USD".to_owned();
    rates.currencies = Vec::new();
    rates.allow_private = true;
    let lake = Lake::connect(&format!("s3://{bucket}/lake"), s3).await?;
    Ok(RatesParts { config: rates, lake, queue: None })
}

/// Queues that the rates of the orders' days are fetched, unless they were.
pub(super) async fn begin(pool: &PgPool, rates: &RatesParts) -> Result<()> {
    let has_rates: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM currency_rate WHERE source <> 'csv')")
            .fetch_one(pool)
            .await?;
    let [Some(from), Some(to)] = DAYS else { return Ok(()) };
    if has_rates {
        return Ok(());
    }
    let base = rates.config.base.clone();
    let request = RatesRequest { base, currencies: Vec::new(), from, to };
    start_rates(&mut *pool.acquire().await?, &request).await.map(drop)
}
