//! `[otel]`: traces, by the variables of OpenTelemetry.

use std::str::FromStr;

use percent_encoding::percent_decode_str;

use super::key::{ConfigKey, Visibility};
use super::parse;
use super::secret::Secret;
use super::values::{Values, config_error};
use crate::error::Result;

const SECTION: ConfigKey = ConfigKey::of("otel");

/// Whether traces are off in any case.
pub const DISABLED: ConfigKey = ConfigKey {
    name: "disabled",
    env: "OTEL_SDK_DISABLED",
    default: Some("false"),
    doc: "`true` makes no traces, whatever else is set",
    ..SECTION
};

/// The collector.
pub const ENDPOINT: ConfigKey = ConfigKey {
    name: "endpoint",
    env: "OTEL_EXPORTER_OTLP_ENDPOINT",
    doc: "the collector that traces are sent to, such as `http://localhost:4318`, without \
          `/v1/traces`; none are made unless set",
    visibility: Visibility::WithoutPassword,
    ..SECTION
};

/// How they are sent.
pub const PROTOCOL: ConfigKey = ConfigKey {
    name: "protocol",
    env: "OTEL_EXPORTER_OTLP_PROTOCOL",
    default: Some("http/protobuf"),
    doc: "how they are sent; there is no other",
    ..SECTION
};

/// Headers for the collector.
pub const HEADERS: ConfigKey = ConfigKey {
    name: "headers",
    env: "OTEL_EXPORTER_OTLP_HEADERS",
    doc: "headers for the collector: `name=value,name=value`, percent-encoded",
    visibility: Visibility::Hidden,
    ..SECTION
};

/// The name of the service.
pub const SERVICE_NAME: ConfigKey = ConfigKey {
    name: "service_name",
    env: "OTEL_SERVICE_NAME",
    doc: "the name of the service in traces; `salesgraph` unless set here or in \
          `resource_attributes`",
    ..SECTION
};

/// What else is said of the service.
pub const RESOURCE_ATTRIBUTES: ConfigKey = ConfigKey {
    name: "resource_attributes",
    env: "OTEL_RESOURCE_ATTRIBUTES",
    doc: "what traces say of this process: `name=value,name=value`, percent-encoded, such as \
          `deployment.environment.name=test`",
    ..SECTION
};

/// Which traces are recorded.
pub const SAMPLER: ConfigKey = ConfigKey {
    name: "traces_sampler",
    env: "OTEL_TRACES_SAMPLER",
    default: Some("parentbased_always_on"),
    doc: "which traces are recorded: `always_on`, `always_off`, `traceidratio`, or one of these \
          after `parentbased_`, which follows the caller's decision where there is one",
    ..SECTION
};

/// The share of them.
pub const SAMPLER_ARG: ConfigKey = ConfigKey {
    name: "traces_sampler_arg",
    env: "OTEL_TRACES_SAMPLER_ARG",
    default: Some("1"),
    doc: "the share of traces that `traceidratio` records, from 0 to 1",
    ..SECTION
};

/// The keys of the section.
pub const KEYS: &[ConfigKey] = &[
    DISABLED, ENDPOINT, PROTOCOL, HEADERS, SERVICE_NAME, RESOURCE_ATTRIBUTES, SAMPLER, SAMPLER_ARG,
];

/// The section's values.
#[derive(Debug, Clone)]
pub struct OtelConfig {
    /// The collector; none if there are no traces.
    pub endpoint: Option<String>,
    /// Headers for it.
    pub headers: Vec<(String, Secret)>,
    /// The name of the service.
    pub service_name: Option<String>,
    /// What else is said of it.
    pub resource_attributes: Vec<(String, String)>,
    /// Which traces are recorded.
    pub sampler: TracesSampler,
}

/// Which traces are recorded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TracesSampler {
    /// All.
    AlwaysOn,
    /// None.
    AlwaysOff,
    /// A share, told by their ids.
    Ratio(f64),
    /// As the caller decides, else all.
    ParentAlwaysOn,
    /// As the caller decides, else none.
    ParentAlwaysOff,
    /// As the caller decides, else a share.
    ParentRatio(f64),
}

impl OtelConfig {
    /// No traces.
    const OFF: Self = Self {
        endpoint: None,
        headers: Vec::new(),
        service_name: None,
        resource_attributes: Vec::new(),
        sampler: TracesSampler::AlwaysOff,
    };

    pub(super) fn read(values: &Values) -> Result<Self> {
        let disabled = values.required(&DISABLED, parse::boolean)?;
        let endpoint = if disabled { None } else { values.optional(&ENDPOINT, url)? };
        // They may be set for all programs of a host, some of which know more.
        if endpoint.is_none() {
            return Ok(Self::OFF);
        }
        values.required(&PROTOCOL, protocol)?;
        let headers = values.optional(&HEADERS, pairs)?.unwrap_or_default();
        let ratio = values.required(&SAMPLER_ARG, |text| Ok(text.trim().to_owned()))?;
        let ratio = f64::from_str(&ratio).ok().filter(|ratio| (0.0..=1.0).contains(ratio));
        let sampler = match values.required(&SAMPLER, sampler)? {
            TracesSampler::Ratio(_) => ratio.map(TracesSampler::Ratio),
            TracesSampler::ParentRatio(_) => ratio.map(TracesSampler::ParentRatio),
            other => Some(other),
        };
        Ok(Self {
            endpoint,
            headers: headers.into_iter().map(|(name, value)| (name, Secret::new(value))).collect(),
            service_name: values.optional(&SERVICE_NAME, parse::text)?,
            resource_attributes: values.optional(&RESOURCE_ATTRIBUTES, pairs)?.unwrap_or_default(),
            sampler: sampler.ok_or_else(|| {
                config_error(format!("{SAMPLER_ARG}: expected a number from 0 to 1, such as 0.1"))
            })?,
        })
    }
}

fn url(text: &str) -> Result<String, String> {
    let text = text.trim();
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !host.starts_with('/') => Ok(text.to_owned()),
        _ => Err("expected http://host:4318 or https://host".to_owned()),
    }
}

fn protocol(text: &str) -> Result<(), String> {
    match text.trim() {
        "http/protobuf" => Ok(()),
        _ => Err("expected http/protobuf, which collectors take on port 4318".to_owned()),
    }
}

fn sampler(text: &str) -> Result<TracesSampler, String> {
    Ok(match text.trim() {
        "always_on" => TracesSampler::AlwaysOn,
        "always_off" => TracesSampler::AlwaysOff,
        "traceidratio" => TracesSampler::Ratio(1.0),
        "parentbased_always_on" => TracesSampler::ParentAlwaysOn,
        "parentbased_always_off" => TracesSampler::ParentAlwaysOff,
        "parentbased_traceidratio" => TracesSampler::ParentRatio(1.0),
        _ => {
            return Err("expected always_on, always_off or traceidratio, also after parentbased_"
                .to_owned());
        }
    })
}

/// `name=value,name=value`, percent-encoded.
fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let decoded = |text: &str| {
        let decoded = percent_decode_str(text.trim()).decode_utf8().ok()?;
        (!decoded.is_empty()).then(|| decoded.into_owned())
    };
    let pairs = text.split(',').filter(|pair| !pair.trim().is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=')?;
            Some((decoded(name)?, decoded(value).unwrap_or_default()))
        })
        .collect::<Option<_>>()
        .ok_or_else(|| "expected name=value,name=value, percent-encoded".to_owned())
}
