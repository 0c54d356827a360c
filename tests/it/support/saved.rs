//! A server with access control, and callers who save queries and download their files.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use salesgraph::auth::api_key::{self, NewApiKey};
use salesgraph::auth::{Access, ApiKeys, Grants, RefreshTimes, Scope};
use serde_json::{Value as Json, json};

use super::TestApp;
use super::commands::state_with_commands;
use super::fixture;
use super::http::{Answer, TestServer};

/// All that is needed to save queries and to see everything.
pub(crate) const ALL: &str =
    "sales:read persons:read reports:read reports:write loads:read loads:write";

pub(crate) struct Saved {
    pub(crate) app: TestApp,
    pub(crate) server: TestServer,
}

/// Who calls, by an API key.
pub(crate) struct Caller<'a> {
    saved: &'a Saved,
    pub(crate) key: String,
}

impl Saved {
    /// Over the fixture.
    pub(crate) async fn start() -> Self {
        let app = TestApp::start().await;
        fixture::insert(&app.pool).await;
        let access =
            Access::control(&[], Some(ApiKeys::new(app.pool.clone())), RefreshTimes::default());
        let access = access.await.expect("access control");
        let server = TestServer::serve(state_with_commands(&app).with_access(access)).await;
        Self { app, server }
    }

    pub(crate) async fn caller(
        &self,
        org: Option<&str>,
        grants: &str,
        territories: Option<Vec<i32>>,
    ) -> Caller<'_> {
        let scope = Scope::new(org.map(str::to_owned), Grants::known_in(grants), territories);
        let key = NewApiKey { name: "test", scope, expires: None };
        let (_, key) = api_key::create(&self.app.pool, &key).await.expect("a key");
        Caller { saved: self, key }
    }
}

impl Caller<'_> {
    pub(crate) async fn ask(&self, query: &str, variables: Json) -> Json {
        let bearer = format!("Bearer {}", self.key);
        let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
        let body = json!({ "query": query, "variables": variables }).to_string();
        self.saved.server.request("POST", "/graphql", &headers, &body).await.json()
    }

    /// Saves a query: data and errors.
    pub(crate) async fn try_save(&self, name: &str, document: &str) -> Json {
        let query = "mutation($input: SaveQueryInput!) { saveQuery(input: $input) {
            savedQuery { id name document operationName createdBy } } }";
        self.ask(query, json!({ "input": { "name": name, "document": document } })).await
    }

    pub(crate) async fn save(&self, name: &str, document: &str) -> Json {
        let answer = self.try_save(name, document).await;
        assert_eq!(answer["errors"], Json::Null, "{answer}");
        answer["data"]["saveQuery"]["savedQuery"].clone()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &[]).await
    }

    pub(crate) async fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        // As Excel and Power BI send it.
        let basic = format!("Basic {}", STANDARD.encode(format!("key:{}", self.key)));
        let mut all = vec![("authorization", basic.as_str())];
        all.extend_from_slice(headers);
        self.saved.server.request(method, path, &all, "").await
    }
}
