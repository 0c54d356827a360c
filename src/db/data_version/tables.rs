//! Sets of the tables that queries can see.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The tables whose changes move the version, each with a trigger `data_version_note`. A test
/// compares them with the database.
pub const WATCHED: [&str; 28] = [
    "currency_rate", "customer", "demand_forecast_date", "demand_forecast_span",
    "demand_forecast_stock", "lake_snapshot", "lake_table", "load_checkpoint",
    "load_document_page", "load_file", "load_finding", "load_parked", "load_raw", "load_reject",
    "load_run", "load_run_file", "load_step", "person", "product", "product_inventory",
    "sales_by_day", "sales_by_product_day", "sales_order", "sales_order_line", "source_failure",
    "special_offer_product", "store", "territory",
];

/// Views and functions, each with the tables that its rows are made of. Which days of sales are
/// due changes with the sales, and where those by day are written: what asks for it is of both,
/// so that its tables do not depend on the answer.
pub const DERIVED: [(&str, &[&str]); 10] = [
    ("conversion_rate", &["currency_rate"]),
    ("current_sales_by_day", SALES_BY_DAY),
    ("current_sales_by_product_day", SALES_BY_DAY),
    ("demand_forecast", &["demand_forecast_date", "demand_forecast_span", "demand_forecast_stock"]),
    ("load_raw_object", &["load_document_page", "load_raw"]),
    ("load_source_key", &["load_document_page", "load_file"]),
    ("sales_by_day_since", &["sales_order", "sales_order_line"]),
    ("sales_by_product_day_since", &["sales_order", "sales_order_line"]),
    ("sales_orders_by_day_since", &["sales_order", "sales_order_line"]),
    ("sales_rollup_due", SALES_BY_DAY),
];

const SALES_BY_DAY: &[&str] =
    &["sales_by_day", "sales_by_product_day", "sales_order", "sales_order_line"];

/// What follows the data as a whole; and columns have the name of one.
pub const OF_ALL: [&str; 5] =
    ["data_state", "data_version", "lake_answer_group", "lake_behind", "unwatched_trigger"];

/// What changes while the version does not, or that nobody reads.
pub const UNWATCHED: [&str; 20] = [
    "api_key", "data_change", "derivation_due", "derivation_step", "job", "lake_answer",
    "lake_attempt", "lake_due", "lake_removal", "lake_watch", "load_file_key", "load_raw_claim",
    "load_set_aside", "report", "report_request", "saved_query", "saved_query_deletion",
    "schedule", "seaql_migrations", "table_version",
];

/// A set of tables; or all data, whatever they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TableSet(u64);

impl Default for TableSet {
    fn default() -> Self {
        Self::ALL
    }
}

/// For all data, beside the bits of tables.
const ALL: u64 = 1 << 63;

impl TableSet {
    /// All data.
    pub const ALL: Self = Self(ALL);
    /// No table.
    pub const EMPTY: Self = Self(0);

    /// Those with these names, where all of them are known.
    fn of(names: &[&str]) -> Option<Self> {
        let mut bits = names.iter().map(|name| index(name).map(|index| 1 << index));
        bits.try_fold(0, |set, bit| Some(set | bit?)).map(Self)
    }

    /// The tables of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether it is all data.
    #[must_use]
    pub const fn is_all(self) -> bool {
        self.0 & ALL != 0
    }

    /// Whether it has no table.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether it has the table with this index in [`WATCHED`].
    pub(super) const fn has(self, index: usize) -> bool {
        self.0 & (1 << index) != 0
    }

    /// Its bits, to name it by.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// The set that was named by these bits.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// Their names; `None` for all data.
    #[must_use]
    pub fn names(self) -> Option<Vec<&'static str>> {
        let named = WATCHED.into_iter().enumerate().filter(|(index, _)| self.has(*index));
        (!self.is_all()).then(|| named.map(|(_, name)| name).collect())
    }
}

/// The place of a table in [`WATCHED`].
pub(super) fn index(name: &str) -> Option<usize> {
    WATCHED.binary_search(&name).ok()
}

/// What a name in a statement stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    Tables(TableSet),
    Unwatched,
}

static NAMES: LazyLock<HashMap<&'static str, Named>> = LazyLock::new(|| {
    let known = |tables: &[&str]| Named::Tables(TableSet::of(tables).unwrap_or(TableSet::ALL));
    let watched = WATCHED.into_iter().map(|name| (name, known(&[name])));
    let derived = DERIVED.into_iter().map(|(name, tables)| (name, known(tables)));
    let of_all = OF_ALL.into_iter().map(|name| (name, Named::Tables(TableSet::ALL)));
    let unwatched = UNWATCHED.into_iter().map(|name| (name, Named::Unwatched));
    watched.chain(derived).chain(of_all).chain(unwatched).collect()
});

/// The tables that a statement reads, found by the names in its text; `None` if one of them
/// changes without the version. A name that stands for something else, such as a column, makes
/// it one table more and never one less.
#[must_use]
pub fn tables_of(sql: &str) -> Option<TableSet> {
    let is_outside = |letter: char| !(letter.is_ascii_alphanumeric() || letter == '_');
    let mut found = TableSet::EMPTY;
    for word in sql.split(is_outside) {
        match NAMES.get(word) {
            Some(Named::Tables(tables)) => found = found.and(*tables),
            Some(Named::Unwatched) => return None,
            None => {}
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_by_its_place() {
        assert!(WATCHED.is_sorted());
        assert!(WATCHED.len() < 63);
        for (at, name) in WATCHED.into_iter().enumerate() {
            assert_eq!(index(name), Some(at));
        }
        for (name, tables) in DERIVED {
            assert!(TableSet::of(tables).is_some(), "{name} is of a table that is not watched");
        }
    }

    #[test]
    fn a_statement_reads_the_tables_that_it_names() {
        let names = |sql| tables_of(sql).map(TableSet::names);
        let read = |tables: &[&'static str]| Some(Some(tables.to_vec()));
        assert_eq!(names("SELECT t0.name FROM product AS t0"), read(&["product"]));
        assert_eq!(
            names("SELECT FROM (SELECT * FROM person WHERE EXISTS (SELECT FROM customer))"),
            read(&["customer", "person"])
        );
        assert_eq!(
            names("SELECT load_source_key(t0.source_file_id, 1) FROM product AS t0"),
            read(&["load_document_page", "load_file", "product"])
        );
        assert_eq!(names("SELECT 1 FROM product_inventory"), read(&["product_inventory"]));
        assert_eq!(names("SELECT FROM lake_behind, product"), Some(None), "all");
        assert_eq!(names("SELECT FROM product JOIN job"), None, "changes without a version");
        assert_eq!(names("SELECT 1"), read(&[]));
    }
}
