//! Some orders with their lines, which are looked at together: few enough to stay in the caches
//! of a processor.

use std::ops::Range;

use super::column::Column;
use super::sales::Sales;

/// Lines of a chunk, but for an order with more.
const LINES: usize = 16_384;

/// Some orders with their lines.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) orders: Range<usize>,
    pub(super) lines: Range<usize>,
    /// Of each line, which of the orders it is of.
    pub(super) order_of: Vec<u32>,
}

impl Chunk {
    /// The first orders of some.
    pub(super) fn of(sales: &Sales, orders: &Range<usize>) -> Self {
        let starts = sales.orders.starts.get(orders.start..=orders.end).unwrap_or_default();
        let first = starts.first().copied().unwrap_or_default() as usize;
        let fit = starts.partition_point(|start| (*start as usize) <= first + LINES);
        // The first one is that of the first order, and the last the end of the last one.
        let count = fit.saturating_sub(1).max(1).min(orders.len());
        let ends = starts.get(..=count).unwrap_or_default();
        let last = ends.last().copied().unwrap_or_default() as usize;
        let mut order_of = Vec::with_capacity(last - first);
        for (order, ends) in (0_u32..).zip(ends.windows(2)) {
            if let [from, to] = *ends {
                order_of.extend(std::iter::repeat_n(order, (to - from) as usize));
            }
        }
        Self { orders: orders.start..orders.start + count, lines: first..last, order_of }
    }

    /// The codes of the orders in a column of theirs.
    pub(super) fn of_orders(&self, column: &Column) -> Vec<u32> {
        let mut codes = Vec::with_capacity(self.orders.len());
        column.read(self.orders.clone(), &mut codes);
        codes
    }

    /// The codes of the lines in a column of theirs.
    pub(super) fn of_lines(&self, column: &Column) -> Vec<u32> {
        let mut codes = Vec::with_capacity(self.lines.len());
        column.read(self.lines.clone(), &mut codes);
        codes
    }

    /// For each line what its order has.
    pub(super) fn spread<T: Copy + Default>(&self, of_orders: &[T]) -> Vec<T> {
        let of = |order: &u32| of_orders.get(*order as usize).copied().unwrap_or_default();
        self.order_of.iter().map(of).collect()
    }
}

impl Sales {
    /// All orders in so many parts of about as many lines, none of which divides a customer.
    pub(super) fn shares(&self, count: usize) -> Vec<Range<usize>> {
        let (orders, lines) = (self.order_count(), self.line_count());
        let starts = &self.orders.starts;
        let mut from = 0;
        let mut shares = Vec::with_capacity(count);
        for part in 1..=count {
            let wanted = lines / count.max(1) * part;
            let mut to = if part == count {
                orders
            } else {
                starts.partition_point(|start| (*start as usize) < wanted).min(orders).max(from)
            };
            let customer = |order: usize| self.orders.customer.code(order);
            while to > from && to < orders && customer(to) == customer(to - 1) {
                to += 1;
            }
            shares.push(from..to);
            from = to;
        }
        shares
    }
}
