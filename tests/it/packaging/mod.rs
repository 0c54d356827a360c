//! The packages: what they are made of is checked by the tools that read it.

mod airflow;
mod command_line;
mod debian;
mod docker;
mod helm;
mod manifests;
mod tools;

use std::fs;
use std::path::{Path, PathBuf};

use salesgraph::config::{ConfigKey, SECTIONS, Visibility};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The keys of the configuration.
fn keys() -> impl Iterator<Item = &'static ConfigKey> {
    SECTIONS.iter().copied().flatten()
}

/// Whether a value must not be read by everyone who may see the configuration.
fn is_secret(key: &ConfigKey) -> bool {
    match key.visibility {
        Visibility::Plain => false,
        Visibility::Hidden => true,
        // The address of an issuer's keys has no password as a rule.
        Visibility::WithoutPassword => key.section == "database",
    }
}

#[test]
fn all_packages_have_the_version_of_the_program() {
    let version = env!("CARGO_PKG_VERSION");
    for (file, expected) in [
        ("packaging/helm/salesgraph/Chart.yaml", format!("\nversion: {version}\n")),
        ("packaging/helm/salesgraph/Chart.yaml", format!("\nappVersion: \"{version}\"\n")),
        ("packaging/debian/changelog", format!("salesgraph ({version}-1) ")),
        ("packaging/airflow/salesgraph_load_kubernetes.py", format!("\"salesgraph:{version}\"")),
    ] {
        let text = read(file);
        // The newest entry of a changelog is its first.
        let text = if file.ends_with("changelog") { text.lines().next().unwrap() } else { &text };
        assert!(text.contains(&expected), "{file} lacks {expected:?}");
    }
}
