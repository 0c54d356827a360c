//! The documentation agrees with the program: the table of the configuration, and
//! every query.

use std::path::{Path, PathBuf};
use std::time::Duration;

use salesgraph::auth::Scope;
use salesgraph::config::markdown_table;
use serde_json::Value;

use crate::support::reports::TestReports;
use crate::support::{TestApp, fixture};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
fn the_documentation_has_the_table_of_every_key() {
    let page = std::fs::read_to_string(path("docs/configuration.md")).expect("configuration.md");
    let found: String = page
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .flat_map(|line| [line, "\n"])
        .collect();
    let expected = markdown_table();
    assert!(
        found == expected,
        "the table in docs/configuration.md is stale; it should be the output of \
         `salesgraph config --reference`:\n\n{expected}"
    );
}

#[tokio::test]
async fn documented_queries_are_executed_without_errors() {
    let app = TestApp::start().await;
    fixture::insert(&app.pool).await;
    let api = TestReports::without_worker(app, Duration::from_secs(900)).await;
    let pages = std::fs::read_dir(path("docs")).expect("docs").map(|entry| entry.unwrap().path());
    let mut queries = 0;
    let guides = pages.filter(|page| page.extension().is_some_and(|ending| ending == "md"));
    for page in guides.chain([path("README.md")]) {
        let text = std::fs::read_to_string(&page).expect("a page");
        for block in text.split("```graphql\n").skip(1) {
            let query = block.split("```").next().unwrap_or_default();
            let answer = api.ask(&Scope::everything(), query, Value::Null).await;
            if query.contains("engine: LAKE") {
                // There is no lake here: everything before that is checked.
                let code = &answer["errors"][0]["extensions"]["code"];
                assert_eq!(*code, "LAKE_UNAVAILABLE", "{}: {answer}", page.display());
            } else {
                assert_eq!(answer["errors"], Value::Null, "{}: {query}", page.display());
            }
            queries += 1;
        }
    }
    assert!(queries >= 10, "only {queries} queries were found");
}
