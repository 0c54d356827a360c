//! What the chart's manifests say, read as Kubernetes reads them.

use std::collections::BTreeSet;
use std::fs;

use salesgraph::cli::exit::Exit;
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tokio::process::Command;

use super::helm::{LEAST, MOST, render};
use super::keys;
use super::tools::Tools;

async fn manifests(values: &str, more: &[&str]) -> Option<Vec<Json>> {
    let tools = Tools::installed("the manifests of the chart").await?;
    let (_folder, rendered) = render(tools, values, more).await.expect("it renders");
    Some(tools.documents(&fs::read_to_string(rendered).expect("a file")).await)
}

fn of<'a>(all: &'a [Json], kind: &str, name: &str) -> &'a Json {
    let found = all.iter().find(|one| one["kind"] == kind && one["metadata"]["name"] == name);
    found.unwrap_or_else(|| panic!("no {kind} {name}"))
}

/// The pods of all kinds.
fn pods(all: &[Json]) -> Vec<(&str, &Json)> {
    let paths = ["/spec/jobTemplate/spec/template/spec", "/spec/template/spec", "/spec"];
    all.iter()
        .filter_map(|one| {
            let path = paths.into_iter().find(|path| one.pointer(path).is_some())?;
            let pod = one.pointer(path).filter(|pod| pod["containers"].is_array())?;
            Some((one["metadata"]["name"].as_str().expect("a name"), pod))
        })
        .collect()
}

#[tokio::test]
async fn each_variable_is_one_of_the_configuration_and_secrets_are_in_secrets_only() {
    let Some(all) = manifests(MOST, &[]).await else { return };
    let known: BTreeSet<&str> = keys().map(|key| key.env).chain(["TZ"]).collect();
    let mut variables = 0;
    for (name, pod) in pods(&all) {
        for entry in pod["containers"][0]["env"].as_array().into_iter().flatten() {
            let variable = entry["name"].as_str().expect("a name");
            assert!(known.contains(variable), "{name}: {variable}");
            variables += 1;
        }
    }
    let data = of(&all, "ConfigMap", "sales-salesgraph")["data"].as_object().expect("data");
    assert!(data.keys().all(|name| known.contains(name.as_str())), "{data:?}");
    assert!(variables + data.len() >= 10, "only {variables} variables were found");
    assert_eq!(data["LIMITS_COST"], "10000000");
    assert_eq!(data["CACHE_ENABLED"], "false");
    for one in all.iter().filter(|one| one["kind"] != "Secret") {
        assert!(!one.to_string().contains("hushed"), "a secret is in {one}");
    }
}

#[tokio::test]
async fn every_pod_runs_without_rights_and_with_bounds() {
    let Some(all) = manifests(MOST, &[]).await else { return };
    let pods = pods(&all);
    assert_eq!(pods.len(), 5, "serve, worker, migrate, load and the test");
    for (name, pod) in pods {
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true, "{name}");
        assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault", "{name}");
        assert_eq!(pod["automountServiceAccountToken"], false, "{name}");
        let container = &pod["containers"][0];
        let context = &container["securityContext"];
        assert_eq!(context["allowPrivilegeEscalation"], false, "{name}");
        assert_eq!(context["readOnlyRootFilesystem"], true, "{name}");
        assert_eq!(context["capabilities"]["drop"], json!(["ALL"]), "{name}");
        assert!(container["resources"]["limits"]["memory"].is_string(), "{name}");
        assert_eq!(container["image"], "registry.example/salesgraph:v1", "{name}");
    }
}

#[tokio::test]
async fn the_api_is_probed_scaled_and_kept_up() {
    let Some(all) = manifests(LEAST, &[]).await else { return };
    let serve = of(&all, "Deployment", "sales-salesgraph-serve");
    let container = &serve["spec"]["template"]["spec"]["containers"][0];
    for (probe, path) in [
        ("startupProbe", "/health/live"),
        ("livenessProbe", "/health/live"),
        ("readinessProbe", "/health/ready"),
    ] {
        let request = json!({ "path": path, "port": "http", "scheme": "HTTP" });
        assert_eq!(container[probe]["httpGet"], request);
    }
    assert_eq!(serve["spec"]["replicas"], Json::Null, "the autoscaler decides");
    let scaler = of(&all, "HorizontalPodAutoscaler", "sales-salesgraph-serve");
    assert_eq!(scaler["apiVersion"], "autoscaling/v2");
    assert_eq!(scaler["spec"]["scaleTargetRef"]["name"], serve["metadata"]["name"]);
    let budget = of(&all, "PodDisruptionBudget", "sales-salesgraph-serve");
    let service = of(&all, "Service", "sales-salesgraph");
    let labels = serve["spec"]["template"]["metadata"]["labels"].as_object().expect("labels");
    for selector in [
        &serve["spec"]["selector"]["matchLabels"],
        &budget["spec"]["selector"]["matchLabels"],
        &service["spec"]["selector"],
    ] {
        let selector = selector.as_object().expect("a selector");
        assert!(selector.iter().all(|(name, value)| labels.get(name) == Some(value)));
        assert_eq!(selector["app.kubernetes.io/component"], "serve");
    }
    let fixed = manifests(LEAST, &["--set", "serve.autoscaling.enabled=false"]).await.unwrap();
    assert_eq!(of(&fixed, "Deployment", "sales-salesgraph-serve")["spec"]["replicas"], 2);
    assert!(fixed.iter().all(|one| one["kind"] != "HorizontalPodAutoscaler"));
}

