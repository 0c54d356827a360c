//! How the columns are put together of rows.

use std::collections::HashMap;

use super::column::{ColumnBuilder, Texts};
use super::sales::{Customers, Lines, Orders, Products, Sales};
use crate::error::{Error, Result};

/// A row of `sales_order`.
#[derive(Debug)]
pub(super) struct OrderRow {
    pub(super) id: i32,
    pub(super) date: i64,
    pub(super) customer: i64,
    pub(super) territory: Option<i64>,
    pub(super) sales_person: Option<i64>,
    pub(super) online: i64,
    pub(super) status: i64,
    pub(super) total_due: i64,
}

/// A row of `sales_order_line`.
#[derive(Debug)]
pub(super) struct LineRow {
    pub(super) order: i32,
    pub(super) product: i64,
    pub(super) offer: i64,
    pub(super) quantity: i64,
    pub(super) unit_price: i64,
    pub(super) discount: i64,
    pub(super) line_total: i64,
}

/// A row of `product`.
#[derive(Debug)]
pub(super) struct ProductRow {
    pub(super) days: Option<i64>,
    pub(super) line: Option<String>,
    pub(super) class: Option<String>,
    pub(super) color: Option<String>,
}

/// A row of `customer`.
#[derive(Debug)]
pub(super) struct CustomerRow {
    pub(super) person: Option<i64>,
    pub(super) store: Option<i64>,
}

/// Orders as they are read.
#[derive(Debug)]
pub(super) struct OrdersBuilder {
    ids: Vec<i32>,
    date: ColumnBuilder,
    customer: ColumnBuilder,
    territory: ColumnBuilder,
    sales_person: ColumnBuilder,
    online: ColumnBuilder,
    status: ColumnBuilder,
    total_due: Vec<i64>,
}

impl OrdersBuilder {
    pub(super) fn with_capacity(rows: usize) -> Self {
        let column = || ColumnBuilder::with_capacity(rows);
        Self {
            ids: Vec::with_capacity(rows),
            date: column(),
            customer: column(),
            territory: column(),
            sales_person: column(),
            online: column(),
            status: column(),
            total_due: Vec::with_capacity(rows),
        }
    }

    pub(super) fn push(&mut self, row: &OrderRow) {
        self.ids.push(row.id);
        self.date.push(Some(row.date));
        self.customer.push(Some(row.customer));
        self.territory.push(row.territory);
        self.sales_person.push(row.sales_person);
        self.online.push(Some(row.online));
        self.status.push(Some(row.status));
        self.total_due.push(row.total_due);
    }

    pub(super) fn bytes(&self) -> usize {
        let columns = [
            &self.date, &self.customer, &self.territory, &self.sales_person, &self.online,
            &self.status,
        ];
        let columns: usize = columns.into_iter().map(ColumnBuilder::bytes).sum();
        // With what they are found by.
        columns + self.ids.capacity() * 16 + self.total_due.capacity() * 8
    }

    /// Puts the orders in their order.
    pub(super) fn build(self) -> Result<LinesBuilder> {
        let Self { ids, date, customer, territory, sales_person, online, status, total_due } = self;
        let mut customer = customer.build();
        let rows = u32::try_from(ids.len())
            .map_err(|_| Error::internal("there are more orders than have numbers"))?;
        let mut sorted: Vec<u32> = (0..rows).collect();
        sorted.sort_unstable_by_key(|row| {
            (customer.code(*row as usize), ids.get(*row as usize).copied())
        });
        let mut places = vec![0; ids.len()];
        for (place, row) in (0..).zip(&sorted) {
            if let Some(slot) = places.get_mut(*row as usize) {
                *slot = place;
            }
        }
        let mut by_id: Vec<(i32, u32)> = ids.iter().copied().zip(places.iter().copied()).collect();
        by_id.sort_unstable();
        let arranged = |builder: ColumnBuilder| {
            let mut column = builder.build();
            column.arrange(&places);
            column
        };
        customer.arrange(&places);
        let orders = Orders {
            starts: Vec::new(),
            date: arranged(date),
            customer,
            territory: arranged(territory),
            sales_person: arranged(sales_person),
            online: arranged(online),
            status: arranged(status),
            ids: picked(&ids, &sorted),
            total_due: picked(&total_due, &sorted),
        };
        Ok(LinesBuilder::new(orders, by_id))
    }
}

/// The values of these rows.
fn picked<T: Copy>(values: &[T], rows: &[u32]) -> Vec<T> {
    rows.iter().filter_map(|row| values.get(*row as usize).copied()).collect()
}

/// Lines as they are read.
#[derive(Debug)]
pub(super) struct LinesBuilder {
    orders: Orders,
    by_id: Vec<(i32, u32)>,
    /// That of the line before, which is often that of the next one.
    last: Option<(i32, u32)>,
    /// The order of each line.
    order: Vec<u32>,
    product: ColumnBuilder,
    offer: ColumnBuilder,
    quantity: ColumnBuilder,
    unit_price: ColumnBuilder,
    discount: ColumnBuilder,
    line_total: ColumnBuilder,
}

