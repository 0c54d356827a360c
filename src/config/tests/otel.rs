//! `[otel]`.

use crate::config::{Config, ConfigSources, OtelConfig, Overrides, TracesSampler};
use crate::error::Result;

fn read(set: &[(&str, &str)]) -> Result<OtelConfig> {
    let env =
        |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    let sources = ConfigSources { file: None, overrides: Overrides::default(), env };
    Config::load(&sources).map(|config| config.otel)
}

#[test]
fn the_variables_of_opentelemetry_are_read() {
    let otel = read(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20x, b=2"),
        ("OTEL_SERVICE_NAME", "sales"),
        ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test,"),
        ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
    ])
    .unwrap();
    assert_eq!(otel.endpoint.as_deref(), Some("http://collector:4318"));
    let names: Vec<_> = otel.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["authorization", "b"]);
    assert_eq!(otel.headers[0].1.expose(), "Bearer x");
    assert_eq!(otel.service_name.as_deref(), Some("sales"));
    let attribute = ("deployment.environment.name".to_owned(), "test".to_owned());
    assert_eq!(otel.resource_attributes, [attribute]);
    assert_eq!(otel.sampler, TracesSampler::ParentRatio(0.25));
    assert!(read(&[]).unwrap().endpoint.is_none());
    let off = [("OTEL_SDK_DISABLED", "true"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:1")];
    assert!(read(&off).unwrap().endpoint.is_none());
}

#[test]
fn what_cannot_be_used_is_refused_with_the_key() {
    for (name, value, key) in [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317", "otel.endpoint"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "otel.protocol"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "secret", "otel.headers"),
        ("OTEL_TRACES_SAMPLER", "jaeger_remote", "otel.traces_sampler"),
    ] {
        // They are read where traces are made.
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:1");
        let set =
            if name == endpoint.0 { vec![(name, value)] } else { vec![endpoint, (name, value)] };
        let error = read(&set).unwrap_err();
        assert!(error.message().starts_with(key), "{error}");
        assert!(value != "secret" || !error.message().contains(value), "{error}");
    }
    let ratio = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:1"),
        ("OTEL_TRACES_SAMPLER", "traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", "2"),
    ];
    assert!(read(&ratio).unwrap_err().message().contains("otel.traces_sampler_arg"));
}

#[test]
fn what_is_set_for_a_whole_host_is_read_only_for_traces() {
    let host = [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_TRACES_SAMPLER", "jaeger_remote"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "none"),
    ];
    assert!(read(&host).unwrap().endpoint.is_none());
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318");
    let with = |more: &[(&'static str, &'static str)]| read(&[&host[..], more].concat());
    assert!(with(&[endpoint, ("OTEL_SDK_DISABLED", "true")]).unwrap().endpoint.is_none());
    let error = with(&[endpoint]).unwrap_err();
    assert!(error.message().contains("OTEL_EXPORTER_OTLP_PROTOCOL"), "{error}");
}
