//! `load_file`.

use sea_orm::entity::prelude::*;

use super::load_run::LoadMode;

codes! {
    /// State of a file version.
    LoadFileState: "String(StringLen::N(8))" {
        /// Not at its end yet.
        Loading = "loading",
        /// Loaded to its end.
        Loaded = "loaded",
        /// Failed; the error columns say why.
        Failed = "failed",
    }
}

/// The columns of codes.
pub const CODES: &[(Column, &crate::Codes)] =
    &[(Column::State, &LoadFileState::CODES), (Column::Mode, &LoadMode::CODES)];

#[sea_orm::model]
#[derive(Debug, Clone, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "load_file", comment = "One version of one file that was loaded.")]
pub struct Model {
    #[sea_orm(primary_key, comment = "Number of the file version.")]
    pub id: i32,
    #[sea_orm(column_type = "String(StringLen::N(63))")]
    #[sea_orm(comment = "The table the rows of this file go to.")]
    pub dataset: String,
    #[sea_orm(column_type = "Text", comment = "Bucket; empty when the file came from a folder.")]
    pub bucket: String,
    #[sea_orm(column_type = "Text")]
    #[sea_orm(comment = "Key of the object, or path below the source folder.")]
    pub object_key: String,
    #[sea_orm(column_type = "Text")]
    #[sea_orm(
        comment = "ETag without quotes; of a file in a folder, size, modification time and inode."
    )]
    pub etag: String,
    #[sea_orm(column_type = "Text")]
    #[sea_orm(comment = "Version id of a versioned bucket; empty where there is none.")]
    pub version_id: String,
    #[sea_orm(column_type = "String(StringLen::N(32))")]
    #[sea_orm(comment = "Fingerprint of the mapping by which it is read; empty without one.")]
    pub mapping: String,
    #[sea_orm(comment = "Bytes of the object as stored, compressed or not.")]
    pub byte_size: i64,
    #[sea_orm(comment = "State of loading it.")]
    pub state: LoadFileState,
    #[sea_orm(comment = "What is done with its rows, from the run that began it on.")]
    pub mode: LoadMode,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    #[sea_orm(
        comment = "What was detected from the content: compression, encoding, delimiter, decimal \
                   mark, header, ignored columns."
    )]
    pub dialect: Option<Json>,
    #[sea_orm(comment = "The run that found this version first.")]
    pub first_run_id: Uuid,
    #[sea_orm(comment = "The run that worked on it last.")]
    pub last_run_id: Uuid,
    #[sea_orm(comment = "When its first row was about to be read.")]
    pub started_at: DateTimeUtc,
    #[sea_orm(comment = "When its last row was committed; null before.")]
    pub finished_at: Option<DateTimeUtc>,
    #[sea_orm(
        comment = "Records read so far, without the header: the sum of the five counters that \
                   follow."
    )]
    pub rows_read: i64,
    #[sea_orm(comment = "Rows that were new.")]
    pub rows_inserted: i64,
    #[sea_orm(comment = "Rows that replaced an older or different one.")]
    pub rows_updated: i64,
    #[sea_orm(comment = "Rows that were there already, or older than the stored one.")]
    pub rows_unchanged: i64,
    #[sea_orm(comment = "Rejected rows; see rejects.")]
    pub rows_rejected: i64,
    #[sea_orm(comment = "Rows that wait for a parent; see parked.")]
    pub rows_parked: i64,
    #[sea_orm(comment = "Rows that were removed because this file, mirrored, lacks them.")]
    pub rows_removed: i64,
    #[sea_orm(comment = "Rows that it lacks and that stay, as other rows refer to them.")]
    pub rows_kept: i64,
    #[sea_orm(column_type = "Text", nullable)]
    #[sea_orm(comment = "Constant code of the failure; null unless failed.")]
    pub error_code: Option<String>,
    #[sea_orm(column_type = "Text", nullable, comment = "Its message.")]
    pub error_message: Option<String>,
    #[sea_orm(belongs_to, relation_enum = "FirstRun", from = "first_run_id", to = "id")]
    pub first_run: BelongsTo<super::load_run::Entity>,
    #[sea_orm(belongs_to, relation_enum = "LastRun", from = "last_run_id", to = "id")]
    pub last_run: BelongsTo<super::load_run::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
