//! Which products a special offer holds for; offer 1 is no discount (Sales.SpecialOfferProduct).

use sea_orm::entity::prelude::*;

/// A row of `special_offer_product`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "special_offer_product")]
pub struct Model {
    /// The special offer in the source system.
    #[sea_orm(primary_key, auto_increment = false)]
    pub special_offer_id: i32,
    /// The product.
    #[sea_orm(primary_key, auto_increment = false)]
    pub product_id: i32,
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
    /// Rows of `sales_order_line` that refer to it.
    #[sea_orm(has_many = "super::sales_order_line::Entity")]
    SalesOrderLine,
}

impl Related<super::product::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Product.def()
    }
}

impl Related<super::sales_order_line::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::SalesOrderLine.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
