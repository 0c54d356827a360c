//! Sends spans to a collector, in batches by a thread of its own.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::HttpClient;
use opentelemetry_otlp::{
    Protocol, SpanExporter as OtlpExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchSpanProcessor, SdkTracerProvider, Span as SdkSpan, SpanData, SpanExporter, SpanProcessor,
};

use super::sampling::Sampling;
use super::span::install;
use crate::config::OtelConfig;
use crate::error::{Code, Error, Result};
use crate::telemetry::metrics::{SpanOutcome, spans_ended};

/// How long the last spans may take at the end of the process.
const LAST: Duration = Duration::from_secs(3);
/// Most spans that wait, unless a variable of OpenTelemetry says otherwise.
const MOST: usize = 2_048;
/// Shortest time between two lines of the log about spans that cannot be sent.
const PAUSE: Duration = Duration::from_secs(60);

/// Spans are made and sent as long as this is there.
#[derive(Debug)]
pub struct Traces(SdkTracerProvider);

/// Begins to make spans and to send them by this client; `None` without an endpoint.
///
/// # Errors
/// `CONFIG` for an endpoint that cannot be used.
pub fn start(config: &OtelConfig, client: impl HttpClient + 'static) -> Result<Option<Traces>> {
    let Some(endpoint) = &config.endpoint else { return Ok(None) };
    let headers = config.headers.iter();
    let headers: HashMap<String, String> =
        headers.map(|(name, value)| (name.clone(), value.expose().to_owned())).collect();
    let exporter = OtlpExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .with_headers(headers)
        .build()
        .map_err(|error| {
            Error::new(Code::Config, "otel.endpoint cannot be used").with_source(error)
        })?;
    let waiting = Waiting::default();
    let exporter = Watched { inner: exporter, waiting: waiting.clone(), failed: Mutex::default() };
    let batches = BatchSpanProcessor::builder(exporter).build();
    let provider = SdkTracerProvider::builder()
        .with_span_processor(Bounded { inner: batches, waiting, most: most_waiting() })
        .with_sampler(Sampling(config.sampler))
        .with_resource(resource(config))
        .build();
    install(provider.tracer("salesgraph"));
    Ok(Some(Traces(provider)))
}

impl Traces {
    /// Sends what is left, for some seconds at most.
    pub fn end(self) {
        if let Err(error) = self.0.shutdown_with_timeout(LAST) {
            tracing::warn!(%error, "the last spans were not sent");
        }
    }
}

fn resource(config: &OtelConfig) -> Resource {
    let own = [
        KeyValue::new("service.name", "salesgraph"),
        KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        KeyValue::new("service.instance.id", uuid::Uuid::new_v4().to_string()),
    ];
    let given = config.resource_attributes.iter();
    let given = given.map(|(name, value)| KeyValue::new(name.clone(), value.clone()));
    let name = config.service_name.iter().map(|name| KeyValue::new("service.name", name.clone()));
    // Of two with one name the last counts.
    Resource::builder_empty().with_attributes(own.into_iter().chain(given).chain(name)).build()
}

/// How many spans wait to be sent, or are being sent.
type Waiting = Arc<AtomicUsize>;

/// How many may wait, as the batches take it from the variable of OpenTelemetry.
fn most_waiting() -> usize {
    let set = std::env::var("OTEL_BSP_MAX_QUEUE_SIZE").ok();
    set.and_then(|set| set.parse().ok()).unwrap_or(MOST)
}

/// Drops spans that there is no room for, and counts them: the batches do so silently. They
/// hold no more than wait here, so they drop none.
#[derive(Debug)]
struct Bounded {
    inner: BatchSpanProcessor,
    waiting: Waiting,
    most: usize,
}

impl SpanProcessor for Bounded {
    fn on_start(&self, span: &mut SdkSpan, context: &Context) {
        self.inner.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if !span.span_context.is_sampled() {
            return;
        }
        let has_room = |waiting| (waiting < self.most).then_some(waiting + 1);
        match self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, has_room) {
            Ok(_) => self.inner.on_end(span),
            Err(_) => spans_ended(1, SpanOutcome::Dropped),
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

/// Counts what was sent, and logs now and then what was not.
struct Watched {
    inner: OtlpExporter,
    waiting: Waiting,
    failed: Mutex<Failed>,
}

#[derive(Default)]
struct Failed {
    spans: usize,
    last: Option<Instant>,
}

impl Watched {
    fn failed(&self, spans: usize, error: &dyn fmt::Display) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.spans += spans;
        if failed.last.is_some_and(|last| last.elapsed() < PAUSE) {
            return;
        }
        let spans = std::mem::take(&mut failed.spans);
        failed.last = Some(Instant::now());
        tracing::warn!(spans, %error, "spans cannot be sent to the collector, and are lost");
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").finish_non_exhaustive()
    }
}

impl SpanExporter for Watched {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let sent = self.inner.export(batch).await;
        self.waiting.fetch_sub(spans, Ordering::Relaxed);
        let outcome = if sent.is_ok() { SpanOutcome::Exported } else { SpanOutcome::Failed };
        spans_ended(spans, outcome);
        if let Err(error) = &sent {
            self.failed(spans, error);
        }
        sent
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}
