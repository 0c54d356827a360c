//! `sales_order_line`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(
    table_name = "sales_order_line",
    comment = "A line of a sales order (Sales.SalesOrderDetail)."
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, comment = "Key of the order.")]
    pub sales_order_id: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(comment = "Number of the line in the source system.")]
    pub sales_order_detail_id: i32,
    #[sea_orm(column_type = "String(StringLen::N(25))")]
    #[sea_orm(comment = "The carrier's number for the shipment; null when there is none.")]
    pub carrier_tracking_number: Option<String>,
    #[sea_orm(comment = "Quantity ordered, in pieces.")]
    pub order_quantity: i16,
    #[sea_orm(comment = "Key of the product.")]
    pub product_id: i32,
    #[sea_orm(comment = "The special offer it was sold under; 1 is no discount.")]
    pub special_offer_id: i32,
    #[sea_orm(column_type = "Decimal(Some((19, 4)))")]
    #[sea_orm(comment = "Price of one piece before discount, in USD.")]
    pub unit_price: Decimal,
    #[sea_orm(column_type = "Decimal(Some((19, 4)))")]
    #[sea_orm(comment = "Discount as a fraction of the price, 0 to 1.")]
    pub unit_price_discount: Decimal,
    #[sea_orm(column_type = "Decimal(Some((19, 6)))")]
    #[sea_orm(comment = "{unit_price} * (1 - {unit_price_discount}) * {order_quantity}, in USD.")]
    pub line_total: Decimal,
    #[sea_orm(comment = "Territory of the order, kept with the line: {sales_order_id}'s.")]
    pub territory_id: Option<i32>,
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
    #[sea_orm(belongs_to, from = "sales_order_id", to = "sales_order_id")]
    pub sales_order: BelongsTo<super::sales_order::Entity>,
    #[sea_orm(
        belongs_to,
        from = "(special_offer_id, product_id)",
        to = "(special_offer_id, product_id)"
    )]
    pub special_offer_product: BelongsTo<super::special_offer_product::Entity>,
    #[sea_orm(belongs_to, from = "product_id", to = "product_id", skip_fk)]
    pub product: BelongsTo<super::product::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
