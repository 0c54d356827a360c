//! All metrics in the text of Prometheus or of OpenMetrics.

use std::fmt;
use std::sync::atomic::Ordering;

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, prometheus_text, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use super::descriptor::{Descriptor, Kind};
use super::histogram::Histogram;
use super::{columns, database, graphql, http, names, process, work};
use crate::error::{Error, Result};

/// What is exposed.
#[derive(Debug)]
pub struct Exposition {
    registry: Registry,
}

/// The samples of a metric, as it is written.
pub struct Samples<'a, 'e> {
    of: &'static Descriptor,
    encoder: &'a mut MetricEncoder<'e>,
    written: fmt::Result,
}

impl Samples<'_, '_> {
    /// A sample with these values of the labels.
    pub fn add(&mut self, labels: &[&str], value: f64) {
        self.write(labels, |encoder, kind| match kind {
            Kind::Counter => encoder.encode_counter::<[(&str, &str); 0], _, u64>(&value, None),
            Kind::Gauge | Kind::Histogram => encoder.encode_gauge(&value),
        });
    }

    fn histogram(&mut self, labels: &[&str], histogram: &Histogram) {
        self.write_with(labels, |encoder| histogram.encode(encoder));
    }

    fn write(
        &mut self,
        labels: &[&str],
        write: impl FnOnce(&mut MetricEncoder<'_>, Kind) -> fmt::Result,
    ) {
        let kind = self.of.kind;
        self.write_with(labels, |mut encoder| write(&mut encoder, kind));
    }

    fn write_with(
        &mut self,
        labels: &[&str],
        write: impl FnOnce(MetricEncoder<'_>) -> fmt::Result,
    ) {
        if self.written.is_err() {
            return;
        }
        let labels: Vec<(&str, &str)> =
            self.of.labels.iter().copied().zip(labels.iter().copied()).collect();
        self.written = self.encoder.encode_family(&labels).and_then(write);
    }
}

/// Reads the samples of a metric.
type Read = Box<dyn Fn(&mut Samples<'_, '_>) + Send + Sync>;

/// A metric that is read when it is asked for.
struct Asked {
    of: &'static Descriptor,
    read: Read,
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked").field("of", &self.of).finish_non_exhaustive()
    }
}

impl EncodeMetric for Asked {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let mut samples = Samples { of: self.of, encoder: &mut encoder, written: Ok(()) };
        (self.read)(&mut samples);
        samples.written
    }

    fn metric_type(&self) -> MetricType {
        self.of.kind.into()
    }
}

/// A metric that is there also while it has no samples, so that it is known to exist.
#[derive(Debug)]
struct Kept<M>(M);

impl<M: EncodeMetric> EncodeMetric for Kept<M> {
    fn encode(&self, encoder: MetricEncoder<'_>) -> fmt::Result {
        self.0.encode(encoder)
    }

    fn metric_type(&self) -> MetricType {
        self.0.metric_type()
    }
}

impl Exposition {
    /// The metrics of this process. Those of its parts are added.
    #[must_use]
    pub fn new() -> Self {
        let mut this = Self { registry: Registry::default() };
        this.add_requests();
        this.add_pools();
        this.keep(&names::EXECUTIONS, graphql::executions());
        this.keep(&names::COLUMNS_REQUESTS, columns::requests());
        this.keep(&names::COLUMNS_REFRESH, columns::refreshes());
        this.add_value(&names::COLUMNS_BYTES, || Some(columns::bytes() as f64));
        this.keep(&names::JOB_DURATION, work::job_runs());
        this.keep(&names::S3_DURATION, work::s3_calls());
        this.keep(&names::REPORTS, work::reports());
        this.keep(&names::REPORT_ROWS, work::report_rows());
        this.keep(&names::REPORT_BYTES, work::report_bytes());
        this.keep(&names::TRACE_SPANS, work::spans());
        this.add_process();
        this
    }

