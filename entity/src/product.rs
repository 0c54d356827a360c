//! Products sold or used to make them (Production.Product).

use sea_orm::entity::prelude::*;

/// Line of products.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(2))")]
pub enum ProductLine {
    /// Road.
    #[sea_orm(string_value = "R")]
    Road,
    /// Mountain.
    #[sea_orm(string_value = "M")]
    Mountain,
    /// Touring.
    #[sea_orm(string_value = "T")]
    Touring,
    /// Standard.
    #[sea_orm(string_value = "S")]
    Standard,
}

/// Class of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(2))")]
pub enum ProductClass {
    /// High.
    #[sea_orm(string_value = "H")]
    High,
    /// Medium.
    #[sea_orm(string_value = "M")]
    Medium,
    /// Low.
    #[sea_orm(string_value = "L")]
    Low,
}

/// Whom a product is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(2))")]
pub enum ProductStyle {
    /// Women.
    #[sea_orm(string_value = "W")]
    Womens,
    /// Men.
    #[sea_orm(string_value = "M")]
    Mens,
    /// Everybody.
    #[sea_orm(string_value = "U")]
    Universal,
}

/// A row of `product`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "product")]
pub struct Model {
    /// Key of the source system.
    #[sea_orm(primary_key, auto_increment = false)]
    pub product_id: i32,
    /// Name.
    #[sea_orm(column_type = "String(StringLen::N(50))")]
    pub name: String,
    /// Number by which people order it.
    #[sea_orm(column_type = "String(StringLen::N(25))")]
    pub product_number: String,
    /// True: made in house; false: bought.
    pub make_flag: bool,
    /// True: may be sold; false: a part.
    pub finished_goods_flag: bool,
    /// Colour.
    #[sea_orm(column_type = "String(StringLen::N(15))")]
    pub color: Option<String>,
    /// Least quantity to hold, in pieces.
    pub safety_stock_level: i16,
    /// Quantity at which more is ordered, in pieces.
    pub reorder_point: i16,
    /// Standard cost, in the source's currency (USD).
    #[sea_orm(column_type = "Decimal(Some((19, 4)))")]
    pub standard_cost: Decimal,
    /// List price, in the source's currency (USD).
    #[sea_orm(column_type = "Decimal(Some((19, 4)))")]
    pub list_price: Decimal,
    /// Size: a letter or a number in size_unit_measure_code.
    #[sea_orm(column_type = "String(StringLen::N(5))")]
    pub size: Option<String>,
    /// Unit of size, for instance CM.
    #[sea_orm(column_type = "String(StringLen::N(3))")]
    pub size_unit_measure_code: Option<String>,
    /// Unit of weight: LB or G.
    #[sea_orm(column_type = "String(StringLen::N(3))")]
    pub weight_unit_measure_code: Option<String>,
    /// Weight in weight_unit_measure_code.
    #[sea_orm(column_type = "Decimal(Some((8, 2)))")]
    pub weight: Option<Decimal>,
    /// Days it takes to make.
    pub days_to_manufacture: i32,
    /// R road, M mountain, T touring, S standard.
    pub product_line: Option<ProductLine>,
    /// H high, M medium, L low.
    pub class: Option<ProductClass>,
    /// W women's, M men's, U universal.
    pub style: Option<ProductStyle>,
    /// Subcategory in the source system.
    pub product_subcategory_id: Option<i32>,
    /// Model in the source system.
    pub product_model_id: Option<i32>,
    /// First day it may be sold.
    pub sell_start_date: DateTime,
    /// Last day it may be sold; null while it is on sale.
    pub sell_end_date: Option<DateTime>,
    /// When it was discontinued.
    pub discontinued_date: Option<DateTime>,
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
    /// Rows of `product_inventory` that refer to it.
    #[sea_orm(has_many = "super::product_inventory::Entity")]
    ProductInventory,
    /// Rows of `special_offer_product` that refer to it.
    #[sea_orm(has_many = "super::special_offer_product::Entity")]
    SpecialOfferProduct,
}

impl Related<super::product_inventory::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::ProductInventory.def()
    }
}

impl Related<super::special_offer_product::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::SpecialOfferProduct.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
