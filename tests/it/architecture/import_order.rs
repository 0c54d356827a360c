//! Imports go one way: a room of `src/` uses itself and rooms of lower levels, never
//! one of its own level or above.

use std::fmt;
use std::path::PathBuf;

use super::sources::{SOURCES, Source};

/// The rooms, lowest level first; those of one level do not use each other.
const LEVELS: &[&[&str]] = &[
    &["error"],
    &["catalog", "config"],
    &["audit", "https", "telemetry"],
    &["dataset", "db", "embedded", "storage"],
    &["auth", "columnar", "lake", "sample"],
    &["load", "query", "rates", "report"],
    &["job"],
    &["graphql"],
    &["http"],
    &["cli"],
];

fn level(room: &str) -> Option<usize> {
    LEVELS.iter().position(|rooms| rooms.contains(&room))
}

#[derive(Debug, PartialEq, Eq)]
struct Violation {
    file: PathBuf,
    line: usize,
    room: String,
    imports: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, room, imports } = self;
        write!(f, "src/{}:{line}: `{room}` imports `{imports}`", file.display())
    }
}

fn violations(source: &Source) -> Vec<Violation> {
    // The roots of the library and of the program belong to no room.
    let Some(room) = source.modules[0].first() else { return Vec::new() };
    let allowed = |other: &str| {
        other == room
            || matches!((level(room), level(other)), (Some(own), Some(other)) if other < own)
    };
    let from_root = source.named.iter().filter(|named| named.from.is_empty());
    let mut violations: Vec<_> = from_root
        .filter_map(|named| {
            let imports = named.path.first().filter(|other| !allowed(other))?.clone();
            let file = source.file.clone();
            Some(Violation { file, line: named.line, room: room.clone(), imports })
        })
        .collect();
    // A `use` of several names of a room is one import.
    violations.dedup();
    violations
}

#[test]
fn imports_go_one_way() {
    let found: Vec<_> =
        SOURCES.iter().flat_map(violations).map(|violation| violation.to_string()).collect();
    assert!(
        found.is_empty(),
        "imports against the order {LEVELS:?} (a new room needs its place there):\n{}",
        found.join("\n")
    );
}

#[test]
fn every_room_has_its_level() {
    for room in SOURCES.iter().filter_map(|source| source.modules[0].first()) {
        assert!(level(room).is_some(), "src/{room} has no place in the order of imports");
    }
}

fn found(file: &str, text: &str) -> Vec<(usize, String)> {
    let violations = violations(&Source::parse(file, text));
    violations.into_iter().map(|violation| (violation.line, violation.imports)).collect()
}

#[test]
fn a_planted_violation_is_found() {
    let text = "use crate::error::Result;\nuse crate::query::Page;\n";
    assert_eq!(found("db/pool.rs", text), [(2, "query".to_owned())]);
    let shown = violations(&Source::parse("db/pool.rs", text))[0].to_string();
    assert_eq!(shown, "src/db/pool.rs:2: `db` imports `query`");
    assert_eq!(found("http/mod.rs", text), []);
}

#[test]
fn every_way_to_write_a_violation_is_found() {
    for text in [
        "use crate::{error::Result, http};",
        "use crate::{\n    error::Result,\n    db::{self, Pool}, http::{Router, State},\n};",
        "use crate :: http as door;",
        "fn f() { let _ = crate::http::serve(); }",
        "pub(in crate::http) fn f() {}",
        "use ::salesgraph::http;",
        "use super::super::http::Router;",
        "use super::{super::http::Router, page};",
        "mod tests { use super::super::super::http; }",
        "const C: char = '\"'; use crate::http; const D: char = '\"';",
        "fn f<'a>(x: &'a str) { crate::http::serve(x) }",
        "const S: &str = r#\"\"\"#; use crate::http;",
        "fn f() { assert!(matches!(x, Some(crate::http::LIMIT))) }",
        "macro_rules! door { () => { use crate::{error::Result, http}; } }",
        "macro_rules! door { () => { $crate::http::serve() } }",
        "#[serde(with = crate::http)] struct S;",
    ] {
        let rooms: Vec<_> =
            found("query/page.rs", text).into_iter().map(|(_, room)| room).collect();
        assert_eq!(rooms, ["http"], "{text}");
    }
    assert_eq!(found("db/mod.rs", "use crate::storage::Key;").len(), 1, "rooms of one level");
    assert_eq!(found("db/mod.rs", "use crate::nowhere::X;").len(), 1, "an unknown room");
}

#[test]
fn other_text_is_no_violation() {
    for text in [
        "//! See [`crate::http`].\n/// As crate::http::X.\n/* crate::http /* nested */ crate::http */\nfn f() {}",
        "const S: &str = \"use crate::http;\";",
        "const S: &str = r#\"use \"crate::http\";\"#;",
        "pub(crate) mod http {}",
        "use super::http::X;",
        "mod tests { use super::*; use super::super::http; }",
        "use crate::query::http;",
    ] {
        assert_eq!(found("query/page.rs", text), [], "{text}");
    }
}
