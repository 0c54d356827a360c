//! `Product`.

use super::common::{MODIFIED_DATE, ROWGUID, SOURCE};
use super::sales_measures::OF_PRODUCT;
use super::{PRODUCT_INVENTORY, SALES_ORDER_LINE, SPECIAL_OFFER_PRODUCT};
use crate::graphql::schema::model::{
    Aggregate, Entity, EnumValue, Enumeration, Field, Inputs, Shape,
};
use crate::query::{Column, Kind, ToMany, tables};

/// A product that is sold, or used to make others (Production.Product).
pub(crate) static PRODUCT: Entity = Entity {
    table: &tables::PRODUCT,
    shape: Shape {
        name: "Product",
        description: "A product that is sold, or used to make others (Production.Product).",
        fields: &[
            Field::id(),
            Field::column(
                "productId",
                Column::new("product_id", Kind::Int),
                "Key of the product in the source system.",
            ),
            Field::column("name", Column::new("name", Kind::Text), "Name of the product."),
            Field::column(
                "productNumber",
                Column::new("product_number", Kind::Text),
                "Number by which people order it.",
            ),
            Field::column(
                "makeFlag",
                Column::new("make_flag", Kind::Boolean),
                "True: made in house; false: bought.",
            ),
            Field::column(
                "finishedGoodsFlag",
                Column::new("finished_goods_flag", Kind::Boolean),
                "True: may be sold; false: a part.",
            ),
            Field::column(
                "color",
                Column::new("color", Kind::Text).nullable(),
                "Colour; null when it has none or it does not matter.",
            ),
            Field::column(
                "safetyStockLevel",
                Column::new("safety_stock_level", Kind::Small),
                "Least quantity to hold, in pieces.",
            ),
            Field::column(
                "reorderPoint",
                Column::new("reorder_point", Kind::Small),
                "Quantity at which more is ordered, in pieces.",
            ),
            Field::column(
                "standardCost",
                Column::new("standard_cost", Kind::Decimal),
                "Cost of making or buying one piece, in USD.",
            ),
            Field::column(
                "listPrice",
                Column::new("list_price", Kind::Decimal),
                "Price of one piece, in USD.",
            ),
            Field::column(
                "size",
                Column::new("size", Kind::Text).nullable(),
                "Size: a letter, or a number in sizeUnitMeasureCode; null when it has none.",
            ),
            Field::column(
                "sizeUnitMeasureCode",
                Column::new("size_unit_measure_code", Kind::Text).nullable(),
                "Unit of size, for instance CM; null for sizes by letter and products without one.",
            ),
            Field::column(
                "weightUnitMeasureCode",
                Column::new("weight_unit_measure_code", Kind::Text).nullable(),
                "Unit of weight, LB or G; null when the weight is not known.",
            ),
            Field::column(
                "weight",
                Column::new("weight", Kind::Decimal).nullable(),
                "Weight of one piece in weightUnitMeasureCode; null when it is not known.",
            ),
            Field::column(
                "daysToManufacture",
                Column::new("days_to_manufacture", Kind::Int),
                "Days it takes to make one; 0 for what is bought.",
            ),
            Field::code(
                "productLine",
                Column::new("product_line", Kind::Text).nullable(),
                &PRODUCT_LINE,
                "Line of products; null when it belongs to none.",
            ),
            Field::code(
                "class",
                Column::new("class", Kind::Text).nullable(),
                &PRODUCT_CLASS,
                "Class; null when it has none.",
            ),
            Field::code(
                "style",
                Column::new("style", Kind::Text).nullable(),
                &PRODUCT_STYLE,
                "Whom it is made for; null when that does not matter.",
            ),
            Field::column(
                "productSubcategoryId",
                Column::new("product_subcategory_id", Kind::Int).nullable(),
                "Subcategory in the source system; null when it has none.",
            ),
            Field::column(
                "productModelId",
                Column::new("product_model_id", Kind::Int).nullable(),
                "Model in the source system; null when it has none.",
            ),
            Field::column(
                "sellStartDate",
                Column::new("sell_start_date", Kind::LocalDateTime),
                "First day it may be sold.",
            ),
            Field::column(
                "sellEndDate",
                Column::new("sell_end_date", Kind::LocalDateTime).nullable(),
                "Last day it may be sold; null while it is on sale.",
            ),
            Field::column(
                "discontinuedDate",
                Column::new("discontinued_date", Kind::LocalDateTime).nullable(),
                "When it was discontinued; null while it is not.",
            ),
            ROWGUID,
            MODIFIED_DATE,
            Field::many(
                "lines",
                &SALES_ORDER_LINE,
                &[Column::new("product_id", Kind::Int)],
                "Order lines that sell it.",
            ),
            Field::many(
                "specialOffers",
                &SPECIAL_OFFER_PRODUCT,
                &[Column::new("product_id", Kind::Int)],
                "Special offers that hold for it.",
            ),
            Field::sales(&OF_PRODUCT, "What its order lines come to."),
            Field::many(
                "inventory",
                &PRODUCT_INVENTORY,
                &[Column::new("product_id", Kind::Int)],
                "Where how many pieces of it lie; empty while no inventory is loaded.",
            ),
            SOURCE,
        ],
    },
    inputs: Inputs {
        aggregates: &[
            Aggregate {
                name: "LINE_COUNT",
                description: "By the number of its lines.",
                of: ToMany {
                    table: &tables::SALES_ORDER_LINE,
                    by: &[Column::new("product_id", Kind::Int)],
                },
                sum: None,
            },
            Aggregate {
                name: "QUANTITY_SOLD",
                description: "By the sum of orderQuantity of its lines; 0 without lines.",
                of: ToMany {
                    table: &tables::SALES_ORDER_LINE,
                    by: &[Column::new("product_id", Kind::Int)],
                },
                sum: Some(Column::new("order_quantity", Kind::Small)),
            },
            Aggregate {
                name: "SALES_TOTAL",
                description: "By the sum of lineTotal of its lines; 0 without lines.",
                of: ToMany {
                    table: &tables::SALES_ORDER_LINE,
                    by: &[Column::new("product_id", Kind::Int)],
                },
                sum: Some(Column::new("line_total", Kind::Decimal)),
            },
            Aggregate {
                name: "INVENTORY_QUANTITY",
                description: "By the sum of quantity of its inventory; 0 without inventory.",
                of: ToMany {
                    table: &tables::PRODUCT_INVENTORY,
                    by: &[Column::new("product_id", Kind::Int)],
                },
                sum: Some(Column::new("quantity", Kind::Small)),
            },
        ],
        ..Inputs::NONE
    },
};

