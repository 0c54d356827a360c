//! `load_checkpoint`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(
    table_name = "load_checkpoint",
    comment = "How far a file version is loaded; moved in the transaction of each batch."
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, comment = "The file version.")]
    pub file_id: i32,
    #[sea_orm(comment = "Where the next record begins, in bytes of the decompressed file.")]
    pub byte_offset: i64,
    #[sea_orm(comment = "Its line; the header is line 1.")]
    pub line: i64,
    #[sea_orm(comment = "Batches committed so far.")]
    pub batches: i64,
    #[sea_orm(comment = "Whether the last batch is committed.")]
    pub at_end: bool,
    #[sea_orm(comment = "When the last batch was committed.")]
    pub updated_at: DateTimeUtc,
    #[sea_orm(belongs_to, from = "file_id", to = "id")]
    pub load_file: BelongsTo<super::load_file::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
