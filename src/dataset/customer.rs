//! `Sales.Customer` -> `customer`.

use super::column::{ID, Kind, nullable, required};
use super::{Check, Dataset, Parent};

pub(super) const DATASET: Dataset = Dataset {
    table: "customer",
    file_stem: "Sales.Customer",
    columns: &[
        required("CustomerID", "customer_id", ID),
        nullable("PersonID", "person_id", ID),
        nullable("StoreID", "store_id", ID),
        nullable("TerritoryID", "territory_id", ID),
        required("AccountNumber", "account_number", Kind::Text { max: 10 }),
        required("rowguid", "rowguid", Kind::Uuid),
        required("ModifiedDate", "modified_date", Kind::Timestamp),
    ],
    key: &["customer_id"],
    // Stores and territories may not be loaded at all.
    parents: &[Parent { table: "person", columns: &["person_id"] }],
    checks: &[Check::AnyOf(&["person_id", "store_id"])],
};
