//! The schema over a database of a test's own, asked without HTTP.

use async_graphql::{Request, Variables};
use salesgraph::auth::Scope;
use salesgraph::graphql::errors::settle;
use salesgraph::graphql::{self, Limits, Prepared, Schema};
use salesgraph::query::Reader;
use serde_json::Value;

use super::{TestDb, database, fixture};

pub(crate) struct Api {
    pub(crate) schema: Schema,
    pub(crate) db: TestDb,
}

impl Api {
    pub(crate) async fn start() -> Self {
        let db = database().await;
        fixture::insert(&db.pool).await;
        let schema = graphql::schema(Reader::new(db.pool.clone()), Limits::default());
        Self { schema, db }
    }

    /// Data and errors.
    pub(crate) async fn ask(&self, query: &str) -> Value {
        ask(&self.schema, query).await
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
        ask(&self.schema, Request::new(query).variables(variables)).await
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

/// What a request gives, as a client sees it.
pub(crate) async fn ask(schema: &Schema, request: impl Into<Request>) -> Value {
    let request = request.into().data(Scope::All);
    let mut response = Prepared::new(request).execute(schema).await;
    settle(&mut response, "test");
    serde_json::to_value(response).unwrap()
}