/// Line of products.
pub(super) static PRODUCT_LINE: Enumeration = Enumeration {
    name: "ProductLine",
    description: "Line of products.",
    values: &[
        EnumValue { code: "R", name: "ROAD", description: "Road." },
        EnumValue { code: "M", name: "MOUNTAIN", description: "Mountain." },
        EnumValue { code: "T", name: "TOURING", description: "Touring." },
        EnumValue { code: "S", name: "STANDARD", description: "Standard." },
    ],
};

/// Class of a product.
pub(super) static PRODUCT_CLASS: Enumeration = Enumeration {
    name: "ProductClass",
    description: "Class of a product.",
    values: &[
        EnumValue { code: "H", name: "HIGH", description: "High." },
        EnumValue { code: "M", name: "MEDIUM", description: "Medium." },
        EnumValue { code: "L", name: "LOW", description: "Low." },
    ],
};

/// Whom a product is made for.
static PRODUCT_STYLE: Enumeration = Enumeration {
    name: "ProductStyle",
    description: "Whom a product is made for.",
    values: &[
        EnumValue { code: "W", name: "WOMENS", description: "Women." },
        EnumValue { code: "M", name: "MENS", description: "Men." },
        EnumValue { code: "U", name: "UNIVERSAL", description: "Everybody." },
    ],
};
