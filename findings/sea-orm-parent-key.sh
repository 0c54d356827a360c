#!/usr/bin/env bash
# sea-orm 2.0.4, the dense format (`#[sea_orm::model]`).
# Seen: an entity with a `BelongsTo` field and a column named `parent_key` does not compile. The
#   column's generated setter is called `set_parent_key`, which is also the name of a method that
#   the generated code calls to store the key of a parent; the compiler reports a missing
#   `From<&…ActiveModelEx>` for the column's type and names neither the column nor the method.
# Expected: a setter for every column name, or an error that names the column.
# Matters: `parent_key` is a natural column name. The way out is another field name with
#   `#[sea_orm(column_name = "parent_key")]`, which the second half shows.
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
sea-orm = { version = "=2.0.4", default-features = false, features = ["macros"] }
TOML

entity() { # entity FIELD_WITH_ATTRIBUTES
  cat > src/lib.rs <<RUST
pub mod parent {
    use sea_orm::entity::prelude::*;
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "parent")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
    }
    impl ActiveModelBehavior for ActiveModel {}
}
pub mod child {
    use sea_orm::entity::prelude::*;
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "child")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub parent_id: i32,
        $1: String,
        #[sea_orm(belongs_to, from = "parent_id", to = "id")]
        pub parent: BelongsTo<super::parent::Entity>,
    }
    impl ActiveModelBehavior for ActiveModel {}
}
RUST
}

entity 'pub parent_key'
if cargo check --quiet 2> errors; then
  echo "changed: a column named parent_key compiles now" >&2
  exit 1
fi
grep -q 'ActiveModelEx' errors || { echo "changed: another error" >&2; cat errors >&2; exit 1; }

entity '#[sea_orm(column_name = "parent_key")] pub missing_key'
cargo check --quiet || { echo "changed: the way out does not compile" >&2; exit 1; }
echo "as seen: parent_key does not compile, another field name with column_name does"
