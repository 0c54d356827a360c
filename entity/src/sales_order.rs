//! `sales_order`.

use sea_orm::entity::prelude::*;

codes! {
    /// State of an order.
    OrderStatus: i16 {
        /// In process.
        InProcess = 1,
        /// Approved.
        Approved = 2,
        /// Backordered.
        Backordered = 3,
        /// Rejected.
        Rejected = 4,
        /// Shipped.
        Shipped = 5,
        /// Cancelled.
        Cancelled = 6,
    }
}

/// The columns of codes.
pub const CODES: &[(Column, &crate::Codes)] = &[(Column::Status, &OrderStatus::CODES)];

#[sea_orm::model]
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sales_order", comment = "A sales order (Sales.SalesOrderHeader).")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(comment = "Key of the order in the source system.")]
    pub sales_order_id: i32,
    #[sea_orm(comment = "How often the order was revised.")]
    pub revision_number: i16,
    #[sea_orm(comment = "When it was ordered.")]
    pub order_date: DateTime,
    #[sea_orm(comment = "When it is due at the customer.")]
    pub due_date: DateTime,
    #[sea_orm(comment = "When it was shipped; null before.")]
    pub ship_date: Option<DateTime>,
    #[sea_orm(comment = "State of the order.")]
    pub status: OrderStatus,
    #[sea_orm(comment = "True: ordered online by the customer; false: entered by a sales person.")]
    pub online_order_flag: bool,
    #[sea_orm(column_type = "String(StringLen::N(25))")]
    #[sea_orm(comment = "Number of the order as people read it.")]
    pub sales_order_number: String,
    #[sea_orm(column_type = "String(StringLen::N(25))")]
    #[sea_orm(comment = "The customer's own number for it; null for online orders.")]
    pub purchase_order_number: Option<String>,
    #[sea_orm(column_type = "String(StringLen::N(15))")]
    #[sea_orm(comment = "The customer's financial account; null when none is known.")]
    pub account_number: Option<String>,
    #[sea_orm(comment = "Key of the customer.")]
    pub customer_id: i32,
    #[sea_orm(comment = "The sales person in the source system; null for online orders.")]
    pub sales_person_id: Option<i32>,
    #[sea_orm(comment = "Key of the sales territory; null when none is assigned.")]
    pub territory_id: Option<i32>,
    #[sea_orm(comment = "Billing address in the source system.")]
    pub bill_to_address_id: i32,
    #[sea_orm(comment = "Shipping address in the source system.")]
    pub ship_to_address_id: i32,
    #[sea_orm(comment = "Shipping method in the source system.")]
    pub ship_method_id: i32,
    #[sea_orm(comment = "Credit card in the source system; null when it was paid otherwise.")]
    pub credit_card_id: Option<i32>,
    #[sea_orm(column_type = "String(StringLen::N(15))")]
    #[sea_orm(comment = "Approval code of the card's issuer; null when it was paid otherwise.")]
    pub credit_card_approval_code: Option<String>,
    #[sea_orm(comment = "Key of the currency rate; null for orders in USD.")]
    pub currency_rate_id: Option<i32>,
    #[sea_orm(column_type = "Decimal(Some((19, 4)))")]
    #[sea_orm(comment = "Sum of the lines, in USD, before tax and freight.")]
    pub sub_total: Decimal,
    #[sea_orm(column_type = "Decimal(Some((19, 4)))", comment = "Tax, in USD.")]
    pub tax_amt: Decimal,
    #[sea_orm(column_type = "Decimal(Some((19, 4)))", comment = "Shipping cost, in USD.")]
    pub freight: Decimal,
    #[sea_orm(column_type = "Decimal(Some((19, 4)))")]
    #[sea_orm(comment = "Amount due: {sub_total} + {tax_amt} + freight, in USD.")]
    pub total_due: Decimal,
    #[sea_orm(column_type = "String(StringLen::N(128))")]
    #[sea_orm(comment = "Comment of the sales person; null when there is none.")]
    pub comment: Option<String>,
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
    #[sea_orm(belongs_to, from = "customer_id", to = "customer_id")]
    pub customer: BelongsTo<super::customer::Entity>,
    #[sea_orm(belongs_to, from = "territory_id", to = "territory_id", skip_fk)]
    pub territory: BelongsTo<Option<super::territory::Entity>>,
    #[sea_orm(belongs_to, from = "currency_rate_id", to = "currency_rate_id", skip_fk)]
    pub currency_rate: BelongsTo<Option<super::currency_rate::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}
