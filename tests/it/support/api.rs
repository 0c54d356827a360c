//! The API over a database for one test alone, without HTTP.

use async_graphql::{Request, Variables};
use salesgraph::auth::Scope;
use salesgraph::graphql::errors::settle;
use salesgraph::graphql::{Engine, Limits};
use salesgraph::query::Reader;
use serde_json::Value;

use super::{TestDb, database, fixture};

pub(crate) struct Api {
    pub(crate) engine: Engine,
    pub(crate) db: TestDb,
}

impl Api {
    pub(crate) async fn start() -> Self {
        let db = database().await;
        fixture::insert(&db.pool).await;
        Self::over(db).await
    }

    /// The API over existing rows.
    pub(crate) async fn over(db: TestDb) -> Self {
        let engine = Engine::new(Reader::new(db.pool.clone()), Limits::default());
        // Initial lookups must not show in the statements that a test records.
        ask(&engine, "{ __typename }").await;
        Self { engine, db }
    }

    /// Data and errors.
    pub(crate) async fn ask(&self, query: &str) -> Value {
        ask(&self.engine, query).await
    }

    /// The data of a query that must succeed.
    pub(crate) async fn data(&self, query: &str) -> Value {
        let mut answer = self.ask(query).await;
        assert_eq!(answer["errors"], Value::Null, "{query}");
        answer["data"].take()
    }

    /// Data and errors with these variables.
    pub(crate) async fn ask_with(&self, query: &str, variables: Value) -> Value {
        let variables = Variables::from_json(variables);
        ask(&self.engine, Request::new(query).variables(variables)).await
    }

    /// Code and argument of the only error.
    pub(crate) async fn refusal(&self, query: &str) -> (String, String) {
        let answer = self.ask(query).await;
        let errors = answer["errors"].as_array().unwrap_or_else(|| panic!("no error: {query}"));
        assert_eq!(errors.len(), 1, "{answer}");
        let text =
            |name: &str| errors[0]["extensions"][name].as_str().unwrap_or_default().to_owned();
        (text("code"), text("argument"))
    }
}

/// The response to a request as a client sees it.
pub(crate) async fn ask(engine: &Engine, request: impl Into<Request>) -> Value {
    let mut answer = engine.execute(engine.prepare(request.into()), &Scope::everything()).await;
    settle(&mut answer.errors, "test");
    serde_json::from_slice(&answer.to_json().unwrap()).unwrap()
}
