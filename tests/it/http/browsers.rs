//! Browsers: compression and CORS.

use std::io::Read as _;

use hyper::StatusCode;
use salesgraph::config::CorsOrigins;

use crate::support::http::{TestServer, state};
use crate::support::{TestDb, database};

const DATA: &str = "/graphql?query=%7B__typename%7D";
const APP: &str = "https://app.example";

async fn start(origins: CorsOrigins) -> (TestDb, TestServer) {
    let db = database().await;
    let state = state(&db.pool, Default::default());
    let server = TestServer::serve(state.with_cors_origins(origins)).await;
    (db, server)
}

#[tokio::test]
async fn large_answers_are_compressed_for_clients_that_accept_it() {
    let (_db, server) = start(CorsOrigins::None).await;
    let get = async |path: &str, accepted: &str| {
        let headers = [("accept-encoding", accepted)];
        let answer = server.request("GET", path, &headers, "").await;
        assert_eq!(answer.status, StatusCode::OK);
        answer
    };
    let sdl = salesgraph::graphql::sdl();
    for accepted in ["identity", "zstd", "gzip;q=0"] {
        let answer = get("/schema.graphql", accepted).await;
        assert_eq!((answer.text.as_str(), answer.header("content-encoding")), (&*sdl, ""));
        assert_eq!(answer.header("vary"), "accept-encoding");
    }
    let answer = get("/schema.graphql", "gzip").await;
    assert_eq!(answer.header("content-encoding"), "gzip");
    assert!(answer.bytes.len() < sdl.len() / 2);
    let mut text = String::new();
    flate2::read::GzDecoder::new(&*answer.bytes).read_to_string(&mut text).unwrap();
    assert_eq!(text, sdl);

    let answer = get("/schema.graphql", "gzip, deflate, br").await;
    assert_eq!(answer.header("content-encoding"), "br");
    assert!(answer.bytes.len() < sdl.len() / 2);

    let introspection = "/graphql?query=%7B__schema%7Btypes%7Bname%20description%7D%7D%7D";
    let answer = get(introspection, "gzip").await;
    assert_eq!(answer.header("content-encoding"), "gzip");
    let varies: Vec<_> = answer.headers.get_all("vary").iter().collect();
    assert_eq!(varies, ["accept", "accept-encoding"]);
    assert_eq!(get(DATA, "gzip, br").await.header("content-encoding"), "", "it is small");
    server.stop().await;
}

#[tokio::test]
async fn pages_of_other_origins_read_nothing_unless_allowed() {
    for (origins, app, other) in [
        (CorsOrigins::None, "", ""),
        (CorsOrigins::These(vec!["http://localhost:3000".to_owned(), APP.to_owned()]), APP, ""),
        (CorsOrigins::Any, "*", "*"),
    ] {
        let (_db, server) = start(origins.clone()).await;
        for (origin, allowed) in [(APP, app), ("https://other.example", other)] {
            let answer = server.request("GET", DATA, &[("origin", origin)], "").await;
            assert_eq!(answer.status, StatusCode::OK);
            assert_eq!(answer.header("access-control-allow-origin"), allowed, "{origins:?}");
            assert_eq!(answer.header("access-control-allow-credentials"), "");
            // Likewise for refusals.
            let answer = server.request("POST", "/graphql", &[("origin", origin)], "").await;
            assert_eq!(answer.header("access-control-allow-origin"), allowed, "{origins:?}");
        }
        server.stop().await;
    }
}

#[tokio::test]
async fn preflights_answer_what_browsers_may_send() {
    let (_db, server) = start(CorsOrigins::These(vec![APP.to_owned()])).await;
    let preflight = [
        ("origin", APP),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type,apollographql-client-name"),
    ];
    let answer = server.request("OPTIONS", "/graphql", &preflight, "").await;
    assert_eq!(answer.status, StatusCode::OK);
    for (name, value) in [
        ("access-control-allow-origin", APP),
        ("access-control-allow-methods", "GET,POST"),
        ("access-control-allow-headers", "content-type,apollographql-client-name"),
        ("access-control-max-age", "7200"),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    let answer = server.request("GET", DATA, &[("origin", APP)], "").await;
    let exposed = "etag,retry-after,x-request-id,ratelimit,ratelimit-policy";
    assert_eq!(answer.header("access-control-expose-headers"), exposed);

    // Another site's host name is refused even if it resolves to this machine.
    for method in ["OPTIONS", "GET"] {
        let answer = server.request_as("app.example", method, DATA, &preflight, "").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert_eq!(answer.header("access-control-allow-origin"), "");
    }
    server.stop().await;

    let (_db, server) = start(CorsOrigins::None).await;
    let answer = server.request("OPTIONS", "/graphql", &preflight, "").await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    server.stop().await;
}
