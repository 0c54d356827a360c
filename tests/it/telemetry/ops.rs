//! The alert rules and the dashboard use metrics that exist.

use std::path::Path;

use salesgraph::telemetry::metrics::{Descriptor, Kind, markdown_table, names};
use serde_json::Value as Json;
use tokio::process::Command;

use super::scrape::promtool;
use crate::support::python;

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
async fn alerts_and_dashboard_use_metrics_and_labels_that_exist() {
    let Some(python) = python::telemetry("queries of alerts and dashboard").await else { return };
    let files = ["prometheus/alerts.yml", "grafana/salesgraph.json"];
    let output = Command::new(python)
        .arg(PARSER)
        .args(files.map(|file| format!("{OPS}/{file}")))
        .output()
        .await
        .expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (mut queries, mut series) = (0, 0);
    for line in String::from_utf8(output.stdout).expect("UTF-8").lines() {
        let query: Json = serde_json::from_str(line).expect("JSON");
        queries += 1;
        for used in query["metrics"].as_array().expect("metrics") {
            let name = used[0].as_str().expect("a name");
            let (metric, has_buckets) =
                metric(name).unwrap_or_else(|| panic!("{}: there is no {name}", query["of"]));
            for label in used[1].as_object().expect("labels").keys().map(String::as_str) {
                let is_known = metric.labels.contains(&label)
                    || ADDED.contains(&label)
                    || (has_buckets && label == "le");
                assert!(is_known, "{}: {name} has no label {label}", query["of"]);
            }
            series += 1;
        }
    }
    assert!(queries > 40 && series >= queries, "{queries} queries, {series} series");
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
