//! The schema: its copy in the repository is current, and everything is described.

use std::collections::BTreeMap;

use async_graphql::Request;
use salesgraph::auth::Scope;
use salesgraph::graphql::{self, Engine, Limits};
use salesgraph::query::{DEFAULT_SIZE, MAX_SIZE, Reader};
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

/// The introspection query of GraphiQL.
const GRAPHIQL: &str = "query IntrospectionQuery { __schema {
    description queryType { name kind } mutationType { name kind } subscriptionType { name kind }
    types { ...FullType }
    directives { name description isRepeatable locations args(includeDeprecated: true) { ...InputValue } }
} }
fragment FullType on __Type {
    kind name description specifiedByURL isOneOf
    fields(includeDeprecated: true) {
        name description args(includeDeprecated: true) { ...InputValue }
        type { ...TypeRef } isDeprecated deprecationReason
    }
    inputFields(includeDeprecated: true) { ...InputValue }
    interfaces { ...TypeRef }
    enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
    possibleTypes { ...TypeRef }
}
fragment InputValue on __InputValue {
    name description type { ...TypeRef } defaultValue isDeprecated deprecationReason
}
fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name
    ofType { kind name ofType { kind name ofType { kind name ofType { kind name
    ofType { kind name ofType { kind name } } } } } } } } } }";

async fn introspect(query: &str) -> Value {
    let pool = sqlx::postgres::PgPoolOptions::new()
        .connect_lazy("postgres://nobody@127.0.0.1:1/nothing")
        .unwrap();
    // The strictest that can be configured.
    let limits = Limits {
        depth: 15,
        aliases: 1,
        root_fields: 1,
        directives: 1,
        tokens: 1_000,
        fields: 300,
        values: 10_000,
        cost: 1,
        ..Limits::default()
    };
    let engine = Engine::new(Reader::new(pool), limits);
    let answer = engine.execute(engine.prepare(Request::new(query)), &Scope::everything()).await;
    assert!(answer.errors.is_empty(), "{:?}", answer.errors);
    serde_json::from_slice(&answer.data.unwrap()).unwrap()
}

#[tokio::test]
async fn graphiql_can_introspect_within_the_limits() {
    let answer = introspect(GRAPHIQL).await;
    let types = answer["__schema"]["types"].as_array().unwrap();
    let find = |wanted: &str| types.iter().find(|ty| name(ty) == wanted).unwrap();
    assert_eq!(name(&find("Person")["interfaces"][0]), "Node");
    let nodes = find("Node")["possibleTypes"].as_array().unwrap();
    assert_eq!(nodes.len(), graphql::types::ALL.len());
    assert_eq!(find("OrderStatus")["enumValues"].as_array().unwrap().len(), 6);
}

#[tokio::test]
async fn everything_has_a_description() {
    let answer = introspect(INTROSPECTION).await;
    let mut missing = Vec::new();
    let types = answer["__schema"]["types"].as_array().unwrap();
    // Introspection types and `ID` are not ours to describe.
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

/// Page sizes are written into the descriptions of root fields by hand.
#[tokio::test]
async fn all_page_sizes_are_described_alike() {
    let answer = introspect(INTROSPECTION).await;
    let mut seen = BTreeMap::new();
    for ty in answer["__schema"]["types"].as_array().unwrap() {
        for field in ty["fields"].as_array().into_iter().flatten() {
            for argument in field["args"].as_array().into_iter().flatten() {
                let text = argument["description"].as_str().unwrap_or_default().to_owned();
                let at_root = name(ty) == "Query";
                let known = seen.entry((name(argument), at_root)).or_insert(text.clone());
                if ["first", "after"].contains(&name(argument).as_str()) {
                    assert_eq!(*known, text, "{}.{}", name(ty), name(field));
                }
            }
        }
    }
    for at_root in [true, false] {
        let text = &seen[&("first".to_owned(), at_root)];
        let sizes = format!("0 to {MAX_SIZE}, by default {DEFAULT_SIZE}");
        assert!(text.contains(&sizes), "{text}");
        assert!(seen.contains_key(&("after".to_owned(), at_root)));
    }
}

fn name(value: &Value) -> String {
    value["name"].as_str().unwrap_or_default().to_owned()
}

fn undescribed(value: &Value, place: &str, missing: &mut Vec<String>) {
    if value["description"].as_str().unwrap_or_default().trim().is_empty() {
        missing.push(place.to_owned());
    }
}
