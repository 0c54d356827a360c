//! `requestReport`: asks for rows of a query as a file.

use std::sync::LazyLock;

use async_graphql::Value;
use chrono::NaiveDate;
use entity::{report, report_request};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Map, json};
use sqlx::PgPool;

use crate::auth::{Grant, Scope};
use crate::catalog::{column, columns, table};
use crate::error::{Error, Result};
use crate::graphql::execute::command::Command;
use crate::graphql::execute::no_reports;
use crate::graphql::inputs::arguments::Given;
use crate::graphql::schema::model::{
    Argument, Field, FieldValue, Inputs, ObjectType, RootField, RootValue, Roots, Type,
};
use crate::graphql::types::REPORT;
use crate::job::{NewJob, Task, add};
use crate::query::{Key, bad_argument};
use crate::report::{
    CsvDialect, Encoding, Format, Kind, KindColumn, NewReport, ReportColumn, ReportQuery,
    request_report,
};

/// Attempts of a worker to make a report.
const ATTEMPTS: u16 = 5;
/// Most characters of a project.
const PROJECT: usize = 100;

pub(super) fn field() -> RootField {
    RootField {
        name: "requestReport",
        description: "Asks for a report: a file of all rows that a query keeps, made by a worker \
                  with the rights of the caller and stored in the bucket of reports. It is \
                  answered at once; the subscription report follows it, and its field \
                  downloadUrl gives the file. The same request within 15 minutes (unless the \
                  server is configured otherwise) gets the report that is there. Null only \
                  together with an error, which is FORBIDDEN without the scopes reports:write \
                  and reports:read, or where the caller may not see what is asked for.",
        arguments: &[],
        value: RootValue::Command {
            needs: Grant::ReportsWrite,
            input: &INPUT,
            run,
            returns: &PAYLOAD,
        },
    }
}

static INPUT: [Argument; 14] = [
    Argument {
        name: "kind",
        ty: "ReportKind",
        description: "What it has rows of. By default QUERY, which reads query.",
    },
    Argument {
        name: "project",
        ty: "String!",
        description: "The caller's name for what it is for: 1 to 100 characters. It is a folder of \
                      the bucket.",
    },
    Argument {
        name: "filter",
        ty: "SalesFilter",
        description: "Which rows: order lines that fulfil it, orders, customers and products with \
                      such lines, forecasts of products with such lines. By default all. Not \
                      together with query.",
    },
    Argument {
        name: "groupBy",
        ty: "[SalesDimension!]",
        description: "Of SALES_AGGREGATE only: one group for each combination of these. By \
                      default one of everything.",
    },
    Argument {
        name: "from",
        ty: "Date",
        description: "Of DEMAND_FORECAST only: first date. By default the last 28 days there is a \
                      forecast for.",
    },
    Argument {
        name: "to",
        ty: "Date",
        description: "Of DEMAND_FORECAST only: last date. Given together with from.",
    },
    Argument {
        name: "query",
        ty: "String",
        description: "A document with one list, such as \"{ products { nodes { name } } }\": all its \
                      rows, whatever page it asks for. What it selects of a row becomes columns, \
                      named by their paths.",
    },
    Argument {
        name: "variables",
        ty: "JSON",
        description: "The values of the variables of query, as an object.",
    },
    Argument {
        name: "columns",
        ty: "[String!]",
        description: "The columns of the file, in this order: names of the kind's columns, or \
                      paths of query. By default all that the caller may see.",
    },
    Argument { name: "format", ty: "ReportFormat", description: "By default CSV." },
    Argument {
        name: "delimiter",
        ty: "String",
        description: "Between the fields of a CSV file: one ASCII character, by default a comma.",
    },
    Argument {
        name: "decimalSeparator",
        ty: "String",
        description: "Of the numbers of a CSV file: \".\" or \",\", by default a point.",
    },
    Argument {
        name: "byteOrderMark",
        ty: "Boolean",
        description: "Whether a CSV file begins with the byte order mark of UTF-8, by which some \
                      spreadsheets know it. By default not.",
    },
    Argument {
        name: "operationName",
        ty: "String",
        description: "The operation of query, where it has several.",
    },
];

