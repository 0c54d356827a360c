//! The README documents every configuration key.

use std::path::Path;

use salesgraph::config::markdown_table;

#[test]
fn the_readme_has_the_table_of_every_key() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(path).expect("README.md");
    let section = readme
        .split("\n## ")
        .find_map(|section| section.strip_prefix("Configuration\n"))
        .expect("README.md has a section `## Configuration`");
    let found: String = section
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .flat_map(|line| [line, "\n"])
        .collect();
    let expected = markdown_table();
    assert!(
        found == expected,
        "the table below `## Configuration` in README.md is stale; \
         it should be the output of `salesgraph config --reference`:\n\n{expected}"
    );
}
