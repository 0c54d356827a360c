//! The schema itself: current in the repository, described everywhere.

use salesgraph::graphql::{self, Limits};
use salesgraph::query::Reader;
use serde_json::Value;

#[test]
fn schema_graphql_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == graphql::sdl(),
        "schema.graphql is stale: cargo run -- schema > schema.graphql"
    );
}

const INTROSPECTION: &str = "{ __schema { types {
    name kind description
    fields { name description args { name description } }
    inputFields { name description }
    enumValues { name description }
} } }";

#[tokio::test]
async fn everything_has_a_description() {
    let pool = sqlx::postgres::PgPoolOptions::new()
        .connect_lazy("postgres://nobody@127.0.0.1:1/nothing")
        .unwrap();
    let schema = graphql::schema(Reader::new(pool), Limits::default());
    let answer = schema.execute(INTROSPECTION).await.into_result().unwrap();
    let answer = answer.data.into_json().unwrap();
    let mut missing = Vec::new();
    let types = answer["__schema"]["types"].as_array().unwrap();
    // The language's own types are not ours to describe.
    for ty in types.iter().filter(|ty| !name(ty).starts_with("__") && name(ty) != "ID") {
        undescribed(ty, &name(ty), &mut missing);
        for list in ["fields", "inputFields", "enumValues"] {
            for member in ty[list].as_array().into_iter().flatten() {
                let place = format!("{}.{}", name(ty), name(member));
                undescribed(member, &place, &mut missing);
                for argument in member["args"].as_array().into_iter().flatten() {
                    let place = format!("{place}({}:)", name(argument));
                    undescribed(argument, &place, &mut missing);
                }
            }
        }
    }
    assert!(types.len() > 30);
    assert!(missing.is_empty(), "no description: {missing:?}");
}

fn name(value: &Value) -> String {
    value["name"].as_str().unwrap_or_default().to_owned()
}

fn undescribed(value: &Value, place: &str, missing: &mut Vec<String>) {
    if value["description"].as_str().unwrap_or_default().trim().is_empty() {
        missing.push(place.to_owned());
    }
}
