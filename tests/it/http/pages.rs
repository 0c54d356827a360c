//! The headers and addresses of the pages. What they do is tested in a browser
//! (`cli/pages.rs`).

use hyper::StatusCode;
use salesgraph::http::{RequestLimits, pages};

use crate::support::database;
use crate::support::http::TestServer;

const HTML: (&str, &str) = ("accept", "text/html");

#[tokio::test]
async fn pages_have_a_strict_policy_and_are_revalidated() {
    if !pages::are_built() {
        return;
    }
    let db = database().await;
    let server = TestServer::start(&db, RequestLimits::default()).await;
    for path in ["/", "/docs", "/docs/aggregates", "/docs/decisions/README", "/docs/api/SalesOrder"]
    {
        let page = server.request("GET", path, &[HTML], "").await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{path}");
        assert_eq!(page.header("cache-control"), "no-cache", "{path}");
        let policy = page.header("content-security-policy");
        for part in [
            "default-src 'none'",
            "script-src 'self';",
            "style-src 'self';",
            "connect-src 'self';",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert!(!page.text.contains("<style") && !page.text.contains(" style="), "{path}");
        assert!(!page.text.contains("{{") && !page.text.contains("[["), "{path}");

        let held = [HTML, ("if-none-match", page.header("etag"))];
        let again = server.request("GET", path, &held, "").await;
        assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""), "{path}");
    }
    server.stop().await;
}

#[tokio::test]
async fn other_addresses_are_no_pages() {
    if !pages::are_built() {
        return;
    }
    let db = database().await;
    let server = TestServer::start(&db, RequestLimits::default()).await;
    for (path, root) in [
        ("/docs/none", "../"),
        ("/docs/api/None", "../../"),
        ("/docs/%2e%2e/dashboard", "../../"),
        ("/docs/querying.html", "../"),
        ("/docs/search.json", "../"),
    ] {
        let page = server.request("GET", path, &[HTML], "").await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        // Relative, as a proxy may have the server below a path.
        assert!(page.text.contains(&format!("href=\"{root}docs\"")), "{path}: {}", page.text);
        assert!(page.text.contains(&format!("href=\"{root}\"")), "{path}: {}", page.text);
        assert!(page.text.contains("There is no such page"), "{path}: {}", page.text);
        assert_eq!(page.header("cache-control"), "no-store", "{path}");
    }
    for path in ["/docs/", "/docs/index"] {
        let moved = server.get(path).await;
        let found = (moved.status, moved.header("location"));
        assert_eq!(found, (StatusCode::PERMANENT_REDIRECT, "../docs"), "{path}");
    }
    let names = server.get("/docs/api/search.json").await;
    let found = (names.status, names.header("content-type"), names.header("cache-control"));
    assert_eq!(found, (StatusCode::OK, "application/json", "no-cache"));
    assert!(names.text.contains("LoadRejectConnection"));
    assert_eq!(server.request("POST", "/", &[], "").await.status, StatusCode::METHOD_NOT_ALLOWED);
    server.stop().await;
}
