//! The reference of the configuration as a Markdown table, for the documentation.

use super::SECTIONS;

/// Every key with its variable, default and meaning, as a Markdown table.
#[must_use]
pub fn markdown_table() -> String {
    let mut table =
        "| variable | key in the file | default | meaning |\n|---|---|---|---|\n".to_owned();
    for key in SECTIONS.iter().copied().flatten() {
        let default = key.default.map_or_else(String::new, |value| format!("`{value}`"));
        table.push_str(&format!("| `{}` | `{key}` | {default} | {} |\n", key.env, key.doc));
    }
    table
}
