//! One connection, from its TLS handshake to its end.
//!
//! While it waits for its next request it is parked: hyper's buffers of 16 KiB are given up, and
//! made again when something arrives. Parts of it that need much room are on the heap, for a task
//! has room for the largest state it may be in.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::server::conn::http1::Builder;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};

use super::activity::{Activity, Phase};
use super::registry::{Slot, Stage};
use super::requests::Requests;
use super::shared::Server;
use super::stream::ObservedStream;
use super::tls::Tls;

/// Most bytes of the head of a request; a document by GET is in it.
const HEAD_BYTES: usize = 128 * 1024;

/// Serves a connection until it ends, or has to.
pub(super) async fn serve(server: Arc<Server>, stream: TcpStream, peer: SocketAddr, slot: Slot) {
    // A small response must not wait for the acknowledgement of the one before.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    match &server.options.tls {
        None => serve_stream(&server, ObservedStream::new(stream, slot), peer).await,
        Some(tls) => Box::pin(serve_tls(&server, tls, stream, peer, slot)).await,
    }
}

/// Likewise, after a TLS handshake.
async fn serve_tls(
    server: &Server,
    tls: &Arc<Tls>,
    stream: TcpStream,
    peer: SocketAddr,
    slot: Slot,
) {
    let mut handshake = Box::pin(async { tls.acceptor().await.accept(stream).await });
    let stream = within_time(server, &slot.activity, Stage::Stopping, never, |context| {
        handshake.as_mut().poll(context)
    });
    let stream = stream.await;
    drop(handshake);
    match stream {
        Some(Ok(stream)) => {
            slot.activity.enter(Phase::Opening);
            serve_stream(server, ObservedStream::new(Box::new(stream), slot), peer).await;
        }
        Some(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
        None => {}
    }
}

/// Serves the requests of a stream.
async fn serve_stream<S>(server: &Server, mut stream: ObservedStream<S>, peer: SocketAddr)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    while let Some(mut waiting) = Box::pin(answer(server, stream, peer)).await {
        if !park(server, &mut waiting).await {
            return;
        }
        stream = waiting;
    }
}

/// Answers requests until there has been none for a while, and gives the stream back; `None` once
/// the connection has ended.
async fn answer<S>(
    server: &Server,
    stream: ObservedStream<S>,
    peer: SocketAddr,
) -> Option<ObservedStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (activity, is_reserve) = (Arc::clone(&stream.slot.activity), stream.slot.is_reserve);
    let router = server.router.clone();
    let service = Requests { router, peer, activity: Arc::clone(&activity), is_reserve };
    let mut connection = Builder::new()
        // It would count idle connections, too; see Activity::deadline.
        .header_read_timeout(None)
        .max_header_size(HEAD_BYTES)
        .keep_alive(!is_reserve)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut is_told = false;
    let parks_at = || {
        let is_serving = server.registry.stage() == Stage::Serving;
        if is_serving { activity.parks_at(&server.options) } else { None }
    };
    let ended = within_time(server, &activity, Stage::Stopped, parks_at, |context| {
        if !is_told && server.registry.stage() == Stage::Stopping {
            is_told = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
        if let Poll::Ready(ended) = Pin::new(&mut connection).poll(context) {
            return Poll::Ready(Some(ended));
        }
        match parks_at() {
            Some(at) if at <= Instant::now() => Poll::Ready(None),
            _ => Poll::Pending,
        }
    });
    match ended.await? {
        Some(Ok(())) => None,
        Some(Err(error)) => {
            tracing::debug!(%error, "a connection failed");
            None
        }
        None => {
            let parts = connection.into_parts()?;
            let mut stream = parts.io.into_inner();
            // The begin of the next request may have come with the last one.
            if !parts.read_buf.is_empty() {
                stream.put_back(parts.read_buf);
            }
            Some(stream)
        }
    }
}

/// Waits until the stream is to be served again: something has arrived, or its end, or the server
/// stops, which hyper tells the client. Whether that is so before it has to be closed.
async fn park<S>(server: &Server, stream: &mut ObservedStream<S>) -> bool
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let _parked = server.registry.tally.park();
    let activity = Arc::clone(&stream.slot.activity);
    let arrived = within_time(server, &activity, Stage::Stopped, never, |context| {
        if server.registry.stage() == Stage::Stopping {
            return Poll::Ready(Ok(()));
        }
        stream.poll_arrival(context)
    });
    match arrived.await {
        Some(Ok(())) => true,
        Some(Err(error)) => {
            tracing::debug!(%error, "a parked connection failed");
            false
        }
        None => false,
    }
}

/// There is no time at which to poll again.
const fn never() -> Option<Instant> {
    None
}

/// Polls until the result, or until the connection has to end: its time has passed, it has to
/// make room, or the server has reached `last`. Polls at the time of `again`, too, if there is one.
async fn within_time<T>(
    server: &Server,
    activity: &Activity,
    last: Stage,
    again: impl Fn() -> Option<Instant>,
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
) -> Option<T> {
    let begin = activity.deadline(&server.options).unwrap_or_else(Instant::now);
    let mut timer = pin!(sleep_until(begin));
    poll_fn(|context| {
        activity.register(context.waker());
        loop {
            if activity.phase() == Phase::Evicted || server.registry.stage() >= last {
                return Poll::Ready(None);
            }
            if let Poll::Ready(result) = poll(context) {
                return Poll::Ready(Some(result));
            }
            let deadline = activity.deadline(&server.options);
            if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                return Poll::Ready(None);
            }
            let Some(due) = deadline.into_iter().chain(again()).min() else {
                return Poll::Pending;
            };
            // A later time leaves the timer as it is: what it finds when it fires counts. So a
            // busy connection need not set it.
            if due < timer.deadline() || timer.is_elapsed() {
                timer.as_mut().reset(due);
            }
            if timer.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use tokio::net::TcpListener;

    use super::super::options::ServerOptions;
    use super::super::registry::Registry;
    use super::*;

    #[tokio::test]
    async fn a_task_has_no_room_for_what_is_on_the_heap() {
        let registry = Arc::new(Registry::new(1, Arc::default()));
        let slot = registry.admit().unwrap();
        let (router, options) = (Router::new(), ServerOptions::default());
        let server = Arc::new(Server { router, options, registry });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        let bytes = size_of_val(&serve(server, stream, address, slot));
        assert!(bytes <= 1024, "{bytes}");
    }
}
