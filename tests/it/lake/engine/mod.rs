//! `salesAggregate(engine: LAKE)`, compared with what Postgres answers.

mod end;
mod equal;
mod flight;
mod flight_server;
mod refused;

use std::sync::Arc;

use salesgraph::auth::Scope;
use salesgraph::graphql::errors::settle;
use salesgraph::graphql::{Commands, Engine, Limits};
use salesgraph::job::{AnswerFromLake, Task};
use salesgraph::lake::curated::{Committed, CuratedOptions};
use salesgraph::lake::engine::{Endpoint, EngineOptions, LakeEngine};
use salesgraph::query::Reader;
use serde_json::Value;
use uuid::Uuid;

use crate::support::jobs::Working;
use crate::support::lake::{USUAL, prepare, running};
use crate::support::{TestApp, sales};

/// With the names of persons.
const PERSONS: CuratedOptions = CuratedOptions { persons: true, ..USUAL };
/// The engine of a worker.
const OPTIONS: EngineOptions = EngineOptions { memory: 256 << 20, spill: 64 << 20, endpoint: None };

/// Sales in Postgres and in a lake, and the API.
struct Sales {
    app: TestApp,
    engine: Engine,
}

impl Sales {
    /// Sales that expose common mistakes, without a lake.
    async fn start(seed: u64) -> Self {
        let app = TestApp::start().await;
        sales::insert(&app.pool, seed).await;
        Self::over(app)
    }

    fn over(app: TestApp) -> Self {
        let engine = Engine::new(Reader::new(app.pool.clone()), Limits::default())
            .with_commands(Commands::new(app.pool.clone()));
        Self { app, engine }
    }

    /// Writes what the lake lacks.
    async fn write_lake(&self, options: CuratedOptions) {
        let lake = self.app.curated(options).await;
        let known: Option<Uuid> = self.app.value("SELECT max(id::text)::uuid FROM load_run").await;
        let run = match known {
            Some(run) => run,
            None => running(&self.app).await,
        };
        let prepared = prepare(&self.app, &lake, run).await.expect("something to write");
        let mut transaction = self.app.pool.begin().await.expect("a transaction");
        let committed = prepared.commit(&mut transaction).await.expect("it is decided");
        assert_eq!(committed, Committed::Yes);
        transaction.commit().await.expect("it is committed");
    }

    /// A worker that answers from the lake.
    async fn work(&self) -> Working {
        self.work_with(&OPTIONS).await
    }

    async fn work_with(&self, options: &EngineOptions) -> Working {
        let handler = self.handler(options).await;
        Working::on(&self.app, Task::LakeQuery, Arc::new(handler))
    }

    async fn handler(&self, options: &EngineOptions) -> AnswerFromLake {
        let lake = self.app.curated(PERSONS).await;
        let engine = Arc::new(LakeEngine::new(options).expect("an engine"));
        AnswerFromLake { pool: self.app.pool.clone(), lake, engine }
    }

    async fn ask(&self, query: &str) -> Value {
        self.ask_as(query, &Scope::everything()).await
    }

    async fn ask_as(&self, query: &str, scope: &Scope) -> Value {
        let mut answer = self.engine.execute(self.engine.prepare(query.into()), scope).await;
        settle(&mut answer.errors, "test");
        serde_json::from_slice(&answer.to_json().expect("JSON")).expect("JSON")
    }

    /// Asks both for the groups with these arguments, and compares the whole answers.
    async fn compare(&self, arguments: &str, selection: &str) -> Value {
        let query = |engine: &str| {
            format!("{{ salesAggregate({arguments} engine: {engine}) {{ {selection} }} }}")
        };
        let postgres = self.ask(&query("POSTGRES")).await;
        assert_eq!(postgres["errors"], Value::Null, "{arguments}: {}", postgres["errors"]);
        let mut lake = self.ask(&query("LAKE")).await;
        assert_eq!(lake["errors"], Value::Null, "{arguments}: {}", lake["errors"]);
        assert_eq!(lake["data"], postgres["data"], "{arguments} {selection}");
        lake["data"]["salesAggregate"].take()
    }

    /// The code of the only error, its message, and the extensions.
    async fn refusal(&self, arguments: &str, scope: &Scope) -> (String, String, Value) {
        let query = format!(
            "{{ salesAggregate({arguments} engine: LAKE) {{ nodes {{ measures {{ lineCount }} }} }} }}"
        );
        let mut answer = self.ask_as(&query, scope).await;
        let errors = answer["errors"].as_array().unwrap_or_else(|| panic!("no error: {arguments}"));
        assert_eq!(errors.len(), 1, "{answer}");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let code = text(&errors[0]["extensions"]["code"]);
        let message = text(&errors[0]["message"]);
        (code, message, answer["errors"][0]["extensions"].take())
    }
}

/// An engine in place of that of the worker.
fn endpoint(url: &str, token: Option<&str>) -> EngineOptions {
    let token = token.map(salesgraph::config::Secret::new);
    let endpoint = Endpoint { url: url.to_owned(), token, table: "lake.sales".to_owned() };
    EngineOptions { endpoint: Some(endpoint), ..OPTIONS }
}
