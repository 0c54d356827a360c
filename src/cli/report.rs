//! `salesgraph report`

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Request, ServerError, Variables};
use serde_json::{Map, Value, json};
use sqlx::PgPool;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::exit::Exit;
use super::worker::Parts;
use super::{operator, output, shutdown, wiring};
use crate::audit::Caller;
use crate::auth::{Grants, Scope};
use crate::config::Config;
use crate::error::{Code, Error, Result};
use crate::graphql::{Engine, Hooks};

const EXAMPLES: &str = "\
Examples:
  salesgraph report --kind SALES_LINES --project monthly \\
      --filter '{\"order\": {\"orderDate\": {\"gte\": \"2014-06-01\", \"lt\": \"2014-07-01\"}}}'
  salesgraph report --kind SALES_AGGREGATE --group-by ORDER_MONTH,TERRITORY --project trend \\
      --format PARQUET
  salesgraph report --project prices --query '{ products { nodes { name listPrice } } }' \\
      --delimiter ';' --decimal-separator ,

Asks for a report, as the mutation requestReport does, makes it in this process unless
another worker is faster, and prints where it is and a link to it. Needs DATABASE_URL
and REPORTS_URI or SOURCE_URI. If it is killed, the next worker makes the report.";

/// Between two looks at the report.
const LOOK: Duration = Duration::from_millis(50);

const REQUEST: &str = "mutation($input: RequestReportInput!) { requestReport(input: $input) { \
                       reused nextAllowedAt report { id } } }";
const REPORT: &str = "query($id: ID!) { node(id: $id) { ... on Report { id kind project state key \
                      version rowCount byteSize sha256 dataVersion current downloadUrl \
                      progress { rows bytes } error { code message } } } }";

/// Arguments of `report`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// SALES_LINES, SALES_ORDERS, CUSTOMERS, PRODUCTS, SALES_AGGREGATE, DEMAND_FORECAST or QUERY
    /// [default: QUERY]
    #[arg(long, value_name = "KIND")]
    pub kind: Option<String>,
    /// What it is for: a folder of the bucket
    #[arg(long, value_name = "NAME")]
    pub project: String,
    /// Which rows: a SalesFilter as JSON
    #[arg(long, value_name = "JSON", value_parser = object)]
    pub filter: Option<Value>,
    /// Dimensions of SALES_AGGREGATE, as ORDER_MONTH,TERRITORY
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub group_by: Option<Vec<String>>,
    /// First date of DEMAND_FORECAST
    #[arg(long, value_name = "DATE", requires = "to")]
    pub from: Option<String>,
    /// Last date of DEMAND_FORECAST
    #[arg(long, value_name = "DATE", requires = "from")]
    pub to: Option<String>,
    /// A document with one list, or @FILE
    #[arg(long, value_name = "GRAPHQL")]
    pub query: Option<String>,
    /// The values of its variables, as JSON
    #[arg(long, value_name = "JSON", value_parser = object, requires = "query")]
    pub variables: Option<Value>,
    /// The columns of the file, in this order
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub columns: Option<Vec<String>>,
    /// CSV, CSV_GZIP or PARQUET [default: CSV]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<String>,
    /// Between the fields of a CSV file [default: ,]
    #[arg(long, value_name = "CHARACTER")]
    pub delimiter: Option<String>,
    /// Of the numbers of a CSV file [default: .]
    #[arg(long, value_name = "CHARACTER")]
    pub decimal_separator: Option<String>,
    /// Begin a CSV file with the byte order mark
    #[arg(long)]
    pub byte_order_mark: bool,
    /// The organisation whose report it is
    #[arg(long, value_name = "NAME")]
    pub org: Option<String>,
    /// Only of these territories, as 1,4
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    pub territories: Option<Vec<i32>>,
    /// Print the report as one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Who asks, for the report and the audit log.
#[derive(Debug)]
struct Operator(Caller);

impl Hooks for Operator {
    fn charge(&self, _cost: u64) -> Result<(), ServerError> {
        Ok(())
    }

    fn caller(&self) -> Caller {
        self.0.clone()
    }
}

/// Makes a report and prints where it is.
pub async fn run(args: &Args, config: &Config) -> Result<Exit> {
    let input = args.input()?;
    wiring::ready_schema(config, false).await?;
    let parts = Box::pin(Parts::of(config)).await?;
    let stop = CancellationToken::new();
    shutdown::cancel_on_signal(stop.clone())?;
    let pool = parts.pool().await?;
    let done = make(args, input, &parts, config, &pool, &stop).await;
    pool.close().await;
    done
}

