//! Good rows whose parent is missing; each run resolves those whose parent has arrived.

use sea_orm::entity::prelude::*;

/// A row of `load_parked`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "load_parked")]
pub struct Model {
    /// File version the row is from.
    #[sea_orm(primary_key, auto_increment = false)]
    pub file_id: i32,
    /// Line on which its record begins; the header is line 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub line: i64,
    /// Run that parked it.
    pub run_id: Uuid,
    /// Where the record begins, in bytes of the decompressed file.
    pub byte_offset: i64,
    /// Table the row will go to.
    #[sea_orm(column_type = "String(StringLen::N(63))")]
    pub dataset: String,
    /// Table that lacks the parent.
    #[sea_orm(column_type = "String(StringLen::N(63))")]
    pub parent: String,
    /// Key of the missing parent.
    pub parent_key: Vec<i32>,
    /// The record as it was, without its line end; UTF-16 files as UTF-8.
    pub raw: Vec<u8>,
    /// When.
    pub parked_at: DateTimeUtc,
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
