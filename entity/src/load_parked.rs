//! `load_parked`.

use sea_orm::entity::prelude::*;

/// The columns that may hold personal data of the parked row.
pub const PERSONAL: &[Column] = &[Column::Raw];

#[sea_orm::model]
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(
    table_name = "load_parked",
    comment = "A valid row whose parent is missing. Each run loads those whose parent has arrived."
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, comment = "File version the row is from.")]
    pub file_id: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(
        comment = "Line on which its record begins; the header is line 1. In a page of documents, \
                   the number of the document."
    )]
    pub line: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(
        comment = "Which part of a document it is: 1 the order, from 2 on its lines; 0 a whole \
                   document, and a row of any other file."
    )]
    pub part: i32,
    #[sea_orm(comment = "Run that parked it.")]
    pub run_id: Uuid,
    #[sea_orm(comment = "Where the record begins, in bytes of the decompressed file.")]
    pub byte_offset: i64,
    #[sea_orm(column_type = "String(StringLen::N(63))", comment = "Table the row will go to.")]
    pub dataset: String,
    #[sea_orm(column_type = "String(StringLen::N(63))", comment = "Table that lacks the parent.")]
    pub parent: String,
    #[sea_orm(column_name = "parent_key", comment = "Key of the missing parent.")]
    pub missing_key: Vec<i32>,
    #[sea_orm(comment = "The row's own key; null if it was parked before this was known.")]
    pub row_key: Option<Vec<i32>>,
    #[sea_orm(
        comment = "The record as it was, without its line end. Bytes that are no UTF-8 appear as \
                   replacement characters."
    )]
    pub raw: Vec<u8>,
    #[sea_orm(comment = "When it was parked.")]
    pub parked_at: DateTimeUtc,
    #[sea_orm(belongs_to, from = "file_id", to = "id")]
    pub load_file: BelongsTo<super::load_file::Entity>,
    #[sea_orm(belongs_to, from = "run_id", to = "id")]
    pub load_run: BelongsTo<super::load_run::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
