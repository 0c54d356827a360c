//! `LoadParked`.

use std::sync::LazyLock;

use entity::load_parked::{Column, Entity, Relation};

use super::common::object_key;
use super::{LOAD_FILE, LOAD_RUN};
use crate::graphql::schema::model::Type;

/// A good row whose parent is missing. Each run takes those whose parent has arrived.
pub(crate) static LOAD_PARKED: LazyLock<Type> = LazyLock::new(|| {
    use Column::*;

    Type::over::<Entity>("LoadParked", |t| {
        object_key(t);
        t.columns([Line, Part, ByteOffset, Dataset, Parent, MissingKey, Raw, ParkedAt]);
        t.one("file", &LOAD_FILE, Relation::LoadFile, "File version the row is from.");
        t.one("run", &LOAD_RUN, Relation::LoadRun, "Run that parked it.");
    })
});
