//! `Production.Product` -> `product`.

use super::column::{DecimalRange, ID, Kind, MONEY, nullable, required};
use super::{Check, Dataset};

pub(super) const DATASET: Dataset = Dataset {
    table: "product",
    file_stem: "Production.Product",
    columns: &[
        required("ProductID", "product_id", ID),
        required("Name", "name", Kind::Text { max: 50 }),
        required("ProductNumber", "product_number", Kind::Text { max: 25 }),
        required("MakeFlag", "make_flag", Kind::Boolean),
        required("FinishedGoodsFlag", "finished_goods_flag", Kind::Boolean),
        nullable("Color", "color", Kind::Text { max: 15 }),
        required("SafetyStockLevel", "safety_stock_level", POSITIVE),
        required("ReorderPoint", "reorder_point", POSITIVE),
        required("StandardCost", "standard_cost", MONEY),
        required("ListPrice", "list_price", MONEY),
        nullable("Size", "size", Kind::Text { max: 5 }),
        nullable("SizeUnitMeasureCode", "size_unit_measure_code", Kind::Padded { max: 3 }),
        nullable("WeightUnitMeasureCode", "weight_unit_measure_code", Kind::Padded { max: 3 }),
        nullable("Weight", "weight", WEIGHT),
        required("DaysToManufacture", "days_to_manufacture", DAYS),
        nullable("ProductLine", "product_line", Kind::Code(&["R", "M", "T", "S"])),
        nullable("Class", "class", Kind::Code(&["H", "M", "L"])),
        nullable("Style", "style", Kind::Code(&["W", "M", "U"])),
        nullable("ProductSubcategoryID", "product_subcategory_id", ID),
        nullable("ProductModelID", "product_model_id", ID),
        required("SellStartDate", "sell_start_date", Kind::Timestamp),
        nullable("SellEndDate", "sell_end_date", Kind::Timestamp),
        nullable("DiscontinuedDate", "discontinued_date", Kind::Timestamp),
        required("rowguid", "rowguid", Kind::Uuid),
        required("ModifiedDate", "modified_date", Kind::Timestamp),
    ],
    key: &["product_id"],
    parents: &[],
    checks: &[Check::NotBefore { date: "sell_end_date", earliest: "sell_start_date" }],
};

const POSITIVE: Kind = Kind::SmallInt { min: 1, max: i16::MAX };
const WEIGHT: Kind = Kind::Decimal { precision: 8, scale: 2, range: DecimalRange::Positive };
const DAYS: Kind = Kind::Integer { min: 0, max: i32::MAX };