impl LinesBuilder {
    fn new(orders: Orders, by_id: Vec<(i32, u32)>) -> Self {
        let column = || ColumnBuilder::with_capacity(0);
        Self {
            orders,
            by_id,
            last: None,
            order: Vec::new(),
            product: column(),
            offer: column(),
            quantity: column(),
            unit_price: column(),
            discount: column(),
            line_total: column(),
        }
    }

    pub(super) fn reserve(&mut self, rows: usize) {
        self.order.reserve(rows);
        for column in [
            &mut self.product, &mut self.offer, &mut self.quantity, &mut self.unit_price,
            &mut self.discount, &mut self.line_total,
        ] {
            *column = ColumnBuilder::with_capacity(rows);
        }
    }

    pub(super) fn push(&mut self, row: &LineRow) -> Result<()> {
        let order = match self.last {
            Some((id, order)) if id == row.order => order,
            _ => {
                let found = self.by_id.binary_search_by_key(&row.order, |(id, _)| *id).ok();
                let found = found.and_then(|place| self.by_id.get(place));
                found.ok_or_else(|| Error::internal("a line has no order"))?.1
            }
        };
        self.last = Some((row.order, order));
        self.order.push(order);
        self.product.push(Some(row.product));
        self.offer.push(Some(row.offer));
        self.quantity.push(Some(row.quantity));
        self.unit_price.push(Some(row.unit_price));
        self.discount.push(Some(row.discount));
        self.line_total.push(Some(row.line_total));
        Ok(())
    }

    pub(super) fn bytes(&self) -> usize {
        let columns = [
            &self.product, &self.offer, &self.quantity, &self.unit_price, &self.discount,
            &self.line_total,
        ];
        let columns: usize = columns.into_iter().map(ColumnBuilder::bytes).sum();
        columns + self.order.capacity() * 4 + self.by_id.capacity() * 8 + self.orders.bytes()
    }

    /// Puts the lines with their orders, and everything together.
    pub(super) fn build(
        self,
        customers: &HashMap<i64, CustomerRow>,
        products: &HashMap<i64, ProductRow>,
    ) -> Result<Sales> {
        let Self { mut orders, by_id, order: mut places, .. } = self;
        drop(by_id);
        u32::try_from(places.len())
            .map_err(|_| Error::internal("there are more lines than have numbers"))?;
        let mut starts = vec![0_u32; orders.ids.len() + 1];
        for order in &places {
            if let Some(count) = starts.get_mut(*order as usize + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut next = starts.clone();
        for place in &mut places {
            if let Some(free) = next.get_mut(*place as usize) {
                *place = *free;
                *free += 1;
            }
        }
        drop(next);
        orders.starts = starts;
        let arranged = |builder: ColumnBuilder| {
            let mut column = builder.build();
            column.arrange(&places);
            column
        };
        let lines = Lines {
            product: arranged(self.product),
            offer: arranged(self.offer),
            quantity: arranged(self.quantity),
            unit_price: arranged(self.unit_price),
            discount: arranged(self.discount),
            line_total: arranged(self.line_total),
        };
        let customers = Customers::of(orders.customer.values(), customers)?;
        let products = Products::of(lines.product.values(), products)?;
        let bytes = orders.bytes() + lines.bytes() + customers.bytes() + products.bytes();
        Ok(Sales { orders, lines, customers, products, bytes })
    }
}

impl Customers {
    fn of(ids: &[i64], rows: &HashMap<i64, CustomerRow>) -> Result<Self> {
        let mut person = ColumnBuilder::with_capacity(ids.len());
        let mut store = ColumnBuilder::with_capacity(ids.len());
        for id in ids {
            let row = rows.get(id).ok_or_else(|| Error::internal("an order has no customer"))?;
            person.push(row.person);
            store.push(row.store);
        }
        Ok(Self { person: person.build(), store: store.build() })
    }
}

impl Products {
    fn of(ids: &[i64], rows: &HashMap<i64, ProductRow>) -> Result<Self> {
        let found = ids.iter().map(|id| rows.get(id));
        let found: Option<Vec<&ProductRow>> = found.collect();
        let found = found.ok_or_else(|| Error::internal("a line has no product"))?;
        let mut days = ColumnBuilder::with_capacity(ids.len());
        found.iter().for_each(|row| days.push(row.days));
        let texts = |of: fn(&ProductRow) -> &Option<String>| {
            let rows: Vec<Option<String>> = found.iter().map(|row| of(row).clone()).collect();
            Texts::of(&rows)
        };
        Ok(Self {
            days: days.build(),
            line: texts(|row| &row.line),
            class: texts(|row| &row.class),
            color: texts(|row| &row.color),
        })
    }
}
