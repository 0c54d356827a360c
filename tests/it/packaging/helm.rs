//! The chart by Helm itself, and what it renders by the schemas of Kubernetes.

use std::fs;

use serde_json::Value as Json;
use tempfile::TempDir;

use super::tools::Tools;
use super::{is_secret, keys, path, read};

const CHART: &str = "packaging/helm/salesgraph";
/// The oldest Kubernetes that the chart is for, and a newest one.
const VERSIONS: [&str; 2] = ["1.31", "1.37"];
/// Variables that the chart sets itself.
const OWN: [&str; 2] = ["HTTP_BIND", "METRICS_BIND"];

/// The least that has to be given.
pub(super) const LEAST: &str = "
secret: { values: { DATABASE_URL: 'postgres://salesgraph:hushed-word@db/sales' } }
";
/// Everything switched on.
pub(super) const MOST: &str = "
image: { repository: registry.example/salesgraph, tag: 'v1' }
imagePullSecrets: [{ name: pull }]
config: { SOURCE_URI: 's3://sales/in', LIMITS_COST: '10000000', CACHE_ENABLED: 'false' }
secret:
  values: { DATABASE_URL: 'postgres://salesgraph:hushed-word@db/sales', JWT_SECRET: hushed-too }
extraEnv: [{ name: TZ, value: UTC }]
extraVolumes: [{ name: mappings, configMap: { name: mappings } }]
extraVolumeMounts: [{ name: mappings, mountPath: /mappings, readOnly: true }]
serviceAccount: { annotations: { eks.amazonaws.com/role-arn: 'arn:aws:iam::1:role/load' } }
podAnnotations: { example/one: two }
podLabels: { team: sales }
serve:
  args: [--no-cache]
  autoscaling: { targetMemoryUtilizationPercentage: 80 }
  ingress:
    enabled: true
    className: nginx
    hosts: [{ host: api.example, paths: [{ path: /, pathType: Prefix }] }]
    tls: [{ hosts: [api.example], secretName: tls }]
  nodeSelector: { kubernetes.io/arch: amd64 }
  tolerations: [{ key: api, operator: Exists }]
worker: { affinity: { nodeAffinity: {} } }
load: { rejectsFail: false, args: [--atomic] }
metrics: { enabled: true, podMonitor: { enabled: true, labels: { release: prometheus } } }
networkPolicy: { enabled: true, from: [{ namespaceSelector: {} }] }
";

/// Renders the chart with these values; the error is what Helm says.
pub(super) async fn render(
    tools: &Tools,
    values: &str,
    more: &[&str],
) -> Result<(TempDir, String), String> {
    let folder = TempDir::new().expect("a folder");
    let (file, rendered) = (folder.path().join("values.yaml"), folder.path().join("all.yaml"));
    fs::write(&file, values).expect("a file");
    let (chart, file) = (path(CHART), file.display().to_string());
    let chart = chart.to_str().expect("UTF-8");
    let mut arguments = vec!["template", "sales", chart, "--namespace", "api", "-f", &file];
    arguments.extend(more);
    let text = tools.helm(&arguments).await?;
    fs::write(&rendered, text).expect("a file");
    let rendered = rendered.display().to_string();
    Ok((folder, rendered))
}

#[tokio::test]
async fn the_chart_is_accepted_by_helm_and_by_the_schemas_of_kubernetes() {
    let Some(tools) = Tools::installed("the Helm chart").await else { return };
    for values in [LEAST, MOST] {
        // The kinds of the Prometheus operator are not Kubernetes' own.
        let own = ["--set", "metrics.podMonitor.enabled=false"];
        let (folder, rendered) = render(tools, values, &own).await.expect("it renders");
        let file = folder.path().join("values.yaml").display().to_string();
        let chart = path(CHART).display().to_string();
        tools.helm(&["lint", "--strict", &chart, "-f", &file]).await.expect("lint");
        for version in VERSIONS {
            let checked = tools
                .run(
                    "kubernetes-validate",
                    &["--strict", "--kubernetes-version", version, &rendered],
                )
                .await
                .unwrap_or_else(|said| panic!("{said}"));
            assert!(checked.contains("passed for resource deployment/"), "{checked}");
        }
    }
}

#[tokio::test]
async fn wrong_values_are_refused_by_name() {
    let Some(tools) = Tools::installed("the Helm chart").await else { return };
    for (values, flag, named) in [
        ("", "serve.replicas=2", "secret.existingSecret, or secret.values.DATABASE_URL"),
        (LEAST, "config.LOGFORMAT=json", "LOGFORMAT"),
        (LEAST, "config.JWT_SECRET=x", "JWT_SECRET"),
        (LEAST, "secret.values.NO_SUCH=x", "NO_SUCH"),
        (LEAST, "config.HTTP_BIND=x", "HTTP_BIND"),
        (LEAST, "serve.replica=2", "replica"),
        (LEAST, "load.backoffLimit=many", "backoffLimit"),
        (LEAST, "config.CACHE_ENABLED=false", "CACHE_ENABLED"),
        (LEAST, "config.LIMITS_COST=12", "LIMITS_COST"),
        (LEAST, "load.timeZone=", "timeZone"),
        (LEAST, "serve.autoscaling.maxReplicas=1", "maxReplicas"),
    ] {
        let refused = render(tools, values, &["--set", flag]).await;
        let said = refused.expect_err(flag);
        assert!(said.contains(named), "{flag}: {said}");
    }
}

#[test]
fn the_schema_of_values_has_the_variables_of_the_configuration() {
    let schema: Json =
        serde_json::from_str(&read(&format!("{CHART}/values.schema.json"))).expect("JSON");
    let of = |definition: &str| schema["$defs"][definition]["enum"].clone();
    let names = |with_secrets: bool| -> Vec<&str> {
        let keys = keys().filter(|key| with_secrets || !is_secret(key));
        keys.map(|key| key.env).filter(|name| !OWN.contains(name)).collect()
    };
    for (definition, with_secrets) in [("variable", true), ("plainVariable", false)] {
        let expected = names(with_secrets);
        assert_eq!(of(definition), Json::from(expected.clone()), "should be {expected:?}");
    }
}
