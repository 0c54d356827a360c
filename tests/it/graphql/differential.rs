//! The same documents and variables are accepted as by graphql-js 17. Its verdicts are
//! recorded in `tests/corpus`, which `npm run corpus` in `tests/clients` writes anew.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::Path;

use async_graphql::{Request, Variables};
use flate2::read::GzDecoder;
use salesgraph::graphql::errors::code_of;
use salesgraph::graphql::{Engine, Limits};
use salesgraph::query::Reader;
use serde_json::Value;
use sqlx::postgres::PgPoolOptions;

use crate::support::npm::{Clients, said};

/// So many documents, which Node.js makes and judges now, instead of those recorded.
const MORE: &str = "SALESGRAPH_DIFFERENTIAL";

/// Where the verdict is another: a part of the document, that of graphql-js and ours, and why.
const DIFFERENCES: [(&str, &str, &str, &str); 7] = [
    ("type A", "document", "syntax", TYPES),
    ("extend type", "document", "syntax", TYPES),
    ("schema {", "document", "syntax", TYPES),
    ("scalar A", "document", "syntax", TYPES),
    ("directive @a", "document", "syntax", TYPES),
    ("1e999", "accepted", "document", "it is infinite, which no number of JSON is"),
    ("includeDeprecated: true) { name isDeprecated", "accepted", "document", DIRECTIVES),
];
const TYPES: &str = "definitions of types are no part of a request's grammar";
const DIRECTIVES: &str = "deprecated directives are a proposal after the edition of 2025";

struct Corpus {
    head: Value,
    lines: Vec<Line>,
}

/// The verdict, the document, its variables as JSON, its operation, the first error.
type Line = (String, String, Option<String>, Option<String>, String);

impl Corpus {
    fn of(text: &str) -> Self {
        let mut lines = text.lines();
        let head = serde_json::from_str(lines.next().unwrap()).unwrap();
        let lines = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
        Self { head, lines }
    }

    fn recorded() -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/graphql.jsonl.gz");
        let mut text = String::new();
        let file = std::fs::File::open(file).expect("the corpus");
        GzDecoder::new(file).read_to_string(&mut text).expect("text");
        Self::of(&text)
    }

    async fn live(count: &str) -> Option<Self> {
        let clients = Clients::installed("documents judged by graphql-js").await?;
        let seed = std::process::id().to_string();
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("differential.jsonl");
        let arguments = ["schema.graphql", count, &seed, file.to_str().unwrap()];
        let output = clients.run("differential/corpus.mjs", &arguments).await;
        assert!(output.status.success(), "{}", said(&output));
        Some(Self::of(&std::fs::read_to_string(file).unwrap()))
    }
}

/// No database: what is refused here is refused before anything is read.
fn engine() -> Engine {
    let pool = PgPoolOptions::new().connect_lazy("postgres://localhost/none").unwrap();
    let limits = Limits {
        depth: 32,
        aliases: 10_000,
        root_fields: 10_000,
        directives: 10_000,
        fields: 100_000,
        ..Limits::default()
    };
    Engine::new(Reader::new(pool), limits)
}

/// Our verdict, and the first error.
fn verdict(engine: &Engine, line: &Line) -> (&'static str, String) {
    let (_, text, variables, operation, _) = line;
    let variables: Value =
        variables.as_ref().map_or(Value::Null, |text| serde_json::from_str(text).unwrap());
    let mut request = Request::new(text).variables(Variables::from_json(variables));
    request.operation_name.clone_from(operation);
    let prepared = engine.prepare(request);
    let Some(error) = prepared.refused().map(|errors| &errors[0]) else {
        return ("accepted", String::new());
    };
    let is_of_variable =
        error.extensions.as_ref().is_some_and(|extensions| extensions.get("variable").is_some());
    let is = match code_of(error) {
        Some("GRAPHQL_PARSE_FAILED") => "syntax",
        Some("GRAPHQL_VALIDATION_FAILED") if is_of_variable => "variables",
        // Introspection is not nested deeply in either, which here is a limit.
        Some("GRAPHQL_VALIDATION_FAILED" | "QUERY_TOO_DEEP") => "document",
        other => panic!("{other:?}: {} of {text}", error.message),
    };
    (is, error.message.clone())
}

