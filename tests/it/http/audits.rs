//! Conformance with GraphQL over HTTP by the audits of `graphql-http`, driven by
//! `tests/clients/audit.mjs`.

use salesgraph::http::RequestLimits;

use crate::support::database;
use crate::support::http::TestServer;
use crate::support::npm::{Clients, said};

/// All audits count: MUST, SHOULD and MAY.
#[tokio::test]
async fn every_audit_of_graphql_over_http_passes() {
    let Some(clients) = Clients::installed("audits of GraphQL over HTTP").await else { return };
    let db = database().await;
    let server = TestServer::start(&db, RequestLimits::default()).await;
    let url = format!("http://{}/graphql", server.address);
    let output = clients.run("audit.mjs", &[&url]).await;
    assert!(output.status.success(), "{}", said(&output));
    server.stop().await;
}
