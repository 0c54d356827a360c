//! Files of documents are told by their names: below a folder `orders`, `*.json` and
//! `*.ndjson`.

use crate::dataset::Dataset;

/// What the ledger calls documents. Their rows are those of orders and of order lines, so it has
/// no columns of its own.
pub(crate) static DOCUMENTS: Dataset = Dataset {
    table: "sales_order_document",
    file_stem: "orders/",
    columns: &[],
    key: &[],
    parents: &[],
    carried: &[],
    checks: &[],
};

/// What files of documents are called.
pub(crate) const NAMES: &str = "orders/*.json or orders/*.ndjson";

/// How the documents of a file are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// One document, or an array of them.
    Json,
    /// One document a line.
    Lines,
}

/// The layout of a file of documents; `None` if it is none.
pub(crate) fn layout(key: &str) -> Option<Layout> {
    let (folders, name) = key.rsplit_once('/')?;
    if !folders.split('/').any(|folder| folder.eq_ignore_ascii_case("orders")) {
        return None;
    }
    let name = name.to_ascii_lowercase();
    let base = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(&name);
    match base.rsplit_once('.')?.1 {
        "json" => Some(Layout::Json),
        "ndjson" | "jsonl" => Some(Layout::Lines),
        _ => None,
    }
}

/// Whether a file is likely meant to be one of documents, and is called otherwise.
pub(crate) fn nearly(key: &str) -> bool {
    let Some((folders, name)) = key.rsplit_once('/') else { return false };
    let is_folder = |folder: &str| {
        let folder = folder.to_ascii_lowercase();
        folder.contains("order")
    };
    let name = name.to_ascii_lowercase();
    layout(key).is_none()
        && folders.split('/').any(is_folder)
        && name.split('.').skip(1).any(|part| part.contains("json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_told_by_a_folder_and_an_extension() {
        for (key, expected) in [
            ("orders/1.json", Layout::Json),
            ("in/orders/2014/06/1.JSON", Layout::Json),
            ("Orders/1.json.gz", Layout::Json),
            ("orders/all.ndjson", Layout::Lines),
            ("orders/all.jsonl.zst", Layout::Lines),
        ] {
            assert_eq!(layout(key), Some(expected), "{key}");
            assert!(!nearly(key), "{key}");
        }
        for key in ["1.json", "in/1.json", "orders/1.csv", "orders.json", "reorders/1.json"] {
            assert_eq!(layout(key), None, "{key}");
        }
        for key in ["orders/1.json.bz2", "order/1.json", "orders/1.json5", "sales_orders/1.ndjson"]
        {
            assert!(nearly(key), "{key}");
        }
        for key in ["orders/readme.txt", "in/1.json", "orders/json"] {
            assert!(!nearly(key), "{key}");
        }
    }
}
