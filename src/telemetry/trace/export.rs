//! Sends spans to a collector, in batches by a thread of its own.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::HttpClient;
use opentelemetry_otlp::{
    Protocol, SpanExporter as OtlpExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider, SpanData, SpanExporter};

use super::span::install;
use crate::config::{OtelConfig, TracesSampler};
use crate::error::{Code, Error, Result};
use crate::telemetry::metrics::spans_exported;

/// How long the last spans may take at the end of the process.
const LAST: Duration = Duration::from_secs(3);
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
            Error::new(Code::Config, "telemetry.otlp_endpoint cannot be used").with_source(error)
        })?;
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(Watched { inner: exporter, failed: Mutex::default() })
        .with_sampler(sampler(config.sampler))
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

fn sampler(of: TracesSampler) -> Sampler {
    let inner = match of {
        TracesSampler::AlwaysOn | TracesSampler::ParentAlwaysOn => Sampler::AlwaysOn,
        TracesSampler::AlwaysOff | TracesSampler::ParentAlwaysOff => Sampler::AlwaysOff,
        TracesSampler::Ratio(ratio) | TracesSampler::ParentRatio(ratio) => {
            Sampler::TraceIdRatioBased(ratio)
        }
    };
    match of {
        TracesSampler::AlwaysOn | TracesSampler::AlwaysOff | TracesSampler::Ratio(_) => inner,
        _ => Sampler::ParentBased(Box::new(inner)),
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

/// Counts what was sent, and logs now and then what was not.
struct Watched {
    inner: OtlpExporter,
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
        spans_exported(spans, sent.is_ok());
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
