//! `Sales.SpecialOfferProduct` -> `special_offer_product`.

use super::column::{ID, Kind, required};
use super::{Dataset, Parent};

pub(super) const DATASET: Dataset = Dataset {
    table: "special_offer_product",
    file_stem: "Sales.SpecialOfferProduct",
    columns: &[
        required("SpecialOfferID", "special_offer_id", ID),
        required("ProductID", "product_id", ID),
        required("rowguid", "rowguid", Kind::Uuid),
        required("ModifiedDate", "modified_date", Kind::Timestamp),
    ],
    key: &["special_offer_id", "product_id"],
    parents: &[Parent { table: "product", columns: &["product_id"] }],
    checks: &[],
};