static PAYLOAD: LazyLock<Type> = LazyLock::new(|| {
    let fields = vec![
        Field {
            name: "report",
            description: "The report.",
            value: FieldValue::One(&REPORT, columns([report_request::Column::ReportId])),
        },
        Field::column(column(report_request::Column::Reused)),
        Field::column(column(report_request::Column::NextAllowedAt)),
    ];
    let shape = ObjectType {
        name: "RequestReportPayload",
        description: "The result of requestReport.",
        fields: fields.leak(),
    };
    let table = table::<report_request::Entity>();
    Type { table, shape, roots: Roots::default(), inputs: Inputs::default() }
});

fn run(command: Command<'_>) -> BoxFuture<'_, Result<Key>> {
    async move {
        let reports = command.commands.reports.as_ref().ok_or_else(no_reports)?;
        let pool = &command.commands.pool;
        let new = read(command.input, command.scope, pool).await?;
        command.files.check(&new.query, command.scope).await?;
        let mut transaction = pool.begin().await?;
        let subject = &command.caller.subject;
        let requested =
            request_report(&mut transaction, &new, command.scope, subject, reports.min_interval)
                .await?;
        if requested.is_new {
            let job = NewJob {
                task: Task::Report,
                key: Some(format!("report:{}", requested.report)),
                payload: json!({ "report": requested.report }),
                max_attempts: ATTEMPTS,
                run_at: None,
            };
            add(&mut transaction, job).await?;
        }
        transaction.commit().await?;
        Ok(Key::from(requested.request))
    }
    .boxed()
}

/// What a caller asks for.
async fn read(input: Given<'_>, scope: &Scope, pool: &PgPool) -> Result<NewReport> {
    let project = project(input)?;
    let encoding = encoding(input)?;
    let chosen = input.get("columns").is_some().then(|| input.texts("columns")).transpose()?;
    let kind = match input.name("kind")? {
        None => "query",
        Some(name) => {
            let kinds = column(report::Column::Kind).codes.iter().flat_map(|codes| &codes.values);
            let kind = kinds.into_iter().find(|kind| kind.name == name);
            kind.ok_or_else(|| bad_argument("kind", format!("kind: there is no {name}")))?.code
        }
    };
    let query = match Kind::of_code(kind) {
        Some(kind) => of_kind(kind, input, chosen.as_deref(), scope, pool).await?,
        None => of_document(input, chosen)?,
    };
    Ok(NewReport { project, kind, query, encoding })
}

fn project(input: Given<'_>) -> Result<String> {
    let project = input.text("project")?.unwrap_or_default();
    let project = project.trim();
    let refused = |message| Err(bad_argument("project", format!("project: {message}")));
    if project.is_empty() || project.chars().count() > PROJECT {
        return refused(format!("must have 1 to {PROJECT} characters"));
    }
    if project.chars().any(char::is_control) {
        return refused("must have no control characters".to_owned());
    }
    Ok(project.to_owned())
}

fn encoding(input: Given<'_>) -> Result<Encoding> {
    let format = match input.name("format")?.as_deref() {
        None | Some("CSV") => Format::Csv,
        Some("CSV_GZIP") => Format::CsvGzip,
        Some("PARQUET") => Format::Parquet,
        Some(other) => {
            return Err(bad_argument("format", format!("format: there is no {other}")));
        }
    };
    let default = CsvDialect::default();
    let character = |name: &'static str, default: u8| match input.text(name)? {
        None => Ok(default),
        Some(text) => match text.as_bytes() {
            [one] if one.is_ascii() => Ok(*one),
            _ => Err(bad_argument(name, format!("{name}: must be one ASCII character"))),
        },
    };
    let csv = CsvDialect {
        delimiter: character("delimiter", default.delimiter)?,
        decimal_separator: character("decimalSeparator", default.decimal_separator)?,
        byte_order_mark: input.is_true("byteOrderMark"),
    };
    csv.check()?;
    if format == Format::Parquet && csv != default {
        let message = "delimiter: a Parquet file has none; leave out what is for CSV";
        return Err(bad_argument("delimiter", message.to_owned()));
    }
    Ok(Encoding { format, csv })
}

