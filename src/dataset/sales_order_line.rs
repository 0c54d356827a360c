//! `Sales.SalesOrderDetail` -> `sales_order_line`.

use super::column::{DecimalRange, ID, Kind, MONEY, nullable, required};
use super::{Check, Dataset, Parent};

pub(super) const DATASET: Dataset = Dataset {
    table: "sales_order_line",
    file_stem: "Sales.SalesOrderDetail",
    columns: &[
        required("SalesOrderID", "sales_order_id", ID),
        required("SalesOrderDetailID", "sales_order_detail_id", ID),
        nullable("CarrierTrackingNumber", "carrier_tracking_number", Kind::Text { max: 25 }),
        required("OrderQty", "order_quantity", Kind::SmallInt { min: 1, max: i16::MAX }),
        required("ProductID", "product_id", ID),
        required("SpecialOfferID", "special_offer_id", ID),
        required("UnitPrice", "unit_price", MONEY),
        required("UnitPriceDiscount", "unit_price_discount", DISCOUNT),
        required("LineTotal", "line_total", LINE_TOTAL),
        required("rowguid", "rowguid", Kind::Uuid),
        required("ModifiedDate", "modified_date", Kind::Timestamp),
    ],
    key: &["sales_order_id", "sales_order_detail_id"],
    parents: &[
        Parent { table: "sales_order", columns: &["sales_order_id"] },
        Parent { table: "special_offer_product", columns: &["special_offer_id", "product_id"] },
    ],
    checks: &[Check::LineTotal {
        total: "line_total",
        price: "unit_price",
        discount: "unit_price_discount",
        quantity: "order_quantity",
    }],
};

const DISCOUNT: Kind = Kind::Decimal { precision: 19, scale: 4, range: DecimalRange::Fraction };
const LINE_TOTAL: Kind = Kind::Decimal { precision: 19, scale: 6, range: DecimalRange::Any };
