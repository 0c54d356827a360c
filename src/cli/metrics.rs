//! The listener of metrics, where one is configured.

use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::error::Result;
use crate::http::{Ledger, MetricsServer};

/// Listens if an address is configured; `database` is the main one, `lake` the lake's address.
pub(super) async fn bind(
    config: &Config,
    database: PgConnectOptions,
    lake: Option<&str>,
) -> Result<Option<MetricsServer>> {
    let Some(address) = config.telemetry.metrics_bind else { return Ok(None) };
    let server = MetricsServer::bind(address, Ledger::new(database, lake)).await?;
    tracing::info!(address = %server.address()?, "metrics are at /metrics");
    Ok(Some(server))
}

/// The name of the pool of jobs.
pub(super) const WORKER: &str = "worker";

/// Adds the pool of jobs.
pub(super) fn add_worker(server: &mut Option<MetricsServer>, pool: &PgPool) {
    if let Some(server) = server {
        server.add_pool(WORKER, pool);
    }
}

/// A listener that serves.
pub(super) struct Serving {
    task: Option<JoinHandle<()>>,
    stop: CancellationToken,
}

/// Begins to serve.
pub(super) fn serve(server: Option<MetricsServer>) -> Serving {
    let stop = CancellationToken::new();
    let task = server.map(|server| tokio::spawn(server.serve(stop.clone())));
    Serving { task, stop }
}

impl Serving {
    /// Ends it.
    pub(super) async fn end(self) {
        self.stop.cancel();
        if let Some(task) = self.task {
            // It ends by itself, or has panicked, which says the log.
            let _ = task.await;
        }
    }
}
