//! Listening, and stopping in good order.

use std::future::{Future, IntoFuture as _};
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::error::{Code, Error, Result};

/// How long requests under way may take after the signal to stop.
const GRACE: Duration = Duration::from_secs(20);

/// Serves until `shutdown` is ready, then lets requests under way end, for at
/// most 20 s.
///
/// # Errors
/// `UNAVAILABLE` when the listener fails.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let (begin, begun) = oneshot::channel();
    let server = axum::serve(listener, router).with_graceful_shutdown(async move {
        shutdown.await;
        // The other end is gone only when the server has ended already.
        let _ = begin.send(());
    });
    let hard_limit = async {
        match begun.await {
            Ok(()) => tokio::time::sleep(GRACE).await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        ended = server.into_future() => ended.map_err(|error| {
            Error::new(Code::Unavailable, "the HTTP listener failed").with_source(error)
        }),
        () = hard_limit => {
            tracing::warn!(seconds = GRACE.as_secs(), "requests were cut off at shutdown");
            Ok(())
        }
    }
}