    fn add_requests(&mut self) {
        // They are there from the start.
        for name in [http::NONE, http::OTHER, http::BATCH] {
            let _ = http::operation(name);
        }
        self.add(&names::HTTP_REQUESTS, |samples| {
            for operation in http::operations() {
                for (status, cache, count) in operation.requests() {
                    samples.add(&[&operation.name, status, cache], count as f64);
                }
            }
        });
        self.add(&names::HTTP_DURATION, |samples| {
            for operation in http::operations() {
                for (cache, histogram) in operation.durations() {
                    samples.histogram(&[&operation.name, cache], histogram);
                }
            }
        });
        self.add(&names::COST, |samples| {
            for operation in http::operations() {
                if let Some(histogram) = operation.cost() {
                    samples.histogram(&[&operation.name], histogram);
                }
            }
        });
        self.add(&names::HTTP_IN_PROGRESS, |samples| {
            samples.add(&[], http::in_progress().load(Ordering::Relaxed) as f64);
        });
        self.add(&names::ERRORS, |samples| {
            for (code, count) in graphql::errors() {
                samples.add(&[code], count as f64);
            }
        });
    }

    fn add_pools(&mut self) {
        self.add(&names::POOL_WAIT, |samples| {
            for pool in database::pools() {
                samples.histogram(&[&pool.name], &pool.wait);
            }
        });
        self.add(&names::POOL_WAITING, |samples| {
            for pool in database::pools() {
                samples.add(&[&pool.name], pool.waiting.load(Ordering::Relaxed) as f64);
            }
        });
        self.add(&names::STATEMENT_DURATION, |samples| {
            for pool in database::pools() {
                for (outcome, histogram) in pool.statements() {
                    samples.histogram(&[&pool.name, outcome], histogram);
                }
            }
        });
    }

    fn add_process(&mut self) {
        self.add(&names::BUILD_INFO, |samples| samples.add(&[env!("CARGO_PKG_VERSION")], 1.0));
        self.add_value(&names::PROCESS_CPU, process::cpu);
        self.add_value(&names::PROCESS_RESIDENT, || process::status("VmRSS"));
        self.add_value(&names::PROCESS_VIRTUAL, || process::status("VmSize"));
        self.add_value(&names::PROCESS_FDS, process::open_descriptors);
        self.add_value(&names::PROCESS_MAX_FDS, process::most_descriptors);
        self.add_value(&names::PROCESS_THREADS, || process::status("Threads"));
        let started = process::started();
        self.add_value(&names::PROCESS_START, move || Some(started));
    }

    /// Adds a metric that is read when it is asked for.
    pub fn add(
        &mut self,
        of: &'static Descriptor,
        read: impl Fn(&mut Samples<'_, '_>) + Send + Sync + 'static,
    ) {
        self.keep(of, Asked { of, read: Box::new(read) });
    }

    /// Adds a metric of one sample; none if it is not known.
    pub fn add_value(
        &mut self,
        of: &'static Descriptor,
        read: impl Fn() -> Option<f64> + Send + Sync + 'static,
    ) {
        self.add(of, move |samples| {
            if let Some(value) = read() {
                samples.add(&[], value);
            }
        });
    }

    fn keep(
        &mut self,
        of: &'static Descriptor,
        metric: impl EncodeMetric + fmt::Debug + Send + Sync + 'static,
    ) {
        self.registry.register(of.stem(), of.help, Kept(metric));
    }

    /// The text of Prometheus, and its media type.
    ///
    /// # Errors
    /// `INTERNAL` when it cannot be written.
    pub fn prometheus(&self) -> Result<(String, &'static str)> {
        let mut written = String::new();
        prometheus_text::encode(&mut written, &self.registry).map_err(failed)?;
        Ok((written, prometheus_text::CONTENT_TYPE))
    }

    /// The text of OpenMetrics, and its media type.
    ///
    /// # Errors
    /// `INTERNAL` when it cannot be written.
    pub fn open_metrics(&self) -> Result<(String, &'static str)> {
        let mut written = String::new();
        text::encode(&mut written, &self.registry).map_err(failed)?;
        Ok((written, "application/openmetrics-text; version=1.0.0; charset=utf-8"))
    }
}

impl Default for Exposition {
    fn default() -> Self {
        Self::new()
    }
}

fn failed(error: fmt::Error) -> Error {
    Error::internal("the metrics cannot be written").with_source(error)
}
