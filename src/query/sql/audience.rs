//! Who may see the rows of each table, and its columns.

use crate::auth::{Grant, Scope};
use crate::catalog::{Column, Table};
use crate::error::Result;

/// Who may see the rows of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    /// Everybody who may read sales.
    Common,
    /// Who may see the territory in the row's `territory_id`.
    Territory,
    /// Who may see one of the customers that name the row in this column.
    OfCustomers(&'static str),
    /// Who may see all territories: it is made of their sales.
    AllTerritories,
    /// Who may read loads: the runs and the jobs.
    Loads,
    /// The organisation in the row's `organization`, as far as its reports show nothing else
    /// than the caller may see.
    Reports,
    /// The organisation in the row's `organization`.
    Organization,
}

/// A table that is not listed is for nobody who is limited to territories.
pub(super) fn audience(table: &Table) -> Audience {
    match table.name {
        "product" | "special_offer_product" | "product_inventory" | "currency_rate" => {
            Audience::Common
        }
        "sales_order" | "sales_order_line" | "customer" | "territory" => Audience::Territory,
        "person" => Audience::OfCustomers("person_id"),
        "store" => Audience::OfCustomers("store_id"),
        "report" => Audience::Reports,
        "report_request" | "saved_query" | "saved_query_deletion" => Audience::Organization,
        "job" | "source_failure" | "lake_table" | "lake_snapshot" => Audience::Loads,
        name if name.starts_with("load_") => Audience::Loads,
        _ => Audience::AllTerritories,
    }
}

/// Whether a caller may read a table at all, be it that none of its rows is visible.
///
/// # Errors
/// `FORBIDDEN` with what is missing.
pub(crate) fn require_table(scope: &Scope, table: &Table) -> Result<()> {
    let audience = audience(table);
    match audience {
        Audience::Loads => scope.require(Grant::LoadsRead),
        Audience::Reports | Audience::Organization => scope.require(Grant::ReportsRead),
        Audience::AllTerritories => scope.require_all_territories(Grant::SalesRead),
        _ => scope.require(Grant::SalesRead),
    }
}

/// Whether a caller may read a column of a table.
///
/// # Errors
/// `FORBIDDEN` with what is missing.
pub(crate) fn require_column(scope: &Scope, column: &Column) -> Result<()> {
    if column.is_personal {
        scope.require(Grant::PersonsRead)?;
    }
    if column.is_of_loads {
        scope.require(Grant::LoadsRead)?;
    }
    Ok(())
}

/// Whether a caller sees every row of a table, so that their number is no secret.
pub(crate) fn sees_all_rows(scope: &Scope, table: &Table) -> bool {
    match audience(table) {
        Audience::Common => true,
        Audience::Reports | Audience::Organization => false,
        _ => scope.territories().is_none(),
    }
}

/// Whether the rows of a table change while the version of the data does not.
pub(crate) fn is_volatile_table(table: &Table) -> bool {
    matches!(audience(table), Audience::Reports | Audience::Organization) || table.name == "job"
}

/// Whether the row that a visible row of `from` refers to may be invisible.
pub(crate) fn may_be_hidden(from: &Table, to: &Table) -> bool {
    match (audience(from), audience(to)) {
        (_, Audience::Common) | (Audience::Loads, Audience::Loads) => false,
        // Who gets a report by a request has its very rights.
        (Audience::Organization, Audience::Reports) => false,
        // A line has the territory of its order.
        _ => (from.name, to.name) != ("sales_order_line", "sales_order"),
    }
}
