//! Which rows of a table a caller may see: the one place where a scope becomes SQL.
//!
//! A statement names tables only by [`Statement::table`], which writes the visible rows and
//! nothing else, so that no part of a statement can forget the scope. Postgres pulls such a
//! subquery up: it is planned as a condition on the table.

use super::alias::Alias;
use super::statement::{Place, Statement};
use crate::auth::{Grant, Scope};
use crate::catalog::{Column, Table};
use crate::error::Result;
use crate::query::selection::Selection;

/// Who may see the rows of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Audience {
    /// Everybody who may read sales.
    Common,
    /// Who may see the territory in the row's `territory_id`.
    Territory,
    /// Who may see one of the customers that name the row in this column.
    OfCustomers(&'static str),
    /// Who may see all territories: it is made of their sales.
    AllTerritories,
    /// Who may read loads.
    Loads,
}

/// A table that is not listed is for nobody who is limited to territories.
fn audience(table: &Table) -> Audience {
    match table.name {
        "product" | "special_offer_product" | "product_inventory" | "currency_rate" => {
            Audience::Common
        }
        "sales_order" | "sales_order_line" | "customer" | "territory" => Audience::Territory,
        "person" => Audience::OfCustomers("person_id"),
        "store" => Audience::OfCustomers("store_id"),
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
        Audience::AllTerritories => scope.require_all_territories(Grant::SalesRead),
        _ => scope.require(Grant::SalesRead),
    }
}

/// Whether a caller may read a column of a table.
///
/// # Errors
/// `FORBIDDEN` with what is missing.
pub(crate) fn require_column(scope: &Scope, column: &Column) -> Result<()> {
    if column.is_personal { scope.require(Grant::PersonsRead) } else { Ok(()) }
}

/// Whether a caller who is limited to territories may see all rows of a table.
pub(crate) fn is_common(table: &Table) -> bool {
    audience(table) == Audience::Common
}

/// Whether the row that a visible row of `from` refers to may be invisible.
pub(crate) fn may_be_hidden(from: &Table, to: &Table) -> bool {
    match (audience(from), audience(to)) {
        (_, Audience::Common) | (Audience::Loads, Audience::Loads) => false,
        // A line has the territory of its order.
        _ => (from.name, to.name) != ("sales_order_line", "sales_order"),
    }
}

impl Statement<'_> {
    /// The visible rows of a table, as they stand after FROM.
    pub(crate) fn table(&mut self, place: Place) -> &mut Self {
        if let Err(error) = require_table(self.scope, place.table) {
            self.forbid(error);
        }
        if self.scope.territories().is_none() {
            return self.push(place.table.name).push(" AS ").alias(place.alias);
        }
        let table = place.table.name;
        match audience(place.table) {
            Audience::Common => {
                self.push(table);
            }
            Audience::Territory => {
                self.push("(SELECT * FROM ").push(table).push(" WHERE territory_id");
                self.is_visible_territory().push(")");
            }
            Audience::OfCustomers(column) => {
                self.push("(SELECT * FROM ")
                    .push(table)
                    .push(" WHERE EXISTS (SELECT FROM customer ");
                self.push("WHERE customer.").push(column).push(" = ").push(table);
                self.push(".business_entity_id AND customer.territory_id");
                self.is_visible_territory().push("))");
            }
            Audience::AllTerritories | Audience::Loads => {
                self.push("(SELECT * FROM ").push(table).push(" WHERE false)");
            }
        }
        self.push(" AS ").alias(place.alias)
    }

    fn is_visible_territory(&mut self) -> &mut Self {
        let bound = match self.territories {
            Some(number) => Ok(number),
            None => self.add(self.scope.territories().unwrap_or_default().to_vec()),
        };
        match bound {
            Ok(number) => {
                self.territories = Some(number);
                self.push(" = ANY ($").number(number).push(")")
            }
            Err(error) => {
                self.forbid(error);
                self.push(" IS NULL AND false")
            }
        }
    }

    /// The value of a column, as it is selected: null where the caller may not see it.
    pub(crate) fn selected(&mut self, alias: Alias, column: &Column) -> &mut Self {
        if self.hidden.contains(&alias) || require_column(self.scope, column).is_err() {
            return self.push("NULL::").push(column.kind.sql_type());
        }
        self.column(alias, column)
    }

    /// Leaves out the rows of a selection's joins that the caller may not see at all: what is
    /// selected of them is null.
    pub(crate) fn hide(&mut self, selection: &Selection) {
        for (source, of, relation) in selection.joins() {
            let is_hidden = self.hidden.contains(&of.alias())
                || require_table(self.scope, relation.table).is_err();
            if is_hidden {
                self.hidden.push(source.alias());
            }
        }
    }

    /// Whether a row is left out.
    pub(crate) fn is_hidden(&self, alias: Alias) -> bool {
        self.hidden.contains(&alias)
    }
}
