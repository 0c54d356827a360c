//! The alert rules and the dashboard use metrics that exist.

use std::path::Path;

use salesgraph::telemetry::metrics::{Descriptor, Kind, markdown_table, names};
use serde::Deserialize;
use serde_json::Value as Json;
use tokio::process::Command;

use super::Program;
use super::scrape::{Scraped, promtool};
use crate::support::{TestApp, python};

const OPS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/ops");
const PARSER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/telemetry/promql.py");
/// What Prometheus adds to all that it scrapes.
const ADDED: [&str; 2] = ["job", "instance"];

#[test]
fn every_metric_is_documented() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics.md");
    let page = std::fs::read_to_string(page).expect("docs/metrics.md");
    let expected = markdown_table();
    assert!(page.contains(&expected), "the table in docs/metrics.md should be:\n\n{expected}");
}

/// The metric of a series, and whether it is its buckets.
fn metric(series: &str) -> Option<(&'static Descriptor, bool)> {
    names::ALL.iter().find_map(|metric| match metric.kind {
        Kind::Histogram => match series.strip_prefix(metric.name)? {
            "_bucket" => Some((*metric, true)),
            "_sum" | "_count" => Some((*metric, false)),
            _ => None,
        },
        _ => (metric.name == series).then_some((*metric, false)),
    })
}

#[tokio::test]
async fn alerts_and_dashboard_use_what_there_is_as_what_it_is() {
    let Some(python) = python::telemetry("queries of alerts and dashboard").await else { return };
    let files = ["prometheus/alerts.yml", "grafana/salesgraph.json"];
    let output = Command::new(python)
        .arg(PARSER)
        .args(files.map(|file| format!("{OPS}/{file}")))
        .output()
        .await
        .expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let app = TestApp::start().await;
    let scraped = Program::start(&app, &["worker"], &[]).await.scrape().await;
    let (mut queries, mut series) = (0, 0);
    for line in String::from_utf8(output.stdout).expect("UTF-8").lines() {
        let query: Query = serde_json::from_str(line).expect("JSON");
        queries += 1;
        for used in &query.metrics {
            used.check(&query.of, &scraped);
            series += 1;
        }
        for shown in &query.shown {
            let is_there = match &query.result {
                Json::Array(labels) => labels.iter().any(|label| label == shown),
                of => has_label(of.as_str().expect("a metric"), shown),
            };
            assert!(is_there, "{}: the result has no label {shown}", query.of);
        }
    }
    assert!(queries > 40 && series >= queries, "{queries} queries, {series} series");
}

/// A query, as the parser tells it.
#[derive(Deserialize)]
struct Query {
    of: String,
    metrics: Vec<Used>,
    shown: Vec<String>,
    result: Json,
}

/// A metric that a query uses.
#[derive(Deserialize)]
struct Used {
    name: String,
    compared: Vec<(String, String)>,
    grouped: Vec<String>,
    function: Option<String>,
}

impl Used {
    fn check(&self, of: &str, scraped: &Scraped) {
        let name = self.name.as_str();
        let labels = self.compared.iter().map(|(label, _)| label).chain(&self.grouped);
        for label in labels {
            assert!(has_label(name, label), "{of}: {name} has no label {label}");
        }
        let Some((metric, has_buckets)) = metric(name) else { return };
        if has_buckets {
            let is_by_bucket = self.grouped.iter().any(|label| label == "le");
            assert!(is_by_bucket, "{of}: buckets of {name} are added up");
        }
        let function = self.function.as_deref();
        let is_rate = function.is_some_and(|name| ["rate", "increase", "irate"].contains(&name));
        let grows = metric.kind != Kind::Gauge;
        assert_eq!(is_rate, grows, "{of}: {name} is a {} in {function:?}", metric.kind.as_str());
        for (label, values) in &self.compared {
            let known = scraped.values(name, label);
            for value in values.split('|').filter(|value| !value.starts_with('$')) {
                assert!(known.contains(value), "{of}: no {name} has {label} {value}: {known:?}");
            }
        }
    }
}

/// Whether a metric has a label, as Prometheus stores it.
#[track_caller]
fn has_label(name: &str, label: &str) -> bool {
    if ADDED.contains(&label) || name == "up" {
        return ADDED.contains(&label);
    }
    let (metric, has_buckets) = metric(name).unwrap_or_else(|| panic!("there is no {name}"));
    metric.labels.contains(&label) || (has_buckets && label == "le")
}

#[tokio::test]
async fn alerts_are_valid_and_fire_when_they_should() {
    for arguments in [["check", "rules", "alerts.yml"], ["test", "rules", "alerts_test.yml"]] {
        let Some(mut command) = promtool("the alert rules") else { return };
        let folder = format!("{OPS}/prometheus");
        let output = command.args(arguments).current_dir(folder).output().await.expect("starts");
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success() && said.contains("SUCCESS"), "{arguments:?}:\n{said}");
    }
}
