//! The source tables: file names, bounds of columns, and what must hold within a row.
//! Columns, types, keys and parents are those of the entity. A dataset is one file here,
//! listed in [`ALL`] after its parents.

mod build;
mod column;
mod currency_rate;
mod customer;
mod description;
mod person;
mod product;
mod product_inventory;
mod sales_order;
mod sales_order_line;
mod special_offer_product;
mod store;
mod territory;

use std::sync::LazyLock;

pub use column::{Check, Column, DecimalRange, Kind};
pub use description::{Carried, Dataset, Parent};

/// Every dataset, parents before children.
pub static ALL: LazyLock<Vec<&'static Dataset>> = LazyLock::new(|| {
    let datasets: &'static [Dataset] = vec![
        person::dataset(),
        product::dataset(),
        customer::dataset(),
        special_offer_product::dataset(),
        sales_order::dataset(),
        sales_order_line::dataset(),
        product_inventory::dataset(),
        territory::dataset(),
        store::dataset(),
        currency_rate::dataset(),
    ]
    .leak();
    datasets.iter().collect()
});

/// The dataset of that table name.
#[must_use]
pub fn by_table(table: &str) -> Option<&'static Dataset> {
    ALL.iter().copied().find(|dataset| dataset.table == table)
}

/// The dataset whose file this is, told by the last part of its key: the stem,
/// an optional suffix after `-`, `_` or `.`, then `.csv`, `.csv.gz` or `.csv.zst`.
#[must_use]
pub fn by_object_key(key: &str) -> Option<&'static Dataset> {
    let name = key.rsplit('/').next().unwrap_or(key).to_ascii_lowercase();
    let base = [".csv", ".csv.gz", ".csv.zst"].iter().find_map(|end| name.strip_suffix(end))?;
    ALL.iter().copied().find(|dataset| {
        base.strip_prefix(&dataset.file_stem.to_ascii_lowercase())
            .is_some_and(|suffix| suffix.is_empty() || suffix.starts_with(['-', '_', '.']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_by_name_whatever_their_folder() {
        let table = |key| by_object_key(key).map(|dataset| dataset.table);
        assert_eq!(table("a/b/Sales.SalesOrderHeader.csv"), Some("sales_order"));
        assert_eq!(table("Sales.SalesOrderHeader-2014-06-30.csv.gz"), Some("sales_order"));
        assert_eq!(table("sales.salesorderdetail.CSV.zst"), Some("sales_order_line"));
        assert_eq!(table("Production.Product_new.csv"), Some("product"));
        assert_eq!(table("Production.ProductInventory.csv"), Some("product_inventory"));
        assert_eq!(table("Production.ProductModel.csv"), None);
        assert_eq!(table("Production.Product.csv.bz2"), None);
        assert_eq!(table("relatorios/acme/report.csv"), None);
    }

    #[test]
    fn keys_parents_and_checks_name_columns_that_exist() {
        for (position, dataset) in ALL.iter().enumerate() {
            let known = |name: &str| dataset.column_index(name).is_some();
            assert!(dataset.key.iter().all(|name| known(name)), "{}", dataset.table);
            assert!(known("modified_date"), "{} has no modified_date", dataset.table);
            for parent in dataset.parents {
                assert!(parent.columns.iter().all(|name| known(name)), "{}", dataset.table);
                let at = ALL.iter().position(|other| other.table == parent.table);
                assert!(
                    at.is_some_and(|at| at < position),
                    "{} precedes its parent",
                    dataset.table
                );
            }
            for carried in dataset.carried {
                let is_parent = dataset.parents.iter().any(|it| it.table == carried.parent);
                assert!(is_parent, "{}.{}", dataset.table, carried.column);
                let repeated = by_table(carried.parent).expect("a parent");
                assert!(repeated.column_index(carried.column).is_some(), "{}", carried.column);
                assert!(!known(carried.column), "{}.{}", dataset.table, carried.column);
            }
            for check in dataset.checks {
                for name in check.columns() {
                    assert!(known(name), "{}: {name}", dataset.table);
                }
            }
        }
    }
}
