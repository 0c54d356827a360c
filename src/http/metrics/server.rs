//! The listener of metrics: few connections, one request each, in a limited time.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{ACCEPT, ALLOW, CONTENT_TYPE};
use axum::http::{Method, Request, Response, StatusCode};
use axum::response::IntoResponse as _;
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use sqlx::PgPool;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::ledger::Ledger;
use crate::db::connections::Connections;
use crate::db::usage::Usage;
use crate::error::{Code, Error, Result};
use crate::http::state::AppState;
use crate::telemetry::metrics::{Exposition, Samples, names};

/// Most connections at once; more wait.
const MOST: usize = 8;
/// Longest time for the head of a request.
const HEAD: Duration = Duration::from_secs(5);
/// Longest time of a connection.
const WHOLE: Duration = Duration::from_secs(20);
/// Pause after a connection could not be accepted.
const PAUSE: Duration = Duration::from_millis(250);

/// Answers `GET /metrics`.
#[derive(Debug)]
pub struct MetricsServer {
    listener: TcpListener,
    exposition: Exposition,
    ledger: Ledger,
    pools: Vec<Pool>,
}

/// A pool by its name.
#[derive(Debug)]
enum Pool {
    OfRequests(String, Connections),
    Other(String, PgPool),
}

impl Pool {
    fn usage(&self) -> (&str, Usage) {
        match self {
            Self::OfRequests(name, connections) => (name, connections.usage()),
            Self::Other(name, pool) => (name, Usage::of(pool)),
        }
    }
}

impl MetricsServer {
    /// Listens at an address.
    ///
    /// # Errors
    /// `UNAVAILABLE` if that is not possible.
    pub async fn bind(address: SocketAddr, ledger: Ledger) -> Result<Self> {
        let listener = TcpListener::bind(address).await.map_err(|error| {
            let message = format!(
                "cannot listen on {address} for metrics; choose another address in \
                 telemetry.metrics_bind (METRICS_BIND)"
            );
            Error::new(Code::Unavailable, message).with_source(error)
        })?;
        let mut exposition = Exposition::new();
        ledger.expose(&mut exposition);
        Ok(Self { listener, exposition, ledger, pools: Vec::new() })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// `INTERNAL` if that is not known.
    pub fn address(&self) -> Result<SocketAddr> {
        let unknown = |error| Error::internal("the listener has no address").with_source(error);
        self.listener.local_addr().map_err(unknown)
    }

    /// Adds a pool that statements of requests wait for.
    pub fn add_connections(&mut self, name: &str, connections: &Connections) {
        self.pools.push(Pool::OfRequests(name.to_owned(), connections.clone()));
    }

    /// Adds another pool.
    pub fn add_pool(&mut self, name: &str, pool: &PgPool) {
        self.pools.push(Pool::Other(name.to_owned(), pool.clone()));
    }

    /// Adds what is open at an API, and its cache.
    pub fn add_state(&mut self, state: &Arc<AppState>) {
        let count = |of: fn(&AppState) -> f64| {
            let state = Arc::downgrade(state);
            move || state.upgrade().map(|state| of(&state))
        };
        let exposition = &mut self.exposition;
        let open = Arc::downgrade(state);
        exposition.add(&names::HTTP_CONNECTIONS, move |samples| {
            if let Some(state) = open.upgrade() {
                samples.add(&["active"], f64::from(state.active_connections()));
                samples.add(&["parked"], f64::from(state.parked_connections()));
            }
        });
        exposition.add_value(&names::CACHE_BYTES, count(|state| state.cached_bytes() as f64));
        exposition
            .add_value(&names::WEBSOCKETS, count(|state| f64::from(state.connections.sockets())));
        let operations = count(|state| f64::from(state.connections.running()));
        exposition.add_value(&names::SUBSCRIPTIONS, operations);
    }

    /// Serves until `stop`.
    pub async fn serve(mut self, stop: CancellationToken) {
        let pools = Arc::new(std::mem::take(&mut self.pools));
        let of = |read: fn(&mut Samples<'_, '_>, &str, Usage)| {
            let pools = Arc::clone(&pools);
            move |samples: &mut Samples<'_, '_>| {
                for (name, usage) in pools.iter().map(Pool::usage) {
                    read(samples, name, usage);
                }
            }
        };
        self.exposition.add(
            &names::POOL_CONNECTIONS,
            of(|samples, name, usage| {
                samples.add(&[name, "busy"], f64::from(usage.busy));
                samples.add(&[name, "idle"], f64::from(usage.idle));
            }),
        );
        self.exposition.add(
            &names::POOL_MAX,
            of(|samples, name, usage| samples.add(&[name], f64::from(usage.most))),
        );
        let answering = Arc::new(Answering { exposition: self.exposition, ledger: self.ledger });
        tokio::select! {
            () = accept(&self.listener, &answering) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// What requests are answered from.
struct Answering {
    exposition: Exposition,
    ledger: Ledger,
}

async fn accept(listener: &TcpListener, answering: &Arc<Answering>) {
    let places = Arc::new(Semaphore::new(MOST));
    loop {
        // The semaphore is never closed.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let answering = Arc::clone(answering);
                tokio::spawn(async move {
                    let _place = place;
                    // One that takes longer is closed.
                    let _ = timeout(WHOLE, connection(stream, answering)).await;
                });
            }
            Err(error) => {
                tracing::debug!(%error, "a connection for metrics could not be accepted");
                sleep(PAUSE).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, answering: Arc<Answering>) {
    let service = service_fn(move |request| {
        let answering = Arc::clone(&answering);
        async move { Ok::<_, Infallible>(answering.answer(&request).await) }
    });
    let served = Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = served.await {
        tracing::debug!(%error, "a connection for metrics failed");
    }
}

impl Answering {
    async fn answer(&self, request: &Request<Incoming>) -> Response<Body> {
        if request.uri().path() != "/metrics" {
            return (StatusCode::NOT_FOUND, "There is only /metrics.\n").into_response();
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET, HEAD")]).into_response();
        }
        self.ledger.refresh().await;
        let accepted = request.headers().get_all(ACCEPT).iter();
        let mut accepted = accepted.filter_map(|value| value.to_str().ok());
        let written = match accepted.any(|value| value.contains("application/openmetrics-text")) {
            true => self.exposition.open_metrics(),
            false => self.exposition.prometheus(),
        };
        match written {
            Ok((text, media_type)) => ([(CONTENT_TYPE, media_type)], text).into_response(),
            Err(error) => {
                tracing::error!(error = error.detail(), "no metrics");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}
