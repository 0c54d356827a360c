//! Listening and graceful shutdown.

use std::future::{Future, IntoFuture as _};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::router::router;
use super::state::AppState;
use crate::error::{Code, Error, Result};

/// Longest time for requests in progress after the signal to stop.
const GRACE: Duration = Duration::from_secs(20);

/// Serves until `shutdown` is ready, then closes WebSockets and event streams and
/// lets requests in progress finish, for at most 20 s.
///
/// # Errors
/// `UNAVAILABLE` when the listener fails.
pub async fn serve(
    listener: TcpListener,
    state: impl Into<Arc<AppState>>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let state: Arc<AppState> = state.into();
    let (stop, stopping) = oneshot::channel();
    let (connections, closing) = (state.connections.clone(), state.connections.clone());
    let server = axum::serve(listener, router(state)).with_graceful_shutdown(async move {
        shutdown.await;
        closing.close();
        // The receiver is dropped only after the server has ended.
        let _ = stop.send(());
    });
    let hard_limit = async {
        match stopping.await {
            Ok(()) => tokio::time::sleep(GRACE).await,
            Err(_) => std::future::pending().await,
        }
    };
    let ended = async {
        let ended = server.into_future().await;
        // A WebSocket no longer counts as a request.
        connections.close();
        connections.closed().await;
        ended
    };
    tokio::select! {
        ended = ended => ended.map_err(|error| {
            Error::new(Code::Unavailable, "the HTTP listener failed").with_source(error)
        }),
        () = hard_limit => {
            tracing::warn!(seconds = GRACE.as_secs(), "requests were interrupted at shutdown");
            Ok(())
        }
    }
}
