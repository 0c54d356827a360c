//! How the server treats connections.

use std::sync::Arc;
use std::time::Duration;

use super::tls::Tls;

/// How the server treats connections.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Longest time for the head of a request to arrive, and for a TLS handshake.
    pub header_timeout: Duration,
    /// Longest time between two requests of a connection, and for a client to take more
    /// of its response.
    pub idle_timeout: Duration,
    /// Time without a request after which a connection lets go of its buffers.
    pub park_after: Duration,
    /// How long a request is still executed after its client has closed its sending side:
    /// it may wait for the response, or be gone.
    pub half_closed_timeout: Duration,
    /// Most connections; a few more are accepted for health checks.
    pub connections_max: usize,
    /// Descriptors that the rest of the process needs.
    pub other_descriptors: usize,
    /// The certificate, if the server does TLS itself.
    pub tls: Option<Arc<Tls>>,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            // A client that asks more often pays nothing, and others a few microseconds. Longer,
            // and many that come one after the other hold their buffers all at once.
            park_after: Duration::from_millis(500),
            half_closed_timeout: Duration::from_secs(2),
            connections_max: 1_000,
            other_descriptors: 128,
            tls: None,
        }
    }
}
