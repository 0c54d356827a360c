//! `search_schema`: finds parts of the schema by words.

use serde_json::{Map, Value as Json, json};

use super::schema::{Described, arguments_schema};
use crate::graphql::{Found, Guide};
use crate::http::mcp::arguments::Arguments;
use crate::http::mcp::desk::Desk;
use crate::http::mcp::outcome::{BadArgument, Outcome};

const QUERY: &str = "query";
const LIMIT: &str = "limit";
/// Most characters of what is looked for.
const CHARACTERS: usize = 500;
const DEFAULT: u32 = 10;
const MOST: u32 = 50;

pub(super) fn describe() -> Described {
    let description = "Finds types, fields, arguments, inputs and values of enumerations of the \
        GraphQL schema by words in their names and descriptions, the best match first. Each has \
        its SDL and the shortest path to it from Query: Query.product.listPrice is asked for as \
        { product(productId: 1) { listPrice } }, and in Query.products(filter:).name what \
        follows (filter:) is within that argument. Call it before run_query: what it does not \
        find does not exist. The name of a type, such as SalesFilter, finds its fields.";
    let input = arguments_schema(
        &json!({
            QUERY: {
                "type": "string",
                "minLength": 1,
                "maxLength": CHARACTERS,
                "description": "Words, in English: \"list price of a product\", \"salesAggregate\".",
            },
            LIMIT: {
                "type": "integer",
                "minimum": 1,
                "maximum": MOST,
                "default": DEFAULT,
                "description": "Most parts that are shown.",
            },
        }),
        &[QUERY],
    );
    let output = json!({
        "type": "object",
        "properties": {
            "results": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "part": { "type": "string" },
                        "name": { "type": "string" },
                        "path": { "type": "string" },
                        "sdl": { "type": "string" },
                    },
                    "required": ["part", "name", "path", "sdl"],
                },
            },
            "note": { "type": "string" },
        },
        "required": ["results"],
    });
    ("Search the schema", description, input, output)
}

pub(super) async fn call(given: Map<String, Json>, desk: Desk<'_>) -> Result<Outcome, Outcome> {
    if !desk.state.engine.limits().introspection {
        let message = "clients may not ask for the schema on this server";
        return Err(Outcome::forbidden(message));
    }
    let mut arguments = Arguments::of(given, [QUERY, LIMIT])?;
    let text = arguments.text(QUERY)?.filter(|text| !text.trim().is_empty());
    let text = text.ok_or_else(|| BadArgument::new(QUERY, "expected words to look for"))?;
    if text.chars().count() > CHARACTERS {
        let message = format!("expected at most {CHARACTERS} characters");
        return Err(BadArgument::new(QUERY, message).into());
    }
    let limit = arguments.whole(LIMIT, 1..=MOST, DEFAULT)?;
    desk.charge_least()?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let most = desk.result_bytes();
    desk.in_turn(|| shown(&Guide::get().search(&text, limit), most)).await
}

/// As many of them as fit.
fn shown(found: &[Found], most: usize) -> Outcome {
    let mut count = found.len();
    loop {
        let results: Vec<Json> = found.iter().take(count).map(one).collect();
        let mut answer = json!({ "results": results });
        let note = match (found.len(), count) {
            (0, _) => Some("nothing has any of these words: try others, or the names of types"),
            (all, shown) if shown < all => Some("more was found than fits: look for less at once"),
            _ => None,
        };
        if let (Some(note), Some(answer)) = (note, answer.as_object_mut()) {
            answer.insert("note".to_owned(), note.into());
        }
        let outcome = Outcome::done(answer);
        if outcome.bytes() <= most || count <= 1 {
            return outcome;
        }
        count /= 2;
    }
}

fn one(found: &Found) -> Json {
    let Found { part, name, path, sdl } = found;
    json!({ "part": part.as_str(), "name": name, "path": path, "sdl": sdl })
}
