//! The examples for Airflow, imported and run by Airflow itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tokio::process::Command;

use super::path;
use super::tools::ended;
use crate::support::TestApp;
use crate::support::python::airflow;
use crate::support::sample::{self, PERSON};

/// Prints the tasks of each file in a folder, and errors of imports, as JSON.
const IMPORT: &str = "
import json, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1])
print('found:' + json.dumps({
    'errors': bag.import_errors,
    'dags': {dag.dag_id: {
        task.task_id: {
            'after': sorted(task.upstream_task_ids),
            'rule': task.trigger_rule.value,
            'retries': task.retries,
            'skip': getattr(task, 'skip_on_exit_code', None),
        } for task in dag.tasks
    } for dag in bag.dags.values()},
}))
";
/// Runs a DAG to its end, without a scheduler, and prints how its tasks ended as JSON.
const RUN: &str = "
import json, sys
from airflow.dag_processing.dagbag import DagBag
dag = DagBag(sys.argv[1]).dags[sys.argv[2]]
run = dag.test()
from airflow.models.renderedtifields import RenderedTaskInstanceFields
from airflow.utils.session import create_session
from sqlalchemy import select
with create_session() as session:
    fields = session.scalars(select(RenderedTaskInstanceFields)).all()
    shown = {one.task_id: one.rendered_fields for one in fields}
print('found:' + json.dumps({
    'state': run.state, 'tasks': {task.task_id: task.state for task in run.get_task_instances()},
    'shown': shown,
}))
";

/// Airflow with a home of its own.
struct Airflow {
    python: &'static Path,
    home: TempDir,
    dags: String,
}

impl Airflow {
    fn new(python: &'static Path) -> Self {
        let home = TempDir::new().expect("a folder");
        let dags = home.path().join("dags");
        fs::create_dir(&dags).expect("a folder");
        for file in ["salesgraph_load.py", "salesgraph_load_kubernetes.py"] {
            fs::copy(path("packaging/airflow").join(file), dags.join(file)).expect("a file");
        }
        let dags = dags.display().to_string();
        Self { python, home, dags }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.python.with_file_name(program));
        command
            .env("AIRFLOW_HOME", self.home.path())
            .env("AIRFLOW__CORE__DAGS_FOLDER", &self.dags)
            .env("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
            // A busy machine takes its time to import Airflow itself.
            .env("AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT", "0");
        command
    }

    /// Runs a script that prints what it found.
    async fn found(&self, command: &mut Command, script: &str, arguments: &[&str]) -> Json {
        let said = ended(command.args(["-c", script, &self.dags]).args(arguments)).await;
        let said = said.unwrap_or_else(|said| panic!("{said}"));
        let line = said.lines().find_map(|line| line.strip_prefix("found:"));
        serde_json::from_str(line.unwrap_or_else(|| panic!("{said}"))).expect("JSON")
    }
}

#[tokio::test]
async fn the_examples_are_imported_without_errors() {
    let Some(python) = airflow("the examples for Airflow").await else { return };
    let airflow = Airflow::new(python);
    let found = airflow.found(&mut airflow.command("python"), IMPORT, &[]).await;
    assert_eq!(found["errors"], json!({}));
    let names: Vec<&String> = found["dags"].as_object().expect("dags").keys().collect();
    assert_eq!(names, ["salesgraph_load", "salesgraph_load_kubernetes"]);
    for (name, tasks) in found["dags"].as_object().expect("dags") {
        let tasks: BTreeMap<String, Json> = serde_json::from_value(tasks.clone()).expect("tasks");
        assert_eq!(tasks["load"]["skip"], json!([3]), "{name}: rejects are no failure");
        assert_eq!(tasks["load"]["retries"], 3, "{name}");
        assert_eq!(tasks["rejects"]["after"], json!(["load"]), "{name}");
        assert_eq!(tasks["rejects"]["rule"], "all_skipped", "{name}");
        assert_eq!(tasks["loaded"]["after"], json!(["load", "rejects"]), "{name}");
    }
}

#[tokio::test]
async fn a_load_with_rejects_lists_them_and_goes_on() {
    let Some(python) = airflow("the example for Airflow, run").await else { return };
    let airflow = Airflow::new(python);
    let app = TestApp::start().await;
    sample::defective().put(&app, &[PERSON]).await;
    ended(airflow.command("airflow").args(["db", "migrate"])).await.expect("a database");
    ended(airflow.command("airflow").arg("dags").arg("reserialize")).await.expect("the dags");
    let program = Path::new(env!("CARGO_BIN_EXE_salesgraph"));
    let folder = program.parent().expect("a folder").display().to_string();
    let paths = std::env::var("PATH").unwrap_or_default();
    let mut command = airflow.command("python");
    let configured = app.command();
    for (name, value) in configured.as_std().get_envs() {
        if let Some(value) = value.filter(|_| name.to_string_lossy().starts_with("AWS_")) {
            command.env(name, value);
        }
    }
    command
        .env("PATH", format!("{folder}:{paths}"))
        .env("AIRFLOW_VAR_SALESGRAPH_DATABASE_URL_SECRET", app.database_url())
        .env("AIRFLOW_VAR_SALESGRAPH_SOURCE_URI", app.source_uri());
    let found = airflow.found(&mut command, RUN, &["salesgraph_load"]).await;
    let tasks = json!({ "load": "skipped", "rejects": "success", "loaded": "success" });
    assert_eq!((&found["state"], &found["tasks"]), (&json!("success"), &tasks));
    for task in ["load", "rejects"] {
        let shown = &found["shown"][task]["env"];
        assert!(shown.to_string().contains(&app.source_uri()), "{task}: {shown}");
        assert!(!shown.to_string().contains(&app.database_url()), "{task} shows the password");
    }
    let state: String = app.value("SELECT state FROM load_run").await;
    assert_eq!(state, "succeeded_with_rejects");
}
