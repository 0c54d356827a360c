//! `request_report`: asks for a file of rows, and says how far it is.

use std::sync::LazyLock;

use serde_json::{Map, Value as Json, json};

use super::schema::{Described, arguments_schema};
use crate::error::Code;
use crate::graphql::Guide;
use crate::http::mcp::arguments::Arguments;
use crate::http::mcp::desk::{Desk, operation};
use crate::http::mcp::outcome::{BadArgument, Outcome};

/// The input of the mutation.
const INPUT: &str = "RequestReportInput";
const ID: &str = "id";
const PROJECT: &str = "project";
/// States in which it is not made any more.
const ENDED: [&str; 4] = ["SUCCEEDED", "FAILED", "CANCELED", "EXPIRED"];

const REPORT: &str = "fragment Shown on Report { id kind project state format rowCount byteSize \
    sha256 version requestedAt startedAt finishedAt dataVersion dataAsOf current downloadUrl \
    progress { rows bytes } error { code message } }";
static ASK: LazyLock<String> = LazyLock::new(|| {
    format!(
        "mutation requestReport($input: {INPUT}!) {{ requestReport(input: $input) {{ reused \
         nextAllowedAt report {{ ...Shown }} }} }} {REPORT}"
    )
});
static FOLLOW: LazyLock<String> = LazyLock::new(|| {
    format!("query report($id: ID!) {{ node(id: $id) {{ __typename ...Shown }} }} {REPORT}")
});

pub(super) fn describe() -> Described {
    let description = "Asks for a report: a file (CSV, compressed CSV or Parquet) of all rows of a \
        query, however many, or of one of the kinds SALES_LINES, SALES_ORDERS, CUSTOMERS, \
        PRODUCTS, DEMAND_FORECAST and SALES_AGGREGATE with a filter. Use it where the rows are \
        too many to read, or somebody wants a file. A worker makes it with your rights: this is \
        answered at once with id and state. To follow it call this tool again with that id alone; \
        when state is SUCCEEDED, downloadUrl has the file for some minutes, without a token, so \
        give it only to who may have it. The same arguments again find the same report and make \
        none anew until nextAllowedAt. Needs project, a name for what it is for, and either kind \
        or query.";
    let mut properties = Guide::get().input_schemas(INPUT);
    let text = "Of a report that was asked for before, to see how far it is; then nothing else.";
    properties.insert(ID.to_owned(), json!({ "type": "string", "description": text }));
    let output = json!({
        "type": "object",
        "properties": {
            "report": {
                "type": "object",
                "properties": {
                    "id": { "type": "string" },
                    "state": { "type": "string" },
                    "downloadUrl": { "type": ["string", "null"] },
                },
                "required": ["id", "state"],
            },
            "reused": { "type": "boolean" },
            "nextAllowedAt": { "type": ["string", "null"] },
            "next": { "type": "string", "description": "What to do next." },
        },
        "required": ["report", "next"],
    });
    ("Request a report", description, arguments_schema(&properties.into(), &[]), output)
}

pub(super) async fn call(given: Map<String, Json>, desk: Desk<'_>) -> Result<Outcome, Outcome> {
    let names = Guide::get().input_schemas(INPUT);
    let mut arguments = Arguments::of(given, names.keys().map(String::as_str).chain([ID]))?;
    match arguments.text(ID)? {
        Some(id) if arguments.is_empty() => follow(id, desk).await,
        Some(_) => {
            let message = "is of a report that is there: leave out the other arguments";
            Err(BadArgument::new(ID, message).into())
        }
        None if arguments.is_given(PROJECT) => ask(arguments.rest(), desk).await,
        None => {
            let message = "must be given to ask for a report, or id to follow one";
            Err(BadArgument::new(PROJECT, message).into())
        }
    }
}

async fn ask(input: Map<String, Json>, desk: Desk<'_>) -> Result<Outcome, Outcome> {
    let variables = Map::from_iter([("input".to_owned(), Json::Object(input))]);
    let (mut data, _) = desk.change(operation(ASK.as_str(), variables)).await?.data()?;
    let payload = data.get_mut("requestReport").map(Json::take).unwrap_or_default();
    let Json::Object(mut payload) = payload else {
        return Err(Outcome::error(Code::Internal.as_str(), "internal error"));
    };
    let next = next(payload.get("report"));
    payload.insert("next".to_owned(), next.into());
    Ok(Outcome::done(payload.into()))
}

async fn follow(id: String, desk: Desk<'_>) -> Result<Outcome, Outcome> {
    let variables = Map::from_iter([(ID.to_owned(), id.into())]);
    let (mut data, _) = desk.read(operation(FOLLOW.as_str(), variables)).await?.data()?;
    let mut report = data.get_mut("node").map(Json::take).unwrap_or_default();
    let name = report.as_object_mut().and_then(|report| report.remove("__typename"));
    if name.as_ref().and_then(Json::as_str) != Some("Report") {
        let message = "there is no report with this id, or you may not see it";
        return Err(Outcome::error(Code::NotFound.as_str(), message));
    }
    let next = next(Some(&report));
    Ok(Outcome::done(json!({ "report": report, "next": next })))
}

/// What the caller does next.
fn next(report: Option<&Json>) -> &'static str {
    let state = report.and_then(|report| report.get("state")?.as_str());
    match state {
        Some("SUCCEEDED") => "the file is at downloadUrl",
        Some(state) if ENDED.contains(&state) => "it is not made any more: ask for it again",
        _ => "call request_report with the id of the report alone until state is SUCCEEDED",
    }
}
