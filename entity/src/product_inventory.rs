//! `product_inventory`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(
    table_name = "product_inventory",
    comment = "The stock of a product at a location (Production.ProductInventory)."
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, comment = "Key of the product.")]
    pub product_id: i32,
    #[sea_orm(primary_key, auto_increment = false, comment = "Location in the source system.")]
    pub location_id: i32,
    #[sea_orm(column_type = "String(StringLen::N(10))")]
    #[sea_orm(comment = "Shelf at the location; N/A when it has none.")]
    pub shelf: String,
    #[sea_orm(comment = "Bin on the shelf, 0 to 100.")]
    pub bin: i16,
    #[sea_orm(comment = "Quantity in stock, in pieces.")]
    pub quantity: i16,
    #[sea_orm(comment = "The source system's own identifier of the row.")]
    pub rowguid: Uuid,
    #[sea_orm(comment = "When the source system last changed the row.")]
    pub modified_date: DateTime,
    #[sea_orm(comment = "The version of the file the row was read from: load_file.id.")]
    pub source_file_id: i32,
    #[sea_orm(comment = "Line of the file on which the record begins; the header is line 1.")]
    pub source_line: i64,
    #[sea_orm(comment = "When the row was last written.")]
    pub loaded_at: DateTimeUtc,
    #[sea_orm(belongs_to, from = "product_id", to = "product_id")]
    pub product: BelongsTo<super::product::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
