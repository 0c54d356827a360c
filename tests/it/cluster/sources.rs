//! The list of statements in the sources: of whatever names a table that is on several machines,
//! somebody has looked whether a cluster takes it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use migration::distribution::{Place, TABLES};

/// The files with such statements, and the test that looks at these. Those of queries have no
/// names of tables: they are written by `src/query/sql` of the catalogue, and `scope::cluster` asks
/// for all of it.
const LOOKED_AT: &[(&str, &str)] = &[
    ("src/cli/demo/rates.rs", "reads one row of a table that each machine has"),
    ("src/columnar/read.rs", "copies one table at a time"),
    ("src/db/row_security.rs", "is not sent to a cluster, which has no row-level security"),
    ("src/graphql/mutation/request_report.rs", "cluster::written"),
    ("src/graphql/types/sales_order_document.rs", "scope::cluster"),
    ("src/lake/curated/due.rs", "cluster::lake"),
    ("src/lake/curated/table.rs", "cluster::lake"),
    ("src/lake/curated/tables.rs", "cluster::lake"),
    ("src/load/derive/demand_forecast.rs", "cluster::loads"),
    ("src/load/derive/sales_rollup.rs", "cluster::loads"),
    ("src/load/derive/sums/mod.rs", SUMS),
    ("src/load/derive/sums/reading.rs", SUMS),
    ("src/load/derive/sums/writing.rs", SUMS),
    ("src/load/file/change.rs", "cluster::loads"),
    ("src/query/aggregate/rollup.rs", "scope::cluster"),
    ("src/query/sql/visible.rs", "scope::cluster"),
    ("src/rates/rows.rs", "cluster::written"),
];

const SUMS: &str = "are not sent to a cluster, where Postgres makes the sums";

/// Names of texts that say nothing of a statement.
const VERBS: [&str; 6] = ["FROM", "JOIN", "INTO", "UPDATE", "TABLE", "USING"];

fn sources(of: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(of).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push(path);
        }
    }
}

/// The tables that a source reads or writes by name, outside of its tests and comments.
fn tables(text: &str) -> BTreeSet<&'static str> {
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    let code = text[..end].lines().filter(|line| !line.trim_start().starts_with("//"));
    let code: Vec<&str> = code.collect();
    let code = code.join("\n");
    let words: Vec<&str> = code
        .split(|sign: char| !(sign.is_ascii_alphanumeric() || sign == '_'))
        .filter(|word| !word.is_empty())
        .collect();
    let shared = |word: &str| {
        let found =
            TABLES.iter().find(|(name, place)| *name == word && *place != Place::Coordinator);
        found.map(|(name, _)| *name)
    };
    let pairs = words.windows(2).filter(|pair| VERBS.contains(&pair[0]));
    pairs.filter_map(|pair| shared(pair[1])).collect()
}

#[test]
fn every_statement_of_a_shared_table_is_looked_at() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    let mut found = BTreeMap::new();
    for file in files {
        let name = file.strip_prefix(root).expect("below").to_string_lossy().into_owned();
        let tables = tables(&fs::read_to_string(&file).expect("a source"));
        if !tables.is_empty() && !name.ends_with("/tests.rs") {
            found.insert(name, tables);
        }
    }
    let looked_at: BTreeSet<&str> = LOOKED_AT.iter().map(|(file, _)| *file).collect();
    let unseen: Vec<_> = found.iter().filter(|(file, _)| !looked_at.contains(&***file)).collect();
    assert!(
        unseen.is_empty(),
        "let a test of tests/it/cluster send these statements, and list the files: {unseen:?}"
    );
    let gone: Vec<_> = looked_at.iter().filter(|file| !found.contains_key(**file)).collect();
    assert!(gone.is_empty(), "these name no such table any more: {gone:?}");
}
