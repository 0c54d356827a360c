//! `LoadFinding`.

use std::sync::LazyLock;

use entity::load_finding::{Column, Entity, Relation};

use super::LOAD_RUN;
use crate::graphql::schema::model::Type;

/// What a check found.
pub(crate) static LOAD_FINDING: LazyLock<Type> = LazyLock::new(|| {
    use Column::*;

    Type::over::<Entity>("LoadFinding", |t| {
        t.columns([ObjectKey, Line]);
        t.column_as("column", ColumnName);
        t.columns([Reason, Message]);
        t.one("run", &LOAD_RUN, Relation::LoadRun, "The check.");
    })
});
