//! Dead letters: rows that could not be taken, as they were, with the reason.

use sea_orm::entity::prelude::*;

/// A row of `load_reject`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "load_reject")]
pub struct Model {
    /// File version the row is from.
    #[sea_orm(primary_key, auto_increment = false)]
    pub file_id: i32,
    /// Line on which its record begins; the header is line 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub line: i64,
    /// Run that rejected it.
    pub run_id: Uuid,
    /// Where the record begins, in bytes of the decompressed file.
    pub byte_offset: i64,
    /// Column at fault, as the dataset names it; null where the whole record is.
    #[sea_orm(column_type = "Text", nullable)]
    pub column_name: Option<String>,
    /// Constant reason code, such as invalid_integer.
    #[sea_orm(column_type = "String(StringLen::N(32))")]
    pub reason: String,
    /// What was found and what was expected.
    #[sea_orm(column_type = "Text")]
    pub message: String,
    /// The record as it was, without its line end; UTF-16 files as UTF-8.
    pub raw: Vec<u8>,
    /// When.
    pub rejected_at: DateTimeUtc,
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
    /// The `load_run` named by run_id.
    #[sea_orm(
        belongs_to = "super::load_run::Entity",
        from = "Column::RunId",
        to = "super::load_run::Column::Id"
    )]
    LoadRun,
}

impl Related<super::load_file::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::LoadFile.def()
    }
}

impl Related<super::load_run::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::LoadRun.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
