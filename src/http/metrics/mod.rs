//! `/metrics` on a port of its own, in the texts of Prometheus and `OpenMetrics`.

mod ledger;
mod server;

pub use ledger::Ledger;
pub use server::MetricsServer;
