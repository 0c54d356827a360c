//! The tables of the database as their entities describe them: the one source of
//! names, types, keys, references, codes and wordings for datasets, queries, the
//! GraphQL schema and the comments in Postgres. Built once, when it is first used, and
//! alive as long as the program.

mod build;
mod column;
mod enumeration;
mod relation;
mod table;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use sea_orm::{ColumnTrait, EntityName, RelationTrait};

pub use column::{Column, Kind};
pub use enumeration::{EnumValue, Enumeration};
pub use relation::{ToMany, ToOne};
pub use table::Table;

static TABLES: LazyLock<BTreeMap<&'static str, Table>> = LazyLock::new(build::tables);

/// All tables and views, by name.
pub fn tables() -> impl Iterator<Item = &'static Table> {
    TABLES.values()
}

/// The table of an entity.
#[must_use]
pub fn table<E: EntityName>() -> &'static Table {
    named(E::default().table_name())
}

/// The column of an entity.
#[must_use]
#[expect(clippy::expect_used, reason = "a table has every column of its entity")]
pub fn column<C: ColumnTrait>(column: C) -> &'static Column {
    table::<C::EntityName>().column(column.as_str()).expect("the column of an entity")
}

/// Columns of an entity, as a key or a reference holds them.
pub fn columns<C: ColumnTrait, const N: usize>(some: [C; N]) -> &'static [Column] {
    some.map(|one| *column(one)).to_vec().leak()
}

/// From a row to the row of another table that it refers to.
#[must_use]
#[expect(clippy::needless_pass_by_value, reason = "a relation is a name")]
pub fn to_one(relation: impl RelationTrait) -> ToOne {
    build::reference(&relation.def(), named)
}

/// From a row to the rows of another table that refer to it by `relation`, which is
/// that table's.
#[must_use]
#[expect(clippy::needless_pass_by_value, reason = "a relation is a name")]
pub fn to_many(relation: impl RelationTrait) -> ToMany {
    let relation = relation.def();
    let by = build::reference(&relation, named).from;
    ToMany { table: named(&build::name(&relation.from_tbl)), by }
}

#[expect(clippy::expect_used, reason = "a test goes through all entities")]
fn named(name: &str) -> &'static Table {
    TABLES.get(name).expect("an entity that entity::for_each visits")
}
