//! Listening, the limits of connections, and graceful shutdown.
//!
//! hyper parses and writes HTTP/1.1. What a connection may take is decided here: how long
//! it may wait, how many there may be, and which one goes first when there are too many.

mod activity;
mod body;
mod connection;
mod descriptors;
mod notice;
mod options;
mod registry;
mod requests;
mod shared;
mod stream;
mod tally;
mod tls;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use nix::errno::Errno;
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

pub use self::options::ServerOptions;
use self::registry::{Registry, Stage};
use self::shared::Server;
pub(super) use self::tally::Tally;
pub use self::tls::Tls;
use super::router::router;
use super::state::AppState;
use crate::error::{Code, Error, Result};

/// Longest time for requests in progress after the signal to stop.
const GRACE: Duration = Duration::from_secs(20);
/// Pause after a connection could not be accepted, mostly for want of descriptors.
const PAUSE: Duration = Duration::from_millis(250);

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
    serve_with(listener, state, ServerOptions::default(), shutdown).await
}

/// Likewise, with these options.
///
/// # Errors
/// `UNAVAILABLE` when the listener fails.
pub async fn serve_with(
    listener: TcpListener,
    state: impl Into<Arc<AppState>>,
    options: ServerOptions,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let state: Arc<AppState> = state.into();
    let most = descriptors::connections(options.connections_max, options.other_descriptors);
    let registry = Arc::new(Registry::new(most, Arc::clone(&state.tally)));
    let router = router(Arc::clone(&state), options.tls.is_some());
    let server = Arc::new(Server { router, options, registry: Arc::clone(&registry) });
    let served = tokio::select! {
        error = accept(&listener, &server) => Err(error),
        () = shutdown => Ok(()),
    };
    drop(listener);
    state.connections.close();
    registry.enter(Stage::Stopping);
    let ended = async {
        registry.emptied().await;
        // A WebSocket no longer counts as a request.
        state.connections.closed().await;
    };
    if timeout(GRACE, ended).await.is_err() {
        tracing::warn!(seconds = GRACE.as_secs(), "requests were interrupted at shutdown");
    }
    registry.enter(Stage::Stopped);
    served
}

/// Accepts connections until the listener fails.
async fn accept(listener: &TcpListener, server: &Arc<Server>) -> Error {
    let mut was_accepted = true;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                was_accepted = true;
                // Without a slot it is closed at once.
                if let Some(slot) = server.registry.admit() {
                    tokio::spawn(connection::serve(Arc::clone(server), stream, peer, slot));
                }
            }
            Err(error) if is_final(&error) => {
                return Error::new(Code::Unavailable, "the HTTP listener failed")
                    .with_source(error);
            }
            Err(error) if is_of_client(&error) => {}
            Err(error) => {
                if was_accepted {
                    tracing::error!(%error, "a connection could not be accepted");
                }
                was_accepted = false;
                sleep(PAUSE).await;
            }
        }
    }
}

/// Whether the listener is no listener any more.
fn is_final(error: &io::Error) -> bool {
    let errno = error.raw_os_error().map(Errno::from_raw);
    matches!(errno, Some(Errno::EBADF | Errno::EINVAL | Errno::ENOTSOCK | Errno::EOPNOTSUPP))
}

/// Whether it was the client that ended the connection before it was accepted.
fn is_of_client(error: &io::Error) -> bool {
    let kind = error.kind();
    matches!(kind, io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset)
}
