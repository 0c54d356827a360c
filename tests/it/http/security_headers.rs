//! Headers that tell browsers to be careful, on whatever is answered.

use hyper::StatusCode;
use salesgraph::http::{RequestLimits, pages};

use crate::support::database;
use crate::support::http::TestServer;

const HEADERS: [(&str, &str); 4] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// Of a build without the pages the root leads to GraphiQL's address, which says so.
fn root() -> StatusCode {
    if pages::are_built() { StatusCode::OK } else { StatusCode::TEMPORARY_REDIRECT }
}

fn missing() -> StatusCode {
    if pages::are_built() { StatusCode::NOT_FOUND } else { StatusCode::TEMPORARY_REDIRECT }
}

#[tokio::test]
async fn every_response_has_them_and_none_names_the_program() {
    let db = database().await;
    let server = TestServer::start(&db, RequestLimits::default()).await;
    for (host, path, accept, status) in [
        ("localhost", "/graphql", "text/html", StatusCode::OK),
        ("localhost", "/graphql?query=%7B__typename%7D", "*/*", StatusCode::OK),
        ("localhost", "/graphql", "text/csv", StatusCode::NOT_ACCEPTABLE),
        ("localhost", "/schema.graphql", "*/*", StatusCode::OK),
        ("localhost", "/health/live", "*/*", StatusCode::OK),
        ("localhost", "/", "*/*", root()),
        ("localhost", "/docs/none", "text/html", missing()),
        ("localhost", "/assets/none.js", "*/*", StatusCode::NOT_FOUND),
        ("localhost", "/none", "*/*", StatusCode::NOT_FOUND),
        ("attacker.example", "/graphql", "*/*", StatusCode::FORBIDDEN),
    ] {
        let headers = [("accept", accept)];
        let answer = server.request_as(host, "GET", path, &headers, "").await;
        assert_eq!(answer.status, status, "{path}");
        for (name, value) in HEADERS {
            assert_eq!(answer.header(name), value, "{name} of {path}");
        }
        for name in ["server", "x-powered-by", "strict-transport-security"] {
            assert_eq!(answer.header(name), "", "{name} of {path}");
        }
        if status != StatusCode::OK {
            assert!(!answer.text.contains(env!("CARGO_PKG_VERSION")), "{}", answer.text);
            assert!(!answer.text.contains("axum"), "{}", answer.text);
        }
    }
    let page = server.request("GET", "/graphql", &[("accept", "text/html")], "").await;
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
    assert!(!policy.contains("unsafe-eval"), "{policy}");
    server.stop().await;
}
