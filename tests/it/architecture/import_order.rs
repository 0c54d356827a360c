//! Imports go one way: a room of `src/` knows the rooms of lower levels and
//! itself, never one of its own level or above.

use std::fmt;
use std::path::{Path, PathBuf};

use super::paths::{Named, crate_paths};

/// The rooms, lowest level first.
const LEVELS: &[&[&str]] = &[
    &["error"],
    &["config"],
    &["telemetry"],
    &["auth", "dataset", "db", "embedded", "sample", "storage"],
    &["load", "query", "report"],
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

/// The violations in one file, `file` being its path below `src/`.
fn violations(file: &Path, text: &str) -> Vec<Violation> {
    let mut module: Vec<String> = file
        .with_extension("")
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    if module.last().is_some_and(|name| name == "mod") {
        module.pop();
    }
    let Some(room) = module.first().cloned() else { return Vec::new() };
    let allowed = |other: &str| {
        other == room
            || matches!((level(&room), level(other)), (Some(own), Some(other)) if other < own)
    };
    crate_paths(&module, text)
        .into_iter()
        .filter(|named| !allowed(&named.room))
        .map(|Named { room: imports, line }| Violation {
            file: file.to_owned(),
            line,
            room: room.clone(),
            imports,
        })
        .collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn imports_go_one_way() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    files.sort();
    let mut found = Vec::new();
    for path in files {
        let file = path.strip_prefix(&src).expect("below src");
        // The roots of the library and of the program belong to no room.
        if file == Path::new("lib.rs") || file == Path::new("main.rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a source");
        found.extend(violations(file, &text).iter().map(ToString::to_string));
    }
    assert!(
        found.is_empty(),
        "imports against the order {LEVELS:?} (a new room needs its place there):\n{}",
        found.join("\n")
    );
}

#[test]
fn every_room_has_its_level() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in std::fs::read_dir(src).expect("src") {
        let path = entry.expect("an entry").path();
        let room = path.file_stem().expect("a name").to_string_lossy().into_owned();
        assert!(
            ["lib", "main"].contains(&room.as_str()) || level(&room).is_some(),
            "src/{room} has no place in the order of imports"
        );
    }
}

fn found(file: &str, text: &str) -> Vec<(usize, String)> {
    let violations = violations(Path::new(file), text);
    violations.into_iter().map(|violation| (violation.line, violation.imports)).collect()
}

#[test]
fn a_planted_violation_is_found() {
    let text = "use crate::error::Result;\nuse crate::query::Page;\n";
    assert_eq!(found("db/pool.rs", text), [(2, "query".to_owned())]);
    let shown = violations(Path::new("db/pool.rs"), text)[0].to_string();
    assert_eq!(shown, "src/db/pool.rs:2: `db` imports `query`");
    assert_eq!(found("http/mod.rs", text), []);
}

#[test]
fn no_way_of_writing_it_hides_a_violation() {
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
    ] {
        let rooms: Vec<_> =
            found("query/page.rs", text).into_iter().map(|(_, room)| room).collect();
        assert_eq!(rooms, ["http"], "{text}");
    }
    assert_eq!(found("db/mod.rs", "use crate::storage::Key;").len(), 1, "rooms of one level");
    assert_eq!(found("db/mod.rs", "use crate::nowhere::X;").len(), 1, "an unknown room");
}

#[test]
fn what_is_no_import_is_let_be() {
    for text in [
        "//! See [`crate::http`].\n/// As crate::http::X.\n/* crate::http /* nested */ crate::http */",
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
