//! `run_query`: executes a document that only reads.

use serde_json::{Map, Value as Json, json};

use super::schema::{Described, arguments_schema};
use crate::http::mcp::arguments::Arguments;
use crate::http::mcp::desk::{Desk, operation};
use crate::http::mcp::outcome::{BadArgument, Outcome};

const QUERY: &str = "query";
const VARIABLES: &str = "variables";
const OPERATION: &str = "operationName";

pub(super) fn describe() -> Described {
    let description = "Executes a GraphQL query and answers with its response: data, errors with \
        code and place, and extensions with the version of the data. It only reads: mutations and \
        subscriptions are refused. Lists are connections: ask for nodes { ... }, with first: for \
        so many rows (50 by default), after: for the next page (pageInfo { hasNextPage endCursor }), \
        filter: and orderBy:, and totalCount for the number of rows. Find names with \
        search_schema first, and for sums and counts use sales_aggregate instead of reading rows. \
        Amounts are exact decimals as text. Where nodes would be too many, ask for less or use \
        request_report.";
    let input = arguments_schema(
        &json!({
            QUERY: {
                "type": "string",
                "minLength": 1,
                "description": "The document, as { products(first: 3) { nodes { name listPrice } } }.",
            },
            VARIABLES: { "type": "object", "description": "The values of its variables, by name." },
            OPERATION: {
                "type": "string",
                "description": "Which operation of the document, where it has several.",
            },
        }),
        &[QUERY],
    );
    let output = json!({
        "type": "object",
        "properties": {
            "data": { "type": ["object", "null"] },
            "errors": { "type": "array", "items": { "type": "object" } },
            "extensions": { "type": "object" },
        },
    });
    ("Run a GraphQL query", description, input, output)
}

pub(super) async fn call(given: Map<String, Json>, desk: Desk<'_>) -> Result<Outcome, Outcome> {
    let mut arguments = Arguments::of(given, [QUERY, VARIABLES, OPERATION])?;
    let query = arguments.text(QUERY)?;
    let query = query.ok_or_else(|| BadArgument::new(QUERY, "expected a GraphQL document"))?;
    let variables = arguments.object(VARIABLES)?.unwrap_or_default();
    let mut asked = operation(query, variables);
    asked.operation_name = arguments.text(OPERATION)?.filter(|name| !name.is_empty());
    let answered = desk.read(asked).await?;
    Ok(Outcome::response(answered.json, answered.text))
}