async fn make(
    args: &Args,
    input: Value,
    parts: &Parts,
    config: &Config,
    pool: &PgPool,
    stop: &CancellationToken,
) -> Result<Exit> {
    let reader = wiring::reader(config, pool).await?;
    let commands = wiring::commands(config, reader.clone(), None, parts.reports.clone());
    let engine = Engine::new(reader, config.limits.document).with_commands(commands);
    let scope = Scope::new(args.org.clone(), Grants::all(), args.territories.clone());
    let requested = ask(&engine, &scope, REQUEST, json!({ "input": input })).await?;
    let requested = requested.get("requestReport").cloned().unwrap_or_default();
    let id = requested.pointer("/report/id").cloned().unwrap_or_default();
    let ended = CancellationToken::new();
    let work = parts.report_worker(config, pool).await?.run(ended.clone());
    let follow = async {
        let report = follow(&engine, &scope, &id, stop).await;
        ended.cancel();
        report
    };
    let (report, worked) = tokio::join!(follow, work);
    worked?;
    let Some(mut report) = report? else { return Ok(Exit::Failed) };
    let has_succeeded = text(&report, "state") == "SUCCEEDED";
    if args.json {
        if let Some(fields) = report.as_object_mut() {
            fields
                .insert("reused".to_owned(), requested.get("reused").cloned().unwrap_or_default());
        }
        output::print(&format!("{report}\n"))?;
    } else {
        output::print(&summary(&report, &requested))?;
    }
    Ok(if has_succeeded { Exit::Done } else { Exit::Failed })
}

/// Waits for the end of a report; `None` if a signal ended the waiting.
async fn follow(
    engine: &Engine,
    scope: &Scope,
    id: &Value,
    stop: &CancellationToken,
) -> Result<Option<Value>> {
    loop {
        let mut data = ask(engine, scope, REPORT, json!({ "id": id })).await?;
        let report = data.get_mut("node").map(Value::take).unwrap_or_default();
        if !matches!(text(&report, "state"), "QUEUED" | "RUNNING") {
            return Ok(Some(report));
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(None),
            () = sleep(LOOK) => {}
        }
    }
}

/// The data of an operation, or its first error.
async fn ask(engine: &Engine, scope: &Scope, document: &str, variables: Value) -> Result<Value> {
    let request = Request::new(document).variables(Variables::from_json(variables));
    let caller = operator::caller();
    let prepared = engine.prepare(request).with_hooks(Arc::new(Operator(caller)));
    let answer = engine.execute(prepared, scope).await;
    if let Some(error) = answer.errors.first() {
        return Err(Error::new(Code::BadUserInput, error.message.clone()));
    }
    let data = answer.data.unwrap_or_default();
    serde_json::from_slice(&data)
        .map_err(|error| Error::internal("an answer is no JSON").with_source(error))
}

impl Args {
    /// The input of the mutation.
    fn input(&self) -> Result<Value> {
        let query = self.query.as_deref().map(document).transpose()?;
        let fields = [
            ("kind", self.kind.clone().map(Value::from)),
            ("project", Some(self.project.clone().into())),
            ("filter", self.filter.clone()),
            ("groupBy", self.group_by.clone().map(Value::from)),
            ("from", self.from.clone().map(Value::from)),
            ("to", self.to.clone().map(Value::from)),
            ("query", query.map(Value::from)),
            ("variables", self.variables.clone()),
            ("columns", self.columns.clone().map(Value::from)),
            ("format", self.format.clone().map(Value::from)),
            ("delimiter", self.delimiter.clone().map(Value::from)),
            ("decimalSeparator", self.decimal_separator.clone().map(Value::from)),
            ("byteOrderMark", self.byte_order_mark.then_some(Value::from(true))),
        ];
        let given = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Ok(Value::Object(given.collect::<Map<_, _>>()))
    }
}

/// A document, or the content of the file behind an `@`.
fn document(text: &str) -> Result<String> {
    let Some(path) = text.strip_prefix('@') else { return Ok(text.to_owned()) };
    std::fs::read_to_string(Path::new(path)).map_err(|error| {
        let message = format!("--query: the file {path} cannot be read");
        Error::new(Code::BadUserInput, message).with_source(error)
    })
}

fn object(text: &str) -> Result<Value, String> {
    match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => Ok(Value::Object(fields)),
        Ok(_) => Err("expected a JSON object".to_owned()),
        Err(error) => Err(format!("expected a JSON object: {error}")),
    }
}

fn text<'a>(report: &'a Value, field: &str) -> &'a str {
    report.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn summary(report: &Value, requested: &Value) -> String {
    let state = text(report, "state").to_lowercase();
    if state != "succeeded" {
        let error = report.pointer("/error/message").and_then(Value::as_str).unwrap_or("no reason");
        return format!("{state}: {error}\n");
    }
    let number = |field: &str| report.get(field).and_then(Value::as_u64).unwrap_or_default();
    let reused = match requested.get("reused").and_then(Value::as_bool) {
        Some(true) => {
            let next = text(requested, "nextAllowedAt");
            let current = match report.get("current").and_then(Value::as_bool) {
                Some(true) => "the data are as it shows them",
                _ => "the data have changed since",
            };
            format!("It was made before; {current}. A new one can be made from {next} on.\n")
        }
        _ => String::new(),
    };
    format!(
        "{state}: {}\n{} rows, {} bytes, data version {}, SHA-256 {}\n{reused}{}\n",
        text(report, "key"),
        number("rowCount"),
        number("byteSize"),
        number("dataVersion"),
        text(report, "sha256"),
        text(report, "downloadUrl"),
    )
}
