//! Commands, settings and answers of the documentation are those of the program.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{CommandFactory as _, Parser as _};
use salesgraph::cli::Cli;
use salesgraph::config::{Config, ConfigSources, Overrides};
use salesgraph::graphql::{Engine, Limits};
use salesgraph::query::Reader;
use serde_json::{Value, json};

use crate::load::real::real_files;
use crate::support::{TestApp, ask};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The README and the guides, by name.
fn pages() -> Vec<(String, String)> {
    let guides = fs::read_dir(path("docs")).expect("docs").map(|entry| entry.unwrap().path());
    guides
        .filter(|page| page.extension().is_some_and(|ending| ending == "md"))
        .chain([path("README.md")])
        .map(|page| (page.display().to_string(), fs::read_to_string(&page).expect("a page")))
        .collect()
}

/// The blocks of a page in this language.
fn blocks<'a>(page: &'a str, language: &str) -> impl Iterator<Item = &'a str> {
    let start = format!("```{language}\n");
    let starts: Vec<usize> = page.match_indices(&start).map(|(at, _)| at + start.len()).collect();
    starts.into_iter().filter_map(|at| page[at..].split("\n```").next())
}

/// The arguments of each `salesgraph` in a line of a shell.
fn invocations(line: &str) -> Vec<Vec<String>> {
    // What is in $(…) is a command as any other.
    let inner = line.split_once("$(").and_then(|(_, rest)| rest.rsplit_once(')'));
    let line = inner.map_or(line, |(inner, _)| inner);
    let words = shlex::split(line).unwrap_or_else(|| panic!("no line of a shell: {line}"));
    let commands = words.split(|word| matches!(word.as_str(), "&&" | "||" | "|" | "&" | ">"));
    let demo = ["cargo", "run", "--release", "--"];
    let salesgraph = |command: &[String]| -> Option<Vec<String>> {
        let command = match command {
            [first, rest @ ..] if first == "salesgraph" => rest,
            command if command.len() > 4 && command[..4] == demo => &command[4..],
            _ => return None,
        };
        Some([&["salesgraph".to_owned()], command].concat())
    };
    commands.filter_map(salesgraph).collect()
}

/// The lines of a text, each with those that continue it.
fn whole_lines(text: &str) -> Vec<String> {
    let mut lines = text.lines();
    let mut whole = Vec::new();
    while let Some(line) = lines.next() {
        let mut line = line.to_owned();
        while line.ends_with('\\') {
            line.pop();
            line.push_str(lines.next().expect("a line that continues").trim_start());
        }
        whole.push(line);
    }
    whole
}

/// Whether the command line is one, and the complaint where it is not.
fn check(arguments: &[String]) -> Result<(), String> {
    Cli::try_parse_from(arguments).map(drop).map_err(|error| error.to_string())
}

#[test]
fn every_documented_command_is_one() {
    let mut checked = 0;
    for (name, page) in pages() {
        for line in blocks(&page, "sh").flat_map(whole_lines) {
            for arguments in invocations(&line) {
                check(&arguments).unwrap_or_else(|error| panic!("{name}: {line}\n{error}"));
                checked += 1;
            }
        }
    }
    assert!(checked > 30, "only {checked} commands were found");
}

#[test]
fn every_example_of_the_help_is_a_command() {
    let mut checked = 0;
    let mut left: Vec<clap::Command> = vec![Cli::command()];
    while let Some(command) = left.pop() {
        left.extend(command.get_subcommands().cloned());
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        for line in whole_lines(&help) {
            let Some(line) = line.strip_prefix("  ").filter(|line| line.starts_with("salesgraph "))
            else {
                continue;
            };
            // The explanation is set off by blanks; dots are left out of a value.
            let line = line.split("  ").next().unwrap_or_default();
            if line.contains("...") || line.contains('…') {
                continue;
            }
            for arguments in invocations(line) {
                check(&arguments)
                    .unwrap_or_else(|error| panic!("{}: {line}\n{error}", command.get_name()));
                checked += 1;
            }
        }
    }
    assert!(checked > 30, "only {checked} examples were found");
}

#[test]
fn every_documented_benchmark_is_there() {
    let manifest = fs::read_to_string(path("Cargo.toml")).expect("Cargo.toml");
    let mut named = 0;
    for (name, page) in pages() {
        for rest in page.split("cargo bench --bench ").skip(1) {
            let bench: String = rest.chars().take_while(|char| char.is_alphanumeric()).collect();
            let entry = format!("[[bench]]\nname = \"{bench}\"");
            assert!(manifest.contains(&entry), "{name}: there is no benchmark {bench:?}");
            named += 1;
        }
    }
    assert!(named > 5, "only {named} benchmarks were found");
}

#[test]
fn the_documented_file_of_the_configuration_is_one() {
    let page = fs::read_to_string(path("docs/configuration.md")).expect("configuration.md");
    let block = blocks(&page, "toml").next().expect("an example");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("salesgraph.toml");
    fs::write(&file, block).unwrap();
    let (overrides, env) = (Overrides::default(), |_: &str| None);
    let config = Config::load(&ConfigSources { file: Some(file), overrides, env });
    let config = config.unwrap_or_else(|error| panic!("{error}\n{block}"));
    assert_eq!(config.http.bind.to_string(), "0.0.0.0:8000");
    assert_eq!(config.jwt.issuers.len(), 1);
}

#[tokio::test]
async fn the_first_answer_of_the_readme_is_that_of_the_real_files() {
    let Some(files) = real_files() else { return };
    let page = fs::read_to_string(path("README.md")).expect("README.md");
    let query = blocks(&page, "graphql").next().expect("a query");
    let documented = blocks(&page, "json").next().expect("an answer");
    let documented: Value = serde_json::from_str(documented).expect("JSON");

    let app = TestApp::start().await;
    app.put_dir(&files).await;
    app.load().await;
    let engine = Engine::new(Reader::new(app.pool.clone()), Limits::default());
    let mut answer = ask(&engine, query).await;
    // Extensions are of this answer, not of these rows.
    answer.as_object_mut().expect("an answer").retain(|name, _| name != "extensions");
    assert_eq!(answer, documented, "README.md: {}", json!(answer));
}
