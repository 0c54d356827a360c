//! The API as a subgraph of Apollo Federation.

mod entities;
mod gateway;
mod refuse;
mod schema;
mod served;

use async_graphql::{Request, Variables};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use salesgraph::auth::Scope;
use salesgraph::graphql::errors::settle;
use salesgraph::graphql::{Engine, Limits};
use salesgraph::query::Reader;
use serde_json::{Value, json};

use crate::support::{Api, TestDb, ask};

/// A subgraph over the rows of a fixture, without HTTP.
struct Subgraph {
    engine: Engine,
    db: TestDb,
}

impl Subgraph {
    async fn start() -> Self {
        Self::with(Limits::default()).await
    }

    async fn with(limits: Limits) -> Self {
        let Api { db, .. } = Api::start().await;
        let engine = Engine::new(Reader::new(db.pool.clone()), limits).as_subgraph();
        // Initial lookups must not show in the statements that a test records.
        ask(&engine, "{ __typename }").await;
        Self { engine, db }
    }

    /// The answer to what a router sends: a selection on the entities of representations.
    async fn entities(&self, selection: &str, representations: Value) -> Value {
        self.entities_as(&Scope::everything(), selection, representations).await
    }

    /// Likewise, of a caller with this scope.
    async fn entities_as(&self, scope: &Scope, selection: &str, representations: Value) -> Value {
        let query = format!(
            "query Products__salesgraph__1($representations: [_Any!]!) {{
                 _entities(representations: $representations) {{ {selection} }} }}"
        );
        let variables = Variables::from_json(json!({ "representations": representations }));
        let request = Request::new(query).variables(variables);
        let mut answer = self.engine.execute(self.engine.prepare(request), scope).await;
        settle(&mut answer.errors, "test");
        serde_json::from_slice(&answer.to_json().unwrap()).unwrap()
    }
}

/// The global id of a row.
fn id(of: &str, key: &[&str]) -> String {
    URL_SAFE_NO_PAD.encode(format!("{of}:{}", key.join(":")))
}

/// A representation of a product.
fn product(number: i64) -> Value {
    json!({ "__typename": "Product", "productId": number })
}
