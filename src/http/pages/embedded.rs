//! The files that `web/` was built into, embedded in the binary, and how each is served.

use std::fmt::Write as _;

use axum::body::Body;
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use rust_embed::{Embed, EmbeddedFile};

use crate::http::cache::etag;

const FOREVER: &str = "public, max-age=31536000, immutable";
pub(super) const REVALIDATE: &str = "no-cache";

#[derive(Embed)]
#[folder = "$OUT_DIR/web"]
struct Web;

/// The file of this path, if the build has it.
pub(super) fn file(path: &str) -> Option<EmbeddedFile> {
    Web::get(path)
}

/// The paths of all files.
pub(super) fn paths() -> impl Iterator<Item = String> {
    Web::iter().map(String::from)
}

/// One asset, by its path below `/assets/`; 304 for a client that has it, 404 for an unknown
/// name.
pub(super) async fn asset(Path(path): Path<String>, request: HeaderMap) -> Response {
    match file(&format!("assets/{path}")) {
        Some(file) => serve(&path, file, &request),
        None => (StatusCode::NOT_FOUND, "No such asset.\n").into_response(),
    }
}

/// A file without a hash in its name; it is revalidated each time it is asked for.
pub(super) fn revalidated(path: &str, file: EmbeddedFile, request: &HeaderMap) -> Response {
    serve(path, file, request)
}

/// A page under this policy; it is revalidated each time it is opened.
pub(super) fn page(file: EmbeddedFile, policy: &'static str, request: &HeaderMap) -> Response {
    let mut response = serve("page.html", file, request);
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

fn serve(path: &str, file: EmbeddedFile, request: &HeaderMap) -> Response {
    let etag = strong_etag(&file.metadata.sha256_hash());
    let caching = if is_hashed(path) { FOREVER } else { REVALIDATE };
    let matching =
        HeaderValue::from_str(&etag).ok().and_then(|tag| etag::matching_tag(request, &tag));
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
    use axum::Router;
    use axum::body::to_bytes;
    use axum::http::Request;
    use axum::http::header::IF_NONE_MATCH;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    async fn get_path(path: &str, etag: Option<&str>) -> Response {
        let mut request = Request::get(path);
        if let Some(etag) = etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        let routes = Router::new().route("/assets/{*path}", get(asset));
        routes.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    #[test]
    fn only_hashed_names_are_cached_forever() {
        assert!(is_hashed("graphiql-GLZXDYP5.js"));
        assert!(is_hashed("licences-986C0C4E.txt"));
        assert!(!is_hashed("graphiql.js"));
        assert!(!is_hashed("graphiql-latest.js"));
        assert!(!is_hashed("page.html"));
    }

    #[tokio::test]
    async fn every_asset_is_served_and_revalidated() {
        for name in paths().filter(|name| name.starts_with("assets/")) {
            let full = get_path(&format!("/{name}"), None).await;
            assert_eq!(full.status(), StatusCode::OK, "{name}");
            assert_eq!(full.headers()[CACHE_CONTROL], FOREVER, "{name}");
            let content_type = full.headers()[CONTENT_TYPE].to_str().unwrap();
            let known = ["application/json", "image/svg+xml"];
            let of_text = content_type.starts_with("text/") || known.contains(&content_type);
            assert!(of_text, "{name}: {content_type}");
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
}
