#!/usr/bin/env bash
# async-graphql-parser 7.2.1.
# Seen: valid documents are syntax errors: descriptions of operations and variables, escapes of
#   characters beyond U+FFFF in either form, directives of a variable after its default value
#   (where alone the specification has them), and a blank between a type and its `!`.
# Expected: the executable documents of the September 2025 edition, which graphql-js 17 parses.
# Matters: newer clients send these. Nothing can be done behind that parser: the text has to be read
#   by another, and its tree handed over.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkdir src
cat > Cargo.toml <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2024"

[dependencies]
async-graphql-parser = "=7.2.1"
TOML
cat > src/main.rs <<'RUST'
fn main() {
    for text in [
        r#"query Q { a }"#,
        r#""What it asks" query Q { a }"#,
        r#"query Q("How many" $n: Int) { a(n: $n) }"#,
        r#"{ a(s: "\u{1F600}") }"#,
        r#"{ a(s: "\uD83D\uDE00") }"#,
        r#"query Q($n: Int = 1 @d) { a(n: $n) }"#,
        r#"query Q($i: ID !) { a(i: $i) }"#,
    ] {
        println!("{} {text}", async_graphql_parser::parse_query(text).is_ok());
    }
}
RUST
seen=$(cargo run --quiet)
echo "$seen"
expected='true query Q { a }
false "What it asks" query Q { a }
false query Q("How many" $n: Int) { a(n: $n) }
false { a(s: "\u{1F600}") }
false { a(s: "\uD83D\uDE00") }
false query Q($n: Int = 1 @d) { a(n: $n) }
false query Q($i: ID !) { a(i: $i) }'
[ "$seen" = "$expected" ] || { echo "changed" >&2; exit 1; }
echo "as seen: valid documents are refused"
