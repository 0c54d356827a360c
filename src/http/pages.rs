//! The pages built from `web/` and embedded in the binary: GraphiQL and its
//! assets. They load nothing from other hosts.

use std::fmt::Write as _;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use rust_embed::{Embed, EmbeddedFile};

use super::cache::etag;

/// GraphiQL's editors and tooltips set style attributes, and its style sheet embeds
/// fonts and images as data; everything else comes from this host.
const POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; \
     style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const FOREVER: &str = "public, max-age=31536000, immutable";
const REVALIDATE: &str = "no-cache";

#[derive(Embed)]
#[folder = "$OUT_DIR/web"]
struct Web;

/// The routes of the pages: `/` redirects to `/graphql`, `/assets/*` serves the
/// files of the page there. `/graphql` itself is not among them.
pub fn routes() -> Router {
    Router::new()
        .route("/", get(|| async { Redirect::temporary("/graphql") }))
        .route("/assets/{*path}", get(asset))
}

/// The page for a browser at `/graphql`: GraphiQL, or, in a binary built without
/// npm, one that says how to include it.
pub fn graphiql_page() -> Response {
    let Some(page) = Web::get("index.html") else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, REVALIDATE),
        // The same URL responds to programs with JSON.
        (VARY, "accept"),
        (CONTENT_SECURITY_POLICY, POLICY),
    ];
    (headers, Body::from(page.data)).into_response()
}

/// The page for a browser if GraphiQL's queries would be rejected.
pub fn no_graphiql_page() -> Response {
    let page = "GraphiQL is off: this server executes trusted documents only.\n";
    (StatusCode::FORBIDDEN, [(VARY, "accept"), (CACHE_CONTROL, "no-store")], page).into_response()
}

/// Whether GraphiQL was built into this binary.
#[must_use]
pub fn has_graphiql() -> bool {
    Web::iter().any(|name| name.starts_with("assets/"))
}

/// One embedded asset, by its path below `/assets/`; 304 for a client that has it,
/// 404 for an unknown name.
pub async fn asset(Path(path): Path<String>, request: HeaderMap) -> Response {
    match Web::get(&format!("assets/{path}")) {
        Some(file) => serve(&path, file, &request),
        None => (StatusCode::NOT_FOUND, "No such asset.\n").into_response(),
    }
}

fn serve(path: &str, file: EmbeddedFile, request: &HeaderMap) -> Response {
    let etag = strong_etag(&file.metadata.sha256_hash());
    let caching = if is_hashed(path) { FOREVER } else { REVALIDATE };
    let matching = HeaderValue::from_str(&etag).ok().and_then(|tag| etag::matching(request, &tag));
    let headers = [(CACHE_CONTROL, caching), (ETAG, etag.as_str())];
    if let Some(tag) = matching {
        return (StatusCode::NOT_MODIFIED, headers, [(ETAG, tag)]).into_response();
    }
    let content_type = with_charset(file.metadata.mimetype());
    (headers, [(CONTENT_TYPE, content_type)], Body::from(file.data)).into_response()
}

fn strong_etag(hash: &[u8]) -> String {
    let mut etag = String::from("\"");
    for byte in hash.iter().take(16) {
        // Writing to a String cannot fail.
        let _ = write!(etag, "{byte:02x}");
    }
    etag.push('"');
    etag
}

/// Whether the bundler added a hash of the content to the name, as in
/// `graphiql-GLZXDYP5.js`.
fn is_hashed(path: &str) -> bool {
    let stem = path.split('.').next().unwrap_or(path);
    stem.rsplit_once('-').is_some_and(|(_, hash)| {
        hash.len() == 8 && hash.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    })
}

fn with_charset(mime: &str) -> String {
    if mime.starts_with("text/") { format!("{mime}; charset=utf-8") } else { mime.to_owned() }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use axum::http::header::IF_NONE_MATCH;
    use axum::http::{HeaderName, Request};
    use tower::ServiceExt as _;

    use super::*;

    async fn get_path(path: &str, etag: Option<&str>) -> Response {
        let mut request = Request::get(path);
        if let Some(etag) = etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        routes().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    #[test]
    fn only_hashed_names_are_cached_forever() {
        assert!(is_hashed("graphiql-GLZXDYP5.js"));
        assert!(is_hashed("licences-986C0C4E.txt"));
        assert!(!is_hashed("graphiql.js"));
        assert!(!is_hashed("graphiql-latest.js"));
    }

    #[tokio::test]
    async fn the_page_has_a_strict_policy_and_is_revalidated() {
        let page = graphiql_page();
        assert_eq!(page.status(), StatusCode::OK);
        let header = |name: HeaderName| page.headers()[name].to_str().unwrap();
        assert_eq!(header(CONTENT_TYPE), "text/html; charset=utf-8");
        assert_eq!(header(CACHE_CONTROL), "no-cache");
        assert!(header(CONTENT_SECURITY_POLICY).contains("frame-ancestors 'none'"));
        let body = to_bytes(page.into_body(), 1 << 20).await.unwrap();
        assert!(String::from_utf8_lossy(&body).contains("schema.graphql"));
    }

    #[tokio::test]
    async fn every_asset_is_served_and_revalidated() {
        for name in Web::iter().filter(|name| name.starts_with("assets/")) {
            let full = get_path(&format!("/{name}"), None).await;
            assert_eq!(full.status(), StatusCode::OK, "{name}");
            assert_eq!(full.headers()[CACHE_CONTROL], FOREVER, "{name}");
            assert!(full.headers()[CONTENT_TYPE].to_str().unwrap().starts_with("text/"), "{name}");
            let etag = full.headers()[ETAG].to_str().unwrap().to_owned();

            let held = format!("\"other\", W/{etag}");
            let again = get_path(&format!("/{name}"), Some(&held)).await;
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{name}");
            assert!(to_bytes(again.into_body(), 1).await.unwrap().is_empty());
        }
    }

    #[tokio::test]
    async fn only_assets_are_served_below_assets() {
        for path in ["/assets/none.js", "/assets/../index.html", "/assets/%2e%2e/index.html"] {
            assert_eq!(get_path(path, None).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[tokio::test]
    async fn the_root_redirects_to_graphql() {
        let response = get_path("/", None).await;
        assert_eq!(response.status(), StatusCode::TEMPORARY_REDIRECT);
        assert_eq!(response.headers()["location"], "/graphql");
    }
}
