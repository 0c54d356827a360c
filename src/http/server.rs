//! Listening, and stopping in good order.

use std::future::{Future, IntoFuture as _};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::{AppState, router};
use crate::error::{Code, Error, Result};

/// How long requests under way may take after the signal to stop.
const GRACE: Duration = Duration::from_secs(20);

/// Serves until `shutdown` is ready, then ends connections that would stay open and
/// lets requests under way end, for at most 20 s.
///
/// # Errors
/// `UNAVAILABLE` when the listener fails.
pub async fn serve(
    listener: TcpListener,
    state: impl Into<Arc<AppState>>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let state: Arc<AppState> = state.into();
    let (begin, begun) = oneshot::channel();
    let (open, closing) = (state.open.clone(), state.open.clone());
    let server = axum::serve(listener, router(state)).with_graceful_shutdown(async move {
        shutdown.await;
        closing.close();
        // The other end is gone only when the server has ended already.
        let _ = begin.send(());
    });
    let hard_limit = async {
        match begun.await {
            Ok(()) => tokio::time::sleep(GRACE).await,
            Err(_) => std::future::pending().await,
        }
    };
    let ended = async {
        let ended = server.into_future().await;
        // A WebSocket is no request under way any more.
        open.close();
        open.closed().await;
        ended
    };
    tokio::select! {
        ended = ended => ended.map_err(|error| {
            Error::new(Code::Unavailable, "the HTTP listener failed").with_source(error)
        }),
        () = hard_limit => {
            tracing::warn!(seconds = GRACE.as_secs(), "requests were cut off at shutdown");
            Ok(())
        }
    }
}
