//! `SourceFailure`.

use std::sync::LazyLock;

use entity::source_failure::{Column, Entity};

use crate::graphql::schema::model::Type;

/// What a public API answered that does not fit the schema.
pub(crate) static SOURCE_FAILURE: LazyLock<Type> = LazyLock::new(|| {
    use Column::*;

    Type::over::<Entity>("SourceFailure", |t| {
        t.column_as("failureId", Id);
        t.columns([
            Dataset, Source, Url, Status, Item, Reason, Message, Value, RawUri, DeadUri, FetchedAt,
            FailedAt,
        ]);
    })
});
