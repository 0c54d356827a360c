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
        let error = read(&[(name, value)]).unwrap_err();
        assert!(error.message().starts_with(key), "{error}");
        assert!(value != "secret" || !error.message().contains(value), "{error}");
    }
    let ratio = [("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "2")];
    assert!(read(&ratio).unwrap_err().message().contains("otel.traces_sampler_arg"));
}
