//! The HTTP server: the GraphQL endpoint, the SDL, health checks, pages.

mod authentication;
mod cache;
mod compression;
mod concurrency_limit;
mod cors;
mod documents;
mod endpoint;
mod health;
mod health_path;
mod loopback_guard;
mod metrics;
mod observation;
pub mod pages;
mod rate_limit;
mod readiness;
mod request;
mod request_log;
mod response;
mod router;
mod saved_query;
mod security_headers;
mod server;
mod shares;
mod state;
mod subscription;
mod trace_layer;

pub use crate::config::RequestLimits;
pub use documents::Documents;
pub use documents::trusted::TrustedDocuments;
pub use metrics::{Ledger, MetricsServer};
pub use rate_limit::RateLimits;
pub use router::router;
pub use server::{ServerOptions, Tls, serve, serve_with};
pub use state::AppState;
pub use subscription::connections::SubscriptionLimits;
