//! The source tables: file names, bounds of columns, and what must hold within a row.
//! Columns, types, keys and parents are those of the entity. A dataset is one file here,
//! listed in [`ALL`] after its parents.

mod build;
mod column;
mod currency_rate;
mod customer;
mod description;
mod document;
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
pub use document::order_document_schema;

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
    ALL.iter().copied().find(|dataset| is_named(dataset, base))
}

/// Whether a name in lower case, without its extension, is that of a file of the dataset: the
/// stem and an optional suffix after `-`, `_` or `.`.
#[must_use]
pub fn is_named(dataset: &Dataset, base: &str) -> bool {
    base.strip_prefix(&dataset.file_stem.to_ascii_lowercase())
        .is_some_and(|suffix| suffix.is_empty() || suffix.starts_with(['-', '_', '.']))
}

/// The dataset that a file is most likely meant for whose name is not quite that of one: it
/// has the words of the stem, or those of the table alone, and is not a file of another
/// table.
#[must_use]
pub fn nearly(key: &str) -> Option<&'static Dataset> {
    let name = key.rsplit('/').next().unwrap_or(key).to_ascii_lowercase();
    let words: Vec<&str> =
        name.split(|letter: char| !letter.is_alphanumeric()).filter(|it| !it.is_empty()).collect();
    let is = |word: Option<&&str>, wanted: &str| {
        word.is_some_and(|word| *word == wanted || word.strip_suffix('s') == Some(wanted))
    };
    let is_data = words.get(1).is_some_and(|word| ["csv", "txt", "tsv", "dat"].contains(word));
    ALL.iter().copied().filter(|_| by_object_key(key).is_none()).find(|dataset| {
        let stem = dataset.file_stem.to_ascii_lowercase();
        let Some((schema, table)) = stem.split_once('.') else { return false };
        let together = format!("{schema}{table}");
        (0..words.len()).any(|at| {
            let (first, second) = (words.get(at), words.get(at + 1));
            (is(first, schema) && is(second, table))
                || is(first, &together)
                || (at == 0 && is_data && is(first, table))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_misses_are_told_from_files_of_other_tables() {
        let nearly = |key| super::nearly(key).map(|dataset| dataset.table);
        for name in [
            "Product.csv",
            "Production.Product (1).csv",
            "Production.Product - Copy.csv",
            "Production.Product 2024.csv",
            "Production.Product.CSV.GZ.part",
            "Production.Product.csv.1",
            "Production.Product.txt",
            "Production_Product.csv",
            "in/Copy of Production.Product.csv",
            "ProductionProduct.csv",
            "Products.csv",
            "Production.Products.csv.gz",
            "dbo.Production.Product.csv.md5",
        ] {
            assert_eq!(nearly(name), Some("product"), "{name}");
        }
        assert_eq!(nearly("Sales.SalesOrderDetail(2).csv"), Some("sales_order_line"));
        for name in [
            "production.product-ok.csv",
            "Production.ProductModel.csv",
            "Sales.StoreContact.csv",
            "Production.ProductCategory (1).csv",
            "report.csv",
            "README.txt",
            "customer.pdf",
            "Person.Address.csv",
            "Production/other.csv",
            "",
        ] {
            assert_eq!(nearly(name), None, "{name}");
        }
    }

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
