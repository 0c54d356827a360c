//! The columns.

use super::column::{Column, Texts};

/// The lines of all orders. The orders stand by customer, and the lines by order: so each of
/// them is counted once by comparing it with the last.
#[derive(Debug)]
pub struct Sales {
    pub(super) orders: Orders,
    pub(super) lines: Lines,
    pub(super) customers: Customers,
    pub(super) products: Products,
    pub(super) bytes: usize,
}

/// What there is of orders.
#[derive(Debug)]
pub(super) struct Orders {
    /// The lines of an order are those from its number here to the next one.
    pub(super) starts: Vec<u32>,
    pub(super) ids: Vec<i32>,
    pub(super) date: Column,
    pub(super) customer: Column,
    pub(super) territory: Column,
    pub(super) sales_person: Column,
    pub(super) online: Column,
    pub(super) status: Column,
    pub(super) total_due: Vec<i64>,
}

/// What there is of lines.
#[derive(Debug)]
pub(super) struct Lines {
    pub(super) product: Column,
    pub(super) offer: Column,
    pub(super) quantity: Column,
    pub(super) unit_price: Column,
    pub(super) discount: Column,
    pub(super) line_total: Column,
}

/// What there is of customers with orders, by the code of the customer.
#[derive(Debug)]
pub(super) struct Customers {
    pub(super) person: Column,
    pub(super) store: Column,
}

/// What there is of products that were sold, by the code of the product.
#[derive(Debug)]
pub(super) struct Products {
    pub(super) days: Column,
    pub(super) line: Texts,
    pub(super) class: Texts,
    pub(super) color: Texts,
}

impl Sales {
    /// How many lines there are.
    #[must_use]
    pub fn line_count(&self) -> usize {
        self.orders.starts.last().copied().map_or(0, |end| end as usize)
    }

    /// How many orders there are.
    #[must_use]
    pub fn order_count(&self) -> usize {
        self.orders.ids.len()
    }

    /// Its memory.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// About how much memory so many rows take at most, while they are read.
    pub(super) const fn estimate(lines: usize, orders: usize) -> usize {
        lines.saturating_mul(20).saturating_add(orders.saturating_mul(48))
    }
}

impl Customers {
    /// Its memory.
    pub(super) fn bytes(&self) -> usize {
        self.person.bytes() + self.store.bytes()
    }
}

impl Products {
    /// Its memory.
    pub(super) fn bytes(&self) -> usize {
        let texts = [&self.line, &self.class, &self.color].map(Texts::bytes);
        self.days.bytes() + texts.iter().sum::<usize>()
    }
}

impl Orders {
    /// Its memory.
    pub(super) fn bytes(&self) -> usize {
        let columns = [
            &self.date, &self.customer, &self.territory, &self.sales_person, &self.online,
            &self.status,
        ];
        let columns: usize = columns.into_iter().map(Column::bytes).sum();
        let numbers = (self.starts.capacity() + self.ids.capacity()) * 4;
        columns + numbers + self.total_due.capacity() * 8
    }
}

impl Lines {
    /// Its memory.
    pub(super) fn bytes(&self) -> usize {
        let columns = [
            &self.product, &self.offer, &self.quantity, &self.unit_price, &self.discount,
            &self.line_total,
        ];
        columns.into_iter().map(Column::bytes).sum()
    }
}
