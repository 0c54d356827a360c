#!/usr/bin/env bash
# async-graphql 7.2.1, execution.
# Seen: an object of which `@skip` and `@include` leave nothing is answered with null, also where its
#   field is not nullable, and without an error. `__schema` is answered so, too.
# Expected: an empty object, as by CollectFields of the specification, which graphql-js answers.
# Matters: a client that trusts the schema fails on a null that cannot be. The way out is another
#   selection that is always there, such as `__typename`, which the last query shows.
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
async-graphql = { version = "=7.2.1", default-features = false }
futures-executor = "0.3"
TOML
cat > src/main.rs <<'RUST'
use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema, SimpleObject};

#[derive(SimpleObject)]
struct Inner {
    name: i32,
}

struct Query;

#[Object]
impl Query {
    async fn inner(&self) -> Inner {
        Inner { name: 1 }
    }
}

fn main() {
    let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
    for query in [
        "{ inner { name @skip(if: true) } }",
        "{ __schema { types @skip(if: true) { name } } }",
        "{ inner { name @skip(if: true) __typename } }",
    ] {
        let answer = futures_executor::block_on(schema.execute(query));
        println!("{} {}", answer.data, answer.errors.len());
    }
}
RUST
seen=$(cargo run --quiet)
expected='{inner: null} 0
{__schema: null} 0
{inner: {__typename: "Inner"}} 0'
if [ "$seen" != "$expected" ]; then
  echo "changed:" >&2
  echo "$seen" >&2
  exit 1
fi
echo "as seen: an object of which nothing is selected is null"