async fn of_kind(
    kind: Kind,
    input: Given<'_>,
    chosen: Option<&[String]>,
    scope: &Scope,
    pool: &PgPool,
) -> Result<ReportQuery> {
    for argument in ["query", "variables", "operationName"] {
        if input.get(argument).is_some() {
            return Err(misplaced(argument, "QUERY"));
        }
    }
    let mut variables = Map::new();
    let group_by = input.names("groupBy")?;
    if kind == Kind::SalesAggregate {
        variables.insert("groupBy".to_owned(), json!(group_by));
    } else if input.get("groupBy").is_some() {
        return Err(misplaced("groupBy", "SALES_AGGREGATE"));
    }
    if kind == Kind::DemandForecast {
        let (from, to) = period(input, pool).await?;
        variables.insert("from".to_owned(), json!(from));
        variables.insert("to".to_owned(), json!(to));
    } else {
        for argument in ["from", "to"] {
            if input.get(argument).is_some() {
                return Err(misplaced(argument, "DEMAND_FORECAST"));
            }
        }
    }
    let filter = input.get("filter");
    let is_filtered = filter.is_some();
    if let Some(filter) = filter {
        variables.insert("filter".to_owned(), as_json(filter, "filter")?);
    }
    let columns = chosen_of(&kind.columns(&group_by), chosen, scope)?;
    let document = kind.document(&columns, is_filtered);
    let columns = columns.iter().map(ReportColumn::from).collect();
    Ok(ReportQuery { document, operation: None, variables, columns: Some(columns) })
}

/// Those that are asked for, or all that the caller may see.
fn chosen_of(
    all: &[KindColumn],
    chosen: Option<&[String]>,
    scope: &Scope,
) -> Result<Vec<KindColumn>> {
    let Some(chosen) = chosen else {
        let sees_persons = scope.allows(Grant::PersonsRead);
        let visible = all.iter().filter(|column| sees_persons || !column.is_personal);
        return Ok(visible.copied().collect());
    };
    if chosen.is_empty() {
        let message = "columns: name at least one, or leave it out for all";
        return Err(bad_argument("columns", message.to_owned()));
    }
    let find = |name: &String| {
        all.iter().find(|column| column.name == name).copied().ok_or_else(|| {
            let known: Vec<&str> = all.iter().map(|column| column.name).collect();
            let known = known.join(", ");
            bad_argument("columns", format!("columns: there is no {name}, but {known}"))
        })
    };
    chosen.iter().map(find).collect()
}

fn of_document(input: Given<'_>, chosen: Option<Vec<String>>) -> Result<ReportQuery> {
    for (argument, kind) in [
        ("filter", "another kind; a query has filters of its own"),
        ("groupBy", "SALES_AGGREGATE"),
        ("from", "DEMAND_FORECAST"),
        ("to", "DEMAND_FORECAST"),
    ] {
        if input.get(argument).is_some() {
            return Err(misplaced(argument, kind));
        }
    }
    let document = input.text("query")?.ok_or_else(|| {
        let message = "query: must be given, or a kind other than QUERY";
        bad_argument("query", message.to_owned())
    })?;
    let variables = match input.get("variables") {
        None => Map::new(),
        Some(given) => match as_json(given, "variables")? {
            serde_json::Value::Object(variables) => variables,
            _ => return Err(bad_argument("variables", "variables: not an object".to_owned())),
        },
    };
    let column = |path: String| ReportColumn { name: path.clone(), path };
    let columns = chosen.map(|paths| paths.into_iter().map(column).collect());
    Ok(ReportQuery { document, operation: input.text("operationName")?, variables, columns })
}

/// The dates of a forecast.
async fn period(input: Given<'_>, pool: &PgPool) -> Result<(NaiveDate, NaiveDate)> {
    let date = |name: &'static str| {
        let Some(text) = input.text(name)? else { return Ok(None) };
        let refused = || bad_argument(name, format!("{name}: {text} is no date"));
        text.parse().map(Some).map_err(|_| refused())
    };
    match (date("from")?, date("to")?) {
        (Some(from), Some(to)) => Ok((from, to)),
        (None, None) => {
            let last: Option<NaiveDate> =
                sqlx::query_scalar("SELECT max(date) FROM demand_forecast_date")
                    .fetch_one(pool)
                    .await?;
            // Any period is empty while there is no forecast.
            let last = last.unwrap_or_else(|| chrono::DateTime::UNIX_EPOCH.date_naive());
            Ok((last - chrono::Days::new(27), last))
        }
        (Some(_), None) => Err(bad_argument("to", "to: must be given with from".to_owned())),
        (None, Some(_)) => Err(bad_argument("from", "from: must be given with to".to_owned())),
    }
}

fn misplaced(argument: &'static str, kind: &str) -> Error {
    bad_argument(argument, format!("{argument}: is for the kind {kind}"))
}

fn as_json(value: Value, argument: &'static str) -> Result<serde_json::Value> {
    value.into_json().map_err(|_| bad_argument(argument, format!("{argument}: is no JSON")))
}
