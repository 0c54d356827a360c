//! How far a file version is loaded; moved in the transaction of each batch.

use sea_orm::entity::prelude::*;

/// A row of `load_checkpoint`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "load_checkpoint")]
pub struct Model {
    /// The file version.
    #[sea_orm(primary_key, auto_increment = false)]
    pub file_id: i32,
    /// Where the next record begins, in bytes of the decompressed file.
    pub byte_offset: i64,
    /// Its line; the header is line 1.
    pub line: i64,
    /// Batches committed so far.
    pub batches: i64,
    /// When the last batch was committed.
    pub updated_at: DateTimeUtc,
}

/// What the table refers to, and what refers to it.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The `load_file` named by file_id.
    #[sea_orm(
        belongs_to = "super::load_file::Entity",
        from = "Column::FileId",
        to = "super::load_file::Column::Id"
    )]
    LoadFile,
}

impl Related<super::load_file::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::LoadFile.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
