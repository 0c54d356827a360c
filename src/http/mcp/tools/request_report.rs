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
            "errors": {
                "type": "array",
                "items": { "type": "object" },
                "description": "What could not be told of the report, which is there.",
            },
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
    let (mut data, errors) = desk.change(operation(ASK.as_str(), variables)).await?.parts();
    told(data.get_mut("requestReport").map(Json::take).unwrap_or_default(), errors)
}

async fn follow(id: String, desk: Desk<'_>) -> Result<Outcome, Outcome> {
    let variables = Map::from_iter([(ID.to_owned(), id.into())]);
    let (mut data, errors) = desk.read(operation(FOLLOW.as_str(), variables)).await?.parts();
    let mut report = data.get_mut("node").map(Json::take).unwrap_or_default();
    let name = report.as_object_mut().and_then(|report| report.remove("__typename"));
    if errors.is_none() && name.as_ref().and_then(Json::as_str) != Some("Report") {
        let message = "there is no report with this id, or you may not see it";
        return Err(Outcome::error(Code::NotFound.as_str(), message));
    }
    told(json!({ "report": report }), errors)
}

/// The report, if it is there, also where some of it failed: it has been asked for all the same.
fn told(mut answer: Json, errors: Option<Json>) -> Result<Outcome, Outcome> {
    let is_there = answer.pointer("/report/id").is_some_and(Json::is_string);
    match (answer.as_object_mut().filter(|_| is_there), errors) {
        (Some(told), errors) => {
            let next = next(told.get("report"));
            told.insert("next".to_owned(), next.into());
            told.extend(errors.map(|errors| ("errors".to_owned(), errors)));
            Ok(Outcome::done(answer))
        }
        (None, Some(errors)) => Err(Outcome::failed(json!({ "errors": errors }))),
        (None, None) => Err(Outcome::error(Code::Internal.as_str(), "internal error")),
    }
}

/// What the caller does next.
fn next(report: Option<&Json>) -> &'static str {
    let state = report.and_then(|report| report.get("state")?.as_str());
    let has_file =
        report.is_some_and(|report| report.get("downloadUrl").is_some_and(Json::is_string));
    match state {
        Some("SUCCEEDED") if has_file => "the file is at downloadUrl",
        Some("SUCCEEDED") => "call request_report with the id of the report alone for downloadUrl",
        Some(state) if ENDED.contains(&state) => "it is not made any more: ask for it again",
        _ => "call request_report with the id of the report alone until state is SUCCEEDED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_told_also_where_some_of_it_failed() {
        let errors = json!([{ "message": "the store does not answer" }]);
        let made = json!({ "report": { "id": "x", "state": "SUCCEEDED", "downloadUrl": null } });
        let answer = format!("{:?}", told(made, Some(errors.clone())).unwrap());
        for part in ["the store does not answer", "for downloadUrl", "is_error: false"] {
            assert!(answer.contains(part), "{part}: {answer}");
        }
        for nothing in [Json::Null, json!({ "report": null })] {
            let refused = format!("{:?}", told(nothing.clone(), Some(errors.clone())).unwrap_err());
            assert!(refused.contains("the store does not answer"), "{refused}");
            assert!(told(nothing, None).is_err());
        }
    }
}
