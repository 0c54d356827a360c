//! `load_finding`.

use sea_orm::entity::prelude::*;

/// Columns of personal data.
pub const PERSONAL: &[Column] = &[Column::Message];

#[sea_orm::model]
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(
    table_name = "load_finding",
    comment = "What a check found: rows that would be rejected, the first of each file, and \
        files that would fail."
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, comment = "The run.")]
    pub run_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false, comment = "Number among those of the run.")]
    pub number: i32,
    #[sea_orm(column_type = "Text")]
    #[sea_orm(comment = "Key of the object, or path below the source folder.")]
    pub object_key: String,
    #[sea_orm(comment = "First line of the record; the header is line 1. Null for a whole file.")]
    pub line: Option<i64>,
    #[sea_orm(column_type = "String(StringLen::N(63))", nullable)]
    #[sea_orm(comment = "The invalid column; null if the whole record or file is.")]
    pub column_name: Option<String>,
    #[sea_orm(column_type = "String(StringLen::N(40))", comment = "Constant reason code.")]
    pub reason: String,
    #[sea_orm(column_type = "Text", comment = "What was found and what was expected.")]
    pub message: String,
    #[sea_orm(belongs_to, from = "run_id", to = "id")]
    pub load_run: BelongsTo<super::load_run::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
