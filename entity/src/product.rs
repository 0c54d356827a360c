//! `product`.

use sea_orm::entity::prelude::*;

codes! {
    /// Line of products.
    ProductLine: "String(StringLen::N(2))" {
        /// Road.
        Road = "R",
        /// Mountain.
        Mountain = "M",
        /// Touring.
        Touring = "T",
        /// Standard.
        Standard = "S",
    }
}

codes! {
    /// Class of a product.
    ProductClass: "String(StringLen::N(2))" {
        /// High.
        High = "H",
        /// Medium.
        Medium = "M",
        /// Low.
        Low = "L",
    }
}

codes! {
    /// Target group of a product.
    ProductStyle: "String(StringLen::N(2))" {
        /// Women.
        Womens = "W",
        /// Men.
        Mens = "M",
        /// Everybody.
        Universal = "U",
    }
}

/// The columns of codes.
pub const CODES: &[(Column, &crate::Codes)] = &[
    (Column::ProductLine, &ProductLine::CODES),
    (Column::Class, &ProductClass::CODES),
    (Column::Style, &ProductStyle::CODES),
];

#[sea_orm::model]
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(
    table_name = "product",
    comment = "A product that is sold, or used to make others (Production.Product)."
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(comment = "Key of the product in the source system.")]
    pub product_id: i32,
    #[sea_orm(column_type = "String(StringLen::N(50))", comment = "Name of the product.")]
    pub name: String,
    #[sea_orm(column_type = "String(StringLen::N(25))")]
    #[sea_orm(comment = "Number by which people order it.")]
    pub product_number: String,
    #[sea_orm(comment = "True: made in house; false: bought.")]
    pub make_flag: bool,
    #[sea_orm(comment = "True: may be sold; false: a part.")]
    pub finished_goods_flag: bool,
    #[sea_orm(column_type = "String(StringLen::N(15))")]
    #[sea_orm(comment = "Colour; null when it has none or it does not matter.")]
    pub color: Option<String>,
    #[sea_orm(comment = "Least quantity to hold, in pieces.")]
    pub safety_stock_level: i16,
    #[sea_orm(comment = "Quantity at which more is ordered, in pieces.")]
    pub reorder_point: i16,
    #[sea_orm(column_type = "Decimal(Some((19, 4)))")]
    #[sea_orm(comment = "Cost of making or buying one piece, in USD.")]
    pub standard_cost: Decimal,
    #[sea_orm(column_type = "Decimal(Some((19, 4)))", comment = "Price of one piece, in USD.")]
    pub list_price: Decimal,
    #[sea_orm(column_type = "String(StringLen::N(5))")]
    #[sea_orm(
        comment = "Size: a letter, or a number in {size_unit_measure_code}; null when it has none."
    )]
    pub size: Option<String>,
    #[sea_orm(column_type = "String(StringLen::N(3))")]
    #[sea_orm(
        comment = "Unit of size, for instance CM; null for sizes by letter and products without \
                   one."
    )]
    pub size_unit_measure_code: Option<String>,
    #[sea_orm(column_type = "String(StringLen::N(3))")]
    #[sea_orm(comment = "Unit of weight, LB or G; null when the weight is not known.")]
    pub weight_unit_measure_code: Option<String>,
    #[sea_orm(column_type = "Decimal(Some((8, 2)))")]
    #[sea_orm(
        comment = "Weight of one piece in {weight_unit_measure_code}; null when it is not known."
    )]
    pub weight: Option<Decimal>,
    #[sea_orm(comment = "Days it takes to make one; 0 for what is bought.")]
    pub days_to_manufacture: i32,
    #[sea_orm(comment = "Line of products; null when it belongs to none.")]
    pub product_line: Option<ProductLine>,
    #[sea_orm(comment = "Class; null when it has none.")]
    pub class: Option<ProductClass>,
    #[sea_orm(comment = "Target group; null when it does not matter.")]
    pub style: Option<ProductStyle>,
    #[sea_orm(comment = "Subcategory in the source system; null when it has none.")]
    pub product_subcategory_id: Option<i32>,
    #[sea_orm(comment = "Model in the source system; null when it has none.")]
    pub product_model_id: Option<i32>,
    #[sea_orm(comment = "First day it may be sold.")]
    pub sell_start_date: DateTime,
    #[sea_orm(comment = "Last day it may be sold; null while it is on sale.")]
    pub sell_end_date: Option<DateTime>,
    #[sea_orm(comment = "When it was discontinued; null while it is not.")]
    pub discontinued_date: Option<DateTime>,
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
}

impl ActiveModelBehavior for ActiveModel {}
