//! Sales orders (Sales.SalesOrderHeader).

use sea_orm::entity::prelude::*;

/// State of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i16", db_type = "SmallInteger")]
pub enum OrderStatus {
    /// In process.
    #[sea_orm(num_value = 1)]
    InProcess,
    /// Approved.
    #[sea_orm(num_value = 2)]
    Approved,
    /// Backordered.
    #[sea_orm(num_value = 3)]
    Backordered,
    /// Rejected.
    #[sea_orm(num_value = 4)]
    Rejected,
    /// Shipped.
    #[sea_orm(num_value = 5)]
    Shipped,
    /// Cancelled.
    #[sea_orm(num_value = 6)]
    Cancelled,
}

/// A row of `sales_order`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sales_order")]
pub struct Model {
    /// Key of the source system.
    #[sea_orm(primary_key, auto_increment = false)]
    pub sales_order_id: i32,
    /// How often the order was revised.
    pub revision_number: i16,
    /// When it was ordered.
    pub order_date: DateTime,
    /// When it is due at the customer.
    pub due_date: DateTime,
    /// When it was shipped; null before.
    pub ship_date: Option<DateTime>,
    /// 1 in process, 2 approved, 3 backordered, 4 rejected, 5 shipped, 6 cancelled.
    pub status: OrderStatus,
    /// True: ordered online by the customer; false: entered by a sales person.
    pub online_order_flag: bool,
    /// Number of the order as people read it.
    #[sea_orm(column_type = "String(StringLen::N(25))")]
    pub sales_order_number: String,
    /// The customer's own number for it.
    #[sea_orm(column_type = "String(StringLen::N(25))")]
    pub purchase_order_number: Option<String>,
    /// The customer's financial account.
    #[sea_orm(column_type = "String(StringLen::N(15))")]
    pub account_number: Option<String>,
    /// The customer.
    pub customer_id: i32,
    /// The sales person; null for online orders.
    pub sales_person_id: Option<i32>,
    /// Sales territory.
    pub territory_id: Option<i32>,
    /// Address of the bill in the source system.
    pub bill_to_address_id: i32,
    /// Address of the shipment in the source system.
    pub ship_to_address_id: i32,
    /// Way of shipping in the source system.
    pub ship_method_id: i32,
    /// Credit card in the source system.
    pub credit_card_id: Option<i32>,
    /// Approval code of the card's issuer.
    #[sea_orm(column_type = "String(StringLen::N(15))")]
    pub credit_card_approval_code: Option<String>,
    /// Exchange rate in the source system; null for USD.
    pub currency_rate_id: Option<i32>,
    /// Sum of the lines, in USD.
    #[sea_orm(column_type = "Decimal(Some((19, 4)))")]
    pub sub_total: Decimal,
    /// Tax, in USD.
    #[sea_orm(column_type = "Decimal(Some((19, 4)))")]
    pub tax_amt: Decimal,
    /// Shipping cost, in USD.
    #[sea_orm(column_type = "Decimal(Some((19, 4)))")]
    pub freight: Decimal,
    /// sub_total + tax_amt + freight, in USD.
    #[sea_orm(column_type = "Decimal(Some((19, 4)))")]
    pub total_due: Decimal,
    /// Comment of the sales person.
    #[sea_orm(column_type = "String(StringLen::N(128))")]
    pub comment: Option<String>,
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
    /// The `customer` named by customer_id.
    #[sea_orm(
        belongs_to = "super::customer::Entity",
        from = "Column::CustomerId",
        to = "super::customer::Column::CustomerId"
    )]
    Customer,
    /// Rows of `sales_order_line` that refer to it.
    #[sea_orm(has_many = "super::sales_order_line::Entity")]
    SalesOrderLine,
    /// The `territory` named by territory_id, where it is loaded.
    #[sea_orm(
        belongs_to = "super::territory::Entity",
        from = "Column::TerritoryId",
        to = "super::territory::Column::TerritoryId"
    )]
    Territory,
    /// The `currency_rate` named by currency_rate_id, where it is loaded.
    #[sea_orm(
        belongs_to = "super::currency_rate::Entity",
        from = "Column::CurrencyRateId",
        to = "super::currency_rate::Column::CurrencyRateId"
    )]
    CurrencyRate,
}

impl Related<super::customer::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Customer.def()
    }
}

impl Related<super::sales_order_line::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::SalesOrderLine.def()
    }
}

impl Related<super::territory::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Territory.def()
    }
}

impl Related<super::currency_rate::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::CurrencyRate.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
