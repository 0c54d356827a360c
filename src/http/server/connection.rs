//! One connection, from its TLS handshake to its end.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response, StatusCode};
use futures_util::future::BoxFuture;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1::Builder;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};
use tower::Service as _;

use super::activity::{Activity, Phase};
use super::body::{RequestBody, ResponseBody};
use super::registry::{Slot, Stage};
use super::shared::Server;
use super::stream::ObservedStream;
use crate::http::health_path::is_health;
use crate::http::observation::refused;
use crate::http::request::media::MediaType;
use crate::http::response::rejection::Rejection;
use crate::http::security_headers;

/// Most bytes of the head of a request; a document by GET is in it.
const HEAD_BYTES: usize = 128 * 1024;

/// Serves a connection until it ends, or has to.
pub(super) async fn serve(server: Arc<Server>, stream: TcpStream, peer: SocketAddr, slot: Slot) {
    // A small response must not wait for the acknowledgement of the one before.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    let Some(tls) = &server.options.tls else {
        return requests(&server, stream, peer, slot).await;
    };
    let activity = Arc::clone(&slot.activity);
    let mut handshake = pin!(async { tls.acceptor().await.accept(stream).await });
    let stream = within_time(&server, &activity, Stage::Stopping, |context| {
        handshake.as_mut().poll(context)
    });
    match stream.await {
        Some(Ok(stream)) => {
            activity.enter(Phase::Opening);
            requests(&server, stream, peer, slot).await;
        }
        Some(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
        None => {}
    }
}

/// Serves the requests of a stream.
async fn requests<S>(server: &Server, stream: S, peer: SocketAddr, slot: Slot)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (activity, is_reserve) = (Arc::clone(&slot.activity), slot.is_reserve);
    let router = server.router.clone();
    let service = Requests { router, peer, activity: Arc::clone(&activity), is_reserve };
    let connection = Builder::new()
        // It would count idle connections, too; see Activity::deadline.
        .header_read_timeout(None)
        .max_header_size(HEAD_BYTES)
        .keep_alive(!is_reserve)
        .serve_connection(TokioIo::new(ObservedStream { stream, slot }), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let mut is_told = false;
    let ended = within_time(server, &activity, Stage::Stopped, |context| {
        if !is_told && server.registry.stage() == Stage::Stopping {
            is_told = true;
            connection.as_mut().graceful_shutdown();
        }
        connection.as_mut().poll(context)
    });
    if let Some(Err(error)) = ended.await {
        tracing::debug!(%error, "a connection failed");
    }
}

/// Polls until the result, or until the connection has to end: its time has passed, it has to
/// make room, or the server has reached `last`.
async fn within_time<T>(
    server: &Server,
    activity: &Activity,
    last: Stage,
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
) -> Option<T> {
    let mut timer = pin!(sleep_until(Instant::now() + server.options.header_timeout));
    poll_fn(|context| {
        activity.register(context.waker());
        if activity.phase() == Phase::Evicted || server.registry.stage() >= last {
            return Poll::Ready(None);
        }
        if let Poll::Ready(result) = poll(context) {
            return Poll::Ready(Some(result));
        }
        // A later deadline leaves the timer as it is: what it finds when it fires counts. So
        // a busy connection need not set it.
        loop {
            let Some(deadline) = activity.deadline(&server.options) else {
                return Poll::Pending;
            };
            if deadline <= Instant::now() {
                return Poll::Ready(None);
            }
            if deadline < timer.deadline() || timer.is_elapsed() {
                timer.as_mut().reset(deadline);
            }
            if timer.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
        }
    })
    .await
}

/// The requests of one connection.
struct Requests {
    router: Router,
    peer: SocketAddr,
    activity: Arc<Activity>,
    is_reserve: bool,
}

/// The connection had to make room just when a request arrived.
#[derive(Debug, thiserror::Error)]
#[error("the connection had to make room for others")]
struct MadeRoom;

impl hyper::service::Service<Request<Incoming>> for Requests {
    type Response = Response<ResponseBody>;
    type Error = MadeRoom;
    type Future = BoxFuture<'static, Result<Self::Response, MadeRoom>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let has_arrived = request.body().is_end_stream();
        let phase = if has_arrived { Phase::Answering } else { Phase::Receiving };
        if !self.activity.enter(phase) {
            return Box::pin(async { Err(MadeRoom) });
        }
        let activity = Arc::clone(&self.activity);
        if self.is_reserve && !is_health(request.uri().path()) {
            return Box::pin(async move {
                let rejection = Rejection::too_many_open("connections");
                let mut response = rejection.respond(MediaType::Json);
                security_headers::insert(response.headers_mut());
                refused(response.status());
                Ok(response.map(|body| ResponseBody::new(body, activity, false)))
            });
        }
        let mut request = request.map(|body| {
            if has_arrived {
                Body::empty()
            } else {
                Body::new(RequestBody { body, activity: Arc::clone(&self.activity) })
            }
        });
        request.extensions_mut().insert(ConnectInfo(self.peer));
        let response = self.router.clone().call(request);
        Box::pin(async move {
            let response = response.await.unwrap_or_else(|never| match never {});
            let is_upgrade = response.status() == StatusCode::SWITCHING_PROTOCOLS;
            Ok(response.map(|body| ResponseBody::new(body, activity, is_upgrade)))
        })
    }
}
