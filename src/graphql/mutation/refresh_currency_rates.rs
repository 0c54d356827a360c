//! `refreshCurrencyRates`: queues a fetch of currency rates.

use std::sync::LazyLock;

use chrono::{NaiveDate, Utc};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::payload;
use crate::auth::Grant;
use crate::config::RatesConfig;
use crate::error::{Code, Error, Result};
use crate::graphql::execute::command::{Command, Commands};
use crate::graphql::inputs::arguments::Given;
use crate::graphql::schema::model::{Argument, RootField, RootValue, Type};
use crate::job::rates::start_rates;
use crate::query::{Key, bad_argument};
use crate::rates::RatesRequest;

const BASE: &str = "base";
const CURRENCIES: &str = "currencies";
const FROM: &str = "from";
const TO: &str = "to";

pub(super) fn field() -> RootField {
    RootField {
        name: "refreshCurrencyRates",
        description: "Queues a fetch of currency rates from the configured public API, and answers at once: a \
                      worker asks the API, keeps the answer and stores its rates. The same request \
                      while one is queued or runs gives its job. Null only together with an error, \
                      which is FORBIDDEN without the scopes loads:write and loads:read, and \
                      UNAVAILABLE where the server has no lake.",
        arguments: &[],
        value: RootValue::Command {
            needs: Grant::LoadsWrite,
            input: &INPUT,
            run,
            returns: &PAYLOAD,
        },
    }
}

static INPUT: [Argument; 4] = [
    Argument {
        name: BASE,
        ty: "String",
        description: "ISO code of the currency of which the rates are; by default what is configured. The \
                      European Central Bank has rates of EUR only.",
    },
    Argument {
        name: CURRENCIES,
        ty: "[String!]",
        description: "ISO codes of the currencies in which they are; by default what is configured, or all \
                      that the API has.",
    },
    Argument {
        name: FROM,
        ty: "Date",
        description: "The first day; by default some days before the last, as configured.",
    },
    Argument { name: TO, ty: "Date", description: "The last day; by default today, in UTC." },
];

static PAYLOAD: LazyLock<Type> = LazyLock::new(|| {
    payload::job("RefreshCurrencyRatesPayload", "The result of refreshCurrencyRates.")
});

fn run(command: Command<'_>) -> BoxFuture<'_, Result<Key>> {
    async move {
        let Commands { pool, rates, .. } = command.commands;
        let config = rates.as_ref().ok_or_else(no_lake)?;
        let request = request(config, command.input)?;
        let job = start_rates(&mut *pool.acquire().await?, &request).await?;
        Ok(Key::from(job))
    }
    .boxed()
}

/// The error of a server that cannot keep rates.
pub(super) fn no_lake() -> Error {
    Error::new(Code::Unavailable, "this server has no lake to keep rates: LAKE_URI is not set")
}

fn request(config: &RatesConfig, input: Given<'_>) -> Result<RatesRequest> {
    let currencies = input.get(CURRENCIES).map(|_| input.texts(CURRENCIES)).transpose()?;
    let days = (day(input, FROM)?, day(input, TO)?);
    let today = Utc::now().date_naive();
    let request = RatesRequest::of(config, today, input.text(BASE)?, currencies, days);
    request.map_err(|error| {
        let of = |name: &&str| error.message().starts_with(&format!("{name}:"));
        let argument = [BASE, CURRENCIES, FROM, TO].into_iter().find(of).unwrap_or("input");
        bad_argument(argument, error.message().to_owned())
    })
}

fn day(input: Given<'_>, name: &'static str) -> Result<Option<NaiveDate>> {
    let Some(text) = input.text(name)? else { return Ok(None) };
    let wrong = || bad_argument(name, format!("{name}: expected a date such as 2024-01-31"));
    text.parse().map(Some).map_err(|_| wrong())
}
