//! Lines of sales orders (Sales.SalesOrderDetail).

use sea_orm::entity::prelude::*;

/// A row of `sales_order_line`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sales_order_line")]
pub struct Model {
    /// The order.
    #[sea_orm(primary_key, auto_increment = false)]
    pub sales_order_id: i32,
    /// Number of the line in the source system.
    #[sea_orm(primary_key, auto_increment = false)]
    pub sales_order_detail_id: i32,
    /// The carrier's number for the shipment.
    #[sea_orm(column_type = "String(StringLen::N(25))")]
    pub carrier_tracking_number: Option<String>,
    /// Quantity ordered, in pieces.
    pub order_quantity: i16,
    /// The product.
    pub product_id: i32,
    /// The special offer it was sold under; 1 is no discount.
    pub special_offer_id: i32,
    /// Price of one piece before discount, in USD.
    #[sea_orm(column_type = "Decimal(Some((19, 4)))")]
    pub unit_price: Decimal,
    /// Discount as a fraction of the price, 0 to 1.
    #[sea_orm(column_type = "Decimal(Some((19, 4)))")]
    pub unit_price_discount: Decimal,
    /// unit_price * (1 - unit_price_discount) * order_quantity, in USD.
    #[sea_orm(column_type = "Decimal(Some((19, 6)))")]
    pub line_total: Decimal,
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
    /// The `sales_order` named by sales_order_id.
    #[sea_orm(
        belongs_to = "super::sales_order::Entity",
        from = "Column::SalesOrderId",
        to = "super::sales_order::Column::SalesOrderId"
    )]
    SalesOrder,
    /// The `special_offer_product` named by special_offer_id, product_id.
    #[sea_orm(
        belongs_to = "super::special_offer_product::Entity",
        from = "(Column::SpecialOfferId, Column::ProductId)",
        to = "(super::special_offer_product::Column::SpecialOfferId, super::special_offer_product::Column::ProductId)"
    )]
    SpecialOfferProduct,
}

impl Related<super::sales_order::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::SalesOrder.def()
    }
}

impl Related<super::special_offer_product::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::SpecialOfferProduct.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
