//! `lake_table`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(
    table_name = "lake_table",
    comment = "A table of the lake, in the format of Apache Iceberg."
)]
pub struct Model {
    #[sea_orm(primary_key, comment = "Key.")]
    pub id: i32,
    #[sea_orm(column_type = "String(StringLen::N(63))")]
    #[sea_orm(comment = "Its name: that of the table it shows, or sales.")]
    pub name: String,
    #[sea_orm(column_type = "Text", comment = "Where its files are.")]
    pub location: String,
    #[sea_orm(
        column_type = "Text",
        comment = "The metadata of its current snapshot, for readers that ask no catalogue."
    )]
    pub metadata_location: String,
    #[sea_orm(comment = "When it was last written.")]
    pub written_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
