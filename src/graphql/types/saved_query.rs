//! `SavedQuery`.

use std::sync::LazyLock;

use entity::saved_query::{Column, Entity};

use crate::graphql::schema::model::Type;

/// A document that answers at a URL.
pub(crate) static SAVED_QUERY: LazyLock<Type> = LazyLock::new(|| {
    use Column::*;

    Type::over::<Entity>("SavedQuery", |t| {
        t.list("savedQueries", "The saved queries of the caller's organisation");
        t.columns([Name, Document]);
        t.column_as("operationName", Operation);
        t.columns([CreatedBy, CreatedAt, UpdatedBy, UpdatedAt]);
    })
});