/// `Type.field(argument:): Type` and `Enum.VALUE` of an SDL that we print.
fn coordinates(sdl: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let (mut owner, mut field) = (String::new(), String::new());
    let without_default = |ty: &str| {
        let ty = ty.split(" = ").next().unwrap_or(ty);
        ty.trim_end_matches(',').to_owned()
    };
    for line in sdl.lines() {
        let indent = line.len() - line.trim_start().len();
        let text = line.trim();
        match (indent, text.split_once(": ")) {
            _ if text.starts_with('"') => {}
            (0, _) => {
                if let Some(name) = text.split(' ').nth(1) {
                    name.clone_into(&mut owner);
                }
            }
            (2, None) if text.ends_with('(') => text.trim_end_matches('(').clone_into(&mut field),
            (2, None) => {
                found.insert(format!("{owner}.{text}"));
            }
            (2, Some((")", ty))) => {
                found.insert(format!("{owner}.{field}: {ty}"));
            }
            (2, Some((name, ty))) => {
                found.insert(format!("{owner}.{name}: {}", without_default(ty)));
            }
            (_, Some((name, ty))) => {
                found.insert(format!("{owner}.{field}({name}:): {}", without_default(ty)));
            }
            _ => {}
        }
    }
    found
}

#[tokio::test]
async fn documents_are_accepted_as_by_graphql_js() {
    let corpus = match std::env::var(MORE) {
        Ok(count) => match Corpus::live(&count).await {
            Some(corpus) => corpus,
            None => return,
        },
        Err(_) => Corpus::recorded(),
    };
    let known = coordinates(&salesgraph::graphql::sdl());
    let named: Vec<String> = serde_json::from_value(corpus.head["coordinates"].clone()).unwrap();
    let changed: Vec<_> = named.iter().filter(|named| !known.contains(*named)).collect();
    assert!(
        changed.is_empty(),
        "the schema has changed where the corpus names it; adapt tests/clients/differential/slice.mjs \
         and rebuild the corpus with `npm run corpus` in tests/clients: {changed:?}"
    );

    let engine = engine();
    let (mut counts, mut wrong) = (BTreeMap::new(), Vec::new());
    let mut listed = [0; DIFFERENCES.len()];
    for line in &corpus.lines {
        let (expected, text, variables, _, said) = line;
        let (found, message) = verdict(&engine, line);
        *counts.entry(found).or_insert(0) += 1;
        if found == expected {
            continue;
        }
        let difference = DIFFERENCES.iter().position(|(part, theirs, ours, _)| {
            text.contains(part) && (*theirs, *ours) == (expected.as_str(), found)
        });
        match difference {
            Some(index) => listed[index] += 1,
            None => wrong.push(format!(
                "{expected} ({said}), but here {found} ({message}): {text:?} {variables:?}"
            )),
        }
    }
    let number = wrong.len();
    wrong.truncate(20);
    assert!(wrong.is_empty(), "{number} other verdicts, such as\n{}", wrong.join("\n"));
    for (difference, times) in DIFFERENCES.iter().zip(listed) {
        assert!(times > 0, "no document has this difference any more: {difference:?}");
    }
    for verdict in ["accepted", "document", "syntax", "variables"] {
        assert!(counts.get(verdict).is_some_and(|count| *count >= 500), "{verdict}: {counts:?}");
    }
}

/// Each rule is broken by some documents.
#[test]
fn the_corpus_breaks_every_rule() {
    let Corpus { head, .. } = Corpus::recorded();
    let rules = head["rules"].as_object().unwrap();
    for rule in [
        "ExecutableDefinitions", "FieldsOnCorrectType", "FragmentsOnCompositeTypes",
        "KnownArgumentNames", "KnownDirectives", "KnownFragmentNames", "KnownTypeNames",
        "LoneAnonymousOperation", "MaxIntrospectionDepth", "NoFragmentCycles",
        "NoUndefinedVariables", "NoUnusedFragments", "NoUnusedVariables",
        "OverlappingFieldsCanBeMerged", "PossibleFragmentSpreads", "ProvidedRequiredArguments",
        "ScalarLeafs", "SingleFieldSubscriptions", "UniqueArgumentNames",
        "UniqueDirectivesPerLocation", "UniqueFragmentNames", "UniqueInputFieldNames",
        "UniqueOperationNames", "UniqueVariableNames", "ValuesOfCorrectType",
        "VariablesAreInputTypes", "VariablesInAllowedPosition",
    ] {
        assert!(rules.contains_key(&format!("{rule}Rule")), "no document breaks {rule}");
    }
}
