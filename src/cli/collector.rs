//! The client by which traces are sent: the HTTP client that is there for others, too.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use opentelemetry_http::{HttpClient, HttpError};
use tokio::runtime::Handle;
use tokio::time::timeout;

use crate::config::OtelConfig;
use crate::error::{Code, Error, Result};
use crate::https::{self, Connector};
use crate::telemetry::trace::{self, Traces};

/// Longest time of one request.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Most bytes of an answer.
const ANSWER: usize = 1 << 20;

/// Begins to make traces if a collector is configured. Needs a runtime.
pub(super) fn start(config: &OtelConfig) -> Result<Option<Traces>> {
    let Some(endpoint) = &config.endpoint else { return Ok(None) };
    let failed = |problem: String| {
        Error::new(Code::Config, format!("otel.endpoint (OTEL_EXPORTER_OTLP_ENDPOINT): {problem}"))
    };
    let url: Uri = endpoint.parse().map_err(|error| failed(format!("{error}")))?;
    let connector = https::connector(&url).map_err(|error| failed(error.message().to_owned()))?;
    let client = Client::builder(TokioExecutor::new()).build(connector);
    trace::start(config, Collector { client, runtime: Handle::current() })
}

#[derive(Debug)]
struct Collector {
    client: Client<Connector, Full<Bytes>>,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        // The thread that sends has no runtime of its own.
        let sent = self.runtime.spawn(async move {
            let answer = client.request(request.map(Full::new)).await?;
            let (head, body) = answer.into_parts();
            let body = Limited::new(body, ANSWER).collect().await?.to_bytes();
            Ok::<_, HttpError>(Response::from_parts(head, body))
        });
        let abort = sent.abort_handle();
        let limited = self.runtime.spawn(async move {
            let sent = timeout(TIMEOUT, sent).await;
            abort.abort();
            sent
        });
        limited.await???
    }
}