#[tokio::test]
async fn with_a_certificate_the_api_is_asked_over_https() {
    let certificate = ["--set", "config.HTTP_TLS_CERT=/tls/tls.crt"];
    let Some(all) = manifests(LEAST, &certificate).await else { return };
    let serve = of(&all, "Deployment", "sales-salesgraph-serve");
    let container = &serve["spec"]["template"]["spec"]["containers"][0];
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        assert_eq!(container[probe]["httpGet"]["scheme"], "HTTPS", "{probe}");
    }
    let args = of(&all, "Pod", "sales-salesgraph-ready")["spec"]["containers"][0]["args"].clone();
    assert!(args.to_string().contains("https://sales-salesgraph:80/health/ready"), "{args}");
}

#[tokio::test]
async fn a_variable_that_is_null_is_left_out() {
    let Some(all) = manifests(LEAST, &["--set", "config.LOG_FORMAT=null"]).await else { return };
    let data = of(&all, "ConfigMap", "sales-salesgraph")["data"].clone();
    assert_eq!(data, json!({ "AUTH_API_KEYS": "true" }));
}

#[tokio::test]
async fn the_test_of_a_release_reaches_a_closed_api() {
    let Some(all) = manifests(MOST, &[]).await else { return };
    let policy = of(&all, "NetworkPolicy", "sales-salesgraph");
    let from = policy["spec"]["ingress"][0]["from"].as_array().expect("who may connect");
    let test = &of(&all, "Pod", "sales-salesgraph-ready")["metadata"]["labels"];
    let selects = |one: &Json| {
        let labels = one["podSelector"]["matchLabels"].as_object();
        labels.is_some_and(|labels| labels.iter().all(|(name, value)| &test[name] == value))
    };
    assert!(from.iter().any(selects), "{policy}");
}

#[tokio::test]
async fn the_schema_is_migrated_before_the_rest_is_there() {
    let Some(all) = manifests(LEAST, &[]).await else { return };
    let weight = |one: &Json| -> i32 {
        let annotations = &one["metadata"]["annotations"];
        assert_eq!(annotations["helm.sh/hook"], "pre-install,pre-upgrade");
        annotations["helm.sh/hook-weight"].as_str().and_then(|it| it.parse().ok()).expect("one")
    };
    let job = of(&all, "Job", "sales-salesgraph-migrate");
    let secret = of(&all, "Secret", "sales-salesgraph-migrate");
    assert!(weight(secret) < weight(job), "the job needs the secret");
    let pod = &job["spec"]["template"]["spec"];
    assert_eq!(pod["containers"][0]["args"], json!(["migrate", "up"]));
    assert_eq!(pod["serviceAccountName"], Json::Null, "that of the release is not there yet");
    let names = |all: &[Json]| -> Vec<String> {
        all.iter().map(|one| format!("{}", one["kind"])).collect()
    };
    let existing = "secret: { existingSecret: own }";
    let all = manifests(existing, &[]).await.unwrap();
    assert!(!names(&all).contains(&"\"Secret\"".to_owned()), "no secret is made");
    let job = of(&all, "Job", "sales-salesgraph-migrate");
    let variable = &job["spec"]["template"]["spec"]["containers"][0]["env"][0];
    assert_eq!(variable["valueFrom"]["secretKeyRef"]["name"], "own");
}

#[tokio::test]
async fn the_exit_codes_of_a_load_are_understood() {
    let Some(all) = manifests(LEAST, &[]).await else { return };
    let cron = &of(&all, "CronJob", "sales-salesgraph-load")["spec"];
    assert_eq!(cron["concurrencyPolicy"], "Forbid");
    let job = &cron["jobTemplate"]["spec"];
    assert_eq!(job["template"]["spec"]["restartPolicy"], "Never", "which the policy needs");
    let rules = job["podFailurePolicy"]["rules"].as_array().expect("rules");
    let action = |exit: Exit| {
        let has = |rule: &&Json| {
            let values = rule["onExitCodes"]["values"].as_array();
            values.is_some_and(|values| values.contains(&json!(exit.number())))
        };
        rules.iter().find(has).map_or("Count", |rule| rule["action"].as_str().expect("an action"))
    };
    assert_eq!(action(Exit::Locked), "Ignore", "it waits for the other run");
    assert_eq!(action(Exit::DoneWithRejects), "FailJob", "again the same rows are rejected");
    assert_eq!(action(Exit::Usage), "FailJob");
    assert_eq!(action(Exit::Failed), "Count");
    let worker = of(&all, "Deployment", "sales-salesgraph-worker");
    let schedule = json!([{ "name": "LOAD_SCHEDULE", "value": "off" }]);
    assert_eq!(worker["spec"]["template"]["spec"]["containers"][0]["env"], schedule);
}

#[tokio::test]
async fn rejects_are_a_success_where_they_shall_not_fail() {
    let Some(all) = manifests(MOST, &[]).await else { return };
    let cron = of(&all, "CronJob", "sales-salesgraph-load");
    let container = &cron["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0];
    let words = |list: &str| -> Vec<String> {
        serde_json::from_value(container[list].clone()).expect("words")
    };
    let (command, args) = (words("command"), words("args"));
    assert_eq!(args, ["load", "--json", "--atomic"]);
    // A program that says how it was called and ends with the code.
    let folder = TempDir::new().expect("a folder");
    let program = folder.path().join("salesgraph");
    fs::write(&program, "#!/bin/sh\necho \"$*\"\nexit \"$CODE\"\n").expect("a file");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&program, executable).expect("it may be run");
    for (code, expected) in [(0, 0), (1, 1), (2, 2), (3, 0), (4, 4), (137, 137)] {
        let output = Command::new(&command[0])
            .args(&command[1..])
            .args(&args)
            .env("PATH", format!("{}:/usr/bin:/bin", folder.path().display()))
            .env("CODE", code.to_string())
            .output()
            .await
            .expect("the shell starts");
        assert_eq!(output.status.code(), Some(expected), "exit code {code}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "load --json --atomic\n");
    }
}
