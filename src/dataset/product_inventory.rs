//! `Production.ProductInventory` -> `product_inventory`.

use super::column::{ID, Kind, required};
use super::{Dataset, Parent};

pub(super) const DATASET: Dataset = Dataset {
    table: "product_inventory",
    file_stem: "Production.ProductInventory",
    columns: &[
        required("ProductID", "product_id", ID),
        required("LocationID", "location_id", ID),
        required("Shelf", "shelf", Kind::Text { max: 10 }),
        required("Bin", "bin", Kind::SmallInt { min: 0, max: 100 }),
        required("Quantity", "quantity", Kind::SmallInt { min: 0, max: i16::MAX }),
        required("rowguid", "rowguid", Kind::Uuid),
        required("ModifiedDate", "modified_date", Kind::Timestamp),
    ],
    key: &["product_id", "location_id"],
    parents: &[Parent { table: "product", columns: &["product_id"] }],
    checks: &[],
};
