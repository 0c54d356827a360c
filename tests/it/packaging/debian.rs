//! The Debian package: its files are there, and the units are valid.

use std::collections::BTreeSet;
use std::fs;

use salesgraph::config::{Config, ConfigSources, Overrides};
use tempfile::TempDir;
use tokio::process::Command;
use toml::{Table, Value};

use super::tools::ended;
use super::{keys, path, read};
use crate::http::graphiql::on_path;

const UNITS: &str = "packaging/systemd";
const PROGRAM: &str = "/usr/bin/salesgraph";
/// The highest exposure that `systemd-analyze security` may find, in tenths.
const EXPOSURE: &str = "15";

fn metadata() -> Value {
    let manifest: Table = read("Cargo.toml").parse().expect("TOML");
    manifest["package"]["metadata"]["deb"].clone()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

#[test]
fn each_file_of_the_package_is_there_or_generated() {
    let deb = metadata();
    let build = read("packaging/debian/build");
    let assets = deb["assets"].as_array().expect("assets");
    for asset in assets {
        let source = text(&asset[0]);
        match source.strip_prefix("target/package/") {
            None => assert!(path(source).is_file(), "{source} is missing"),
            Some("man/*.1") => assert!(build.contains("man --out \"$generated/man\"")),
            Some("salesgraph") => assert!(build.contains("\"$generated/salesgraph\"")),
            Some(completions) => {
                let shell = completions.strip_prefix("salesgraph.").expect("completions");
                assert!(build.contains("\"$generated/salesgraph.$shell\""));
                let shells = build.lines().find(|line| line.starts_with("for shell in"));
                assert!(shells.is_some_and(|shells| shells.contains(shell)), "{shell}");
            }
        }
    }
    for file in ["changelog", "extended-description-file"] {
        assert!(path(text(&deb[file])).is_file(), "{file}");
    }
    let secrets = assets.iter().find(|asset| text(&asset[0]).ends_with("salesgraph.env"));
    assert_eq!(text(&secrets.expect("the secrets")[2]), "640", "everyone may read the secrets");
}

#[test]
fn each_unit_is_in_the_package_and_not_started_by_it() {
    let deb = metadata();
    let mut listed = BTreeSet::new();
    for unit in deb["systemd-units"].as_array().expect("units") {
        assert_eq!(text(&unit["unit-scripts"]), UNITS);
        assert_eq!((&unit["start"], &unit["enable"]), (&false.into(), &false.into()));
        listed.insert(format!("{}.service", text(&unit["unit-name"])));
    }
    let files = fs::read_dir(path(UNITS))
        .expect("the units")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"));
    let services: BTreeSet<String> = files.filter(|name| name.ends_with(".service")).collect();
    assert_eq!(listed, services);
}

#[tokio::test]
async fn the_scripts_are_valid_and_go_on_without_the_secrets() {
    let folder = TempDir::new().expect("a folder");
    let scripts = fs::read_dir(path("packaging/debian/scripts")).expect("the scripts");
    for script in scripts.map(|entry| entry.expect("an entry").path()) {
        let said = ended(Command::new("sh").arg("-n").arg(&script)).await;
        assert_eq!(said, Ok(String::new()), "{}", script.display());
    }
    let script = read("packaging/debian/scripts/postinst");
    let etc = folder.path().display().to_string();
    assert!(script.contains("/etc/salesgraph"), "{script}");
    let postinst = folder.path().join("postinst");
    fs::write(&postinst, script.replace("/etc/salesgraph", &etc)).expect("a file");
    // An administrator has removed the file.
    let said = ended(Command::new("sh").arg(&postinst).arg("configure")).await;
    assert_eq!(said, Ok(String::new()));
}

#[tokio::test]
async fn systemd_accepts_the_units_and_finds_them_confined() {
    let Some(analyze) = on_path("systemd-analyze") else {
        eprintln!("SKIPPED: the units: systemd-analyze is not on the PATH");
        return;
    };
    let folder = TempDir::new().expect("a folder");
    let drop_in = "salesgraph-.service.d";
    fs::create_dir(folder.path().join(drop_in)).expect("a folder");
    let common = format!("{drop_in}/50-common.conf");
    fs::copy(path(UNITS).join(&common), folder.path().join(&common)).expect("a file");
    let mut units = Vec::new();
    for entry in fs::read_dir(path(UNITS)).expect("the units") {
        let entry = entry.expect("an entry").path();
        if entry.extension().is_some_and(|kind| kind == "service" || kind == "timer") {
            let name = entry.file_name().and_then(|name| name.to_str()).expect("UTF-8").to_owned();
            let unit = fs::read_to_string(&entry).expect("a unit");
            // The program is not installed here.
            let unit = unit.replace(PROGRAM, env!("CARGO_BIN_EXE_salesgraph"));
            fs::write(folder.path().join(&name), unit).expect("a file");
            units.push(name);
        }
    }
    let unit_path = format!("{}:", folder.path().display());
    let analyze = |arguments: &[&str]| {
        let mut command = Command::new(&analyze);
        command.args(arguments).env("SYSTEMD_UNIT_PATH", &unit_path).current_dir(folder.path());
        command
    };
    for unit in &units {
        let file = folder.path().join(unit).display().to_string();
        let said =
            ended(&mut analyze(&["verify", "--man=no", "--recursive-errors=no", &file])).await;
        assert_eq!(said, Ok(String::new()), "{unit}");
    }
    for unit in units.iter().filter(|unit| unit.ends_with(".service")) {
        let threshold = format!("--threshold={EXPOSURE}");
        let arguments = ["security", "--no-pager", "--offline=true", &threshold, unit];
        if let Err(said) = ended(&mut analyze(&arguments)).await {
            panic!("{unit}: {said}");
        }
    }
}

#[test]
fn the_files_of_the_configuration_name_keys_that_there_are() {
    let text = read("packaging/debian/salesgraph.toml");
    // As if every example were switched on: comments of prose have no `=` or `[`.
    let is_example = |line: &str| line.starts_with('[') || line.contains(" = ");
    let with_examples: String = text
        .lines()
        .map(|line| line.strip_prefix("# ").filter(|rest| is_example(rest)).unwrap_or(line))
        .flat_map(|line| [line, "\n"])
        .collect();
    let folder = TempDir::new().expect("a folder");
    for (name, text) in [("as-it-is.toml", text), ("with-examples.toml", with_examples)] {
        let file = folder.path().join(name);
        fs::write(&file, &text).expect("a file");
        let overrides = Overrides::default();
        let sources = ConfigSources { file: Some(file), overrides, env: |_: &str| None };
        let config = Config::load(&sources).unwrap_or_else(|error| panic!("{name}: {error}"));
        let is_set = config.storage.source_uri.is_some();
        assert_eq!(is_set, name == "with-examples.toml", "{text}");
    }
    let known: BTreeSet<&str> = keys().map(|key| key.env).collect();
    let secrets = read("packaging/debian/salesgraph.env");
    let named: Vec<&str> = secrets
        .lines()
        .filter_map(|line| line.trim_start_matches('#').split_once('='))
        .map(|(name, _)| name)
        .collect();
    assert!(named.len() >= 3 && named.iter().all(|name| known.contains(name)), "{named:?}");
}
