//! The image, and that it is built as the other packages are.

use toml::Table;

use super::{path, read};
use crate::support::python::packaging;

/// How everything is built: with the features that `cargo install` chooses.
const INSTALL: &str = "cargo install --path . --locked";

#[tokio::test]
async fn hadolint_finds_nothing_in_the_dockerfile() {
    let Some(python) = packaging("the Dockerfile").await else { return };
    let mut hadolint = tokio::process::Command::new(python.with_file_name("hadolint"));
    let said = super::tools::ended(hadolint.arg(path("Dockerfile"))).await;
    assert_eq!(said, Ok(String::new()));
}

#[test]
fn the_image_and_the_debian_package_are_built_as_cargo_install_does() {
    let dockerfile = read("Dockerfile");
    assert!(dockerfile.contains(INSTALL), "the Dockerfile lacks `{INSTALL}`");
    assert!(!dockerfile.contains("--no-default-features"));
    let manifest: Table = read("Cargo.toml").parse().expect("TOML");
    let deb = &manifest["package"]["metadata"]["deb"];
    for choice in ["features", "default-features", "profile"] {
        assert_eq!(deb.get(choice), None, "the Debian package has its own {choice}");
    }
    assert!(read("docs/packages.md").contains(INSTALL), "the documentation says otherwise");
}

#[test]
fn the_chart_runs_as_the_user_of_the_image() {
    let user = "10001";
    assert!(read("Dockerfile").contains(&format!("\nUSER {user}\n")));
    assert!(
        read("packaging/helm/salesgraph/values.yaml").contains(&format!("runAsUser: {user}\n"))
    );
}
