//! The rows that an order line leads to.

use crate::catalog::ToOne;

/// The row of which table a condition is about, of those that a line leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RowOf(&'static str);

impl RowOf {
    /// The line itself.
    pub(super) const LINE: Self = Self("sales_order_line");

    /// The row of a table whatever the way to it.
    pub(super) const fn of(table: &'static str) -> Self {
        Self(table)
    }

    /// The name of its table.
    pub(super) const fn table(self) -> &'static str {
        self.0
    }

    /// The row that this one refers to, of those that sales are copied with.
    pub(super) fn joined(self, relation: &ToOne) -> Option<Self> {
        let to = relation.table.name;
        let is_known = matches!(
            (self.0, to),
            ("sales_order_line", "sales_order" | "product" | "special_offer_product")
                | ("special_offer_product", "product")
                | ("sales_order", "customer" | "territory")
                | ("customer", "person")
        );
        is_known.then_some(Self(to))
    }
}
