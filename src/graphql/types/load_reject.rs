//! `LoadReject`.

use std::sync::LazyLock;

use entity::load_reject::{Column, Entity, Relation};

use super::common::object_key;
use super::{LOAD_FILE, LOAD_RUN};
use crate::graphql::schema::model::Type;

/// A rejected row, as it was, with the reason.
pub(crate) static LOAD_REJECT: LazyLock<Type> = LazyLock::new(|| {
    use Column::*;

    Type::over::<Entity>("LoadReject", |t| {
        object_key(t);
        t.columns([Line, Part, ByteOffset]);
        t.column_as("column", ColumnName);
        t.columns([Reason, Message, Raw, RejectedAt]);
        t.one("file", &LOAD_FILE, Relation::LoadFile, "File version the row is from.");
        t.one("run", &LOAD_RUN, Relation::LoadRun, "Run that rejected it.");
    })
});
