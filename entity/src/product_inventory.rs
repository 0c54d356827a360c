//! How many pieces of a product lie where (Production.ProductInventory).

use sea_orm::entity::prelude::*;

/// A row of `product_inventory`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "product_inventory")]
pub struct Model {
    /// The product.
    #[sea_orm(primary_key, auto_increment = false)]
    pub product_id: i32,
    /// The place in the source system.
    #[sea_orm(primary_key, auto_increment = false)]
    pub location_id: i32,
    /// Shelf of the place; N/A where it has none.
    #[sea_orm(column_type = "String(StringLen::N(10))")]
    pub shelf: String,
    /// Bin on the shelf, 0 to 100.
    pub bin: i16,
    /// Quantity there, in pieces.
    pub quantity: i16,
    /// The source system's own identifier of the row.
    pub rowguid: Uuid,
    /// When the source system last changed the row; a row older than the stored one never replaces it.
    pub modified_date: DateTime,
    /// load_file.id of the file version the row came from.
    pub source_file_id: i32,
    /// Line on which its record begins in that file; the header is line 1.
    pub source_line: i64,
    /// When the row was last written here.
    pub loaded_at: DateTimeUtc,
}

/// What the table refers to, and what refers to it.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {
    /// The `product` named by product_id.
    #[sea_orm(
        belongs_to = "super::product::Entity",
        from = "Column::ProductId",
        to = "super::product::Column::ProductId"
    )]
    Product,
}

impl Related<super::product::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Product.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
