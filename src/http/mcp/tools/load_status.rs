//! `load_status`: what was loaded last, what did not fit, and how fresh the data are.

use serde_json::{Map, Value as Json, json};

use super::schema::{Described, arguments_schema};
use crate::http::mcp::arguments::Arguments;
use crate::http::mcp::desk::{Desk, operation};
use crate::http::mcp::outcome::Outcome;

const RUNS: &str = "runs";
const FILES: &str = "filesPerRun";
const DEFAULT_RUNS: u32 = 5;
const MOST_RUNS: u32 = 20;
const DEFAULT_FILES: u32 = 20;
const MOST_FILES: u32 = 100;

const DOCUMENT: &str = "query loadStatus($runs: Int!, $files: Int!) { \
    rejects: loadRejects(first: 0) { totalCount } parked: loadParked(first: 0) { totalCount } \
    runs: loadRuns(first: $runs) { nodes { runId state mode isCheck sourceUri requestedAt \
    startedAt finishedAt filesFound filesSkipped rowsRead rowsInserted rowsUpdated rowsUnchanged \
    rowsRejected rowsParked rowsRemoved rowsKept error { code message } \
    rejects(first: 0) { totalCount } parked(first: 0) { totalCount } \
    steps { nodes { step finishedAt rowsWritten } } \
    files(first: $files) { totalCount nodes { rowsRead rowsInserted rowsUpdated rowsUnchanged \
    rowsRejected rowsParked elapsedMilliseconds file { dataset objectKey state finishedAt \
    error { code message } } } } } } }";

pub(super) fn describe() -> Described {
    let description = "Says whether the data are complete and fresh: the newest load runs, each with \
        its state, its counters and its files, and how many rows are rejected (they do not fit) or \
        parked (they wait for a row that they refer to) in all. dataAsOf is when the data last \
        changed, and dataVersion counts the changes. Call it when figures look wrong, or when \
        somebody asks how fresh they are. Needs the scope loads:read for all territories. The rows \
        themselves are at loadRejects and loadParked, by run_query.";
    let input = arguments_schema(
        &json!({
            RUNS: {
                "type": "integer", "minimum": 1, "maximum": MOST_RUNS, "default": DEFAULT_RUNS,
                "description": "Most runs, the newest first.",
            },
            FILES: {
                "type": "integer", "minimum": 0, "maximum": MOST_FILES, "default": DEFAULT_FILES,
                "description": "Most files of each run.",
            },
        }),
        &[],
    );
    let output = json!({
        "type": "object",
        "properties": {
            "runs": { "type": "array", "items": { "type": "object" } },
            "rejectedRows": { "type": "integer" },
            "parkedRows": { "type": "integer" },
            "dataVersion": { "type": "integer" },
            "dataAsOf": { "type": "string" },
        },
        "required": ["runs", "rejectedRows", "parkedRows"],
    });
    ("State of the loads", description, input, output)
}

pub(super) async fn call(given: Map<String, Json>, desk: Desk<'_>) -> Result<Outcome, Outcome> {
    let mut arguments = Arguments::of(given, [RUNS, FILES])?;
    let runs = arguments.whole(RUNS, 1..=MOST_RUNS, DEFAULT_RUNS)?;
    let files = arguments.whole(FILES, 0..=MOST_FILES, DEFAULT_FILES)?;
    let variables = Map::from_iter([
        ("runs".to_owned(), Json::from(runs)),
        ("files".to_owned(), Json::from(files)),
    ]);
    let (mut data, version) = desk.read(operation(DOCUMENT, variables)).await?.data()?;
    let mut take = |path: &str| data.pointer_mut(path).map(Json::take).unwrap_or_default();
    let mut answer = Map::new();
    answer.insert("runs".to_owned(), take("/runs/nodes"));
    answer.insert("rejectedRows".to_owned(), take("/rejects/totalCount"));
    answer.insert("parkedRows".to_owned(), take("/parked/totalCount"));
    answer.extend(version);
    Ok(Outcome::done(answer.into()))
}
