//! How sales are summed up.

/// When the loader makes sums itself, and how.
#[derive(Debug, Clone, Copy)]
pub struct SumLimits {
    /// So many orders are many: Postgres sums up fewer itself.
    pub many_orders: i64,
    /// The orders of which a connection reads the lines at once.
    pub orders_at_once: usize,
    /// The most sums by product and day, and by day, that are kept in memory: of 3 MiB each.
    pub groups: usize,
}

impl Default for SumLimits {
    fn default() -> Self {
        Self { many_orders: 10_000, orders_at_once: 4_096, groups: 16_384 }
    }
}
