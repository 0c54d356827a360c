//! The pages built from `web/` and embedded in the binary: GraphiQL and its
//! assets. Nothing in them comes from another host.

use std::fmt::Write as _;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use rust_embed::{Embed, EmbeddedFile};

/// GraphiQL's editors and its tooltips set style attributes, its style sheet
/// carries its fonts and images as data: everything else is this host's own.
const POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; \
     style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const FOREVER: &str = "public, max-age=31536000, immutable";
const REVALIDATE: &str = "no-cache";

#[derive(Embed)]
#[folder = "$OUT_DIR/web"]
struct Web;

/// The routes of the pages: `/` leads to `/graphql`, `/assets/*` serves what
/// the page there needs. `/graphql` itself is not among them.
pub fn routes() -> Router {
    Router::new()
        .route("/", get(|| async { Redirect::temporary("/graphql") }))
        .route("/assets/{*path}", get(asset))
}

/// The page for a browser at `/graphql`: GraphiQL, or, in a binary built
/// without npm, one that says how to get it in.
pub fn graphiql_page() -> Response {
    let Some(page) = Web::get("index.html") else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, REVALIDATE),
        // The same address answers programs with JSON.
        (VARY, "accept"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
    ];
    (headers, Body::from(page.data)).into_response()
}

/// Whether GraphiQL was built into this binary.
#[must_use]
pub fn has_graphiql() -> bool {
    Web::iter().any(|name| name.starts_with("assets/"))
}

/// One embedded asset, by its path below `/assets/`; 304 for a client that has
/// it already, 404 for a name that is not there.
pub async fn asset(Path(path): Path<String>, request: HeaderMap) -> Response {
    match Web::get(&format!("assets/{path}")) {
        Some(file) => serve(&path, file, &request),
        None => (StatusCode::NOT_FOUND, "There is no such asset.\n").into_response(),
    }
}

fn serve(path: &str, file: EmbeddedFile, request: &HeaderMap) -> Response {
    let etag = strong_etag(&file.metadata.sha256_hash());
    let caching = if is_hashed(path) { FOREVER } else { REVALIDATE };
    let fresh = holds_etag(request, &etag);
    let headers =
        [(CACHE_CONTROL, caching), (ETAG, etag.as_str()), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    if fresh {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
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

/// Whether the bundler put a hash of the content into the name, as in
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

fn holds_etag(request: &HeaderMap, etag: &str) -> bool {
    elements(request, &IF_NONE_MATCH)
        .any(|held| held == "*" || held.strip_prefix("W/").unwrap_or(held) == etag)
}

/// Whether a GET asks for a page rather than for data: `text/html` is accepted
/// with a higher quality than either JSON type. Without a preference (no
/// `Accept`, `*/*`) the answer is data.
#[must_use]
pub fn wants_html(headers: &HeaderMap) -> bool {
    let html = quality(headers, "text/html");
    let json = quality(headers, "application/json")
        .max(quality(headers, "application/graphql-response+json"));
    html > json
}

/// The quality (0 to 1000) that `Accept` gives a media type by its most
/// specific range; 0 when none fits.
fn quality(headers: &HeaderMap, media_type: &str) -> u16 {
    elements(headers, &ACCEPT)
        .filter_map(|element| {
            let mut parts = element.split(';').map(str::trim);
            let specificity = specificity(parts.next()?, media_type)?;
            let weight = parts.find_map(|p| p.strip_prefix("q=").or_else(|| p.strip_prefix("Q=")));
            Some((specificity, weight.map_or(Some(1000), thousandths)?))
        })
        .max()
        .map_or(0, |(_, weight)| weight)
}

fn specificity(range: &str, media_type: &str) -> Option<u8> {
    if range.eq_ignore_ascii_case(media_type) {
        return Some(2);
    }
    match range.split_once('/')? {
        ("*", "*") => Some(0),
        (kind, "*") => {
            media_type.split_once('/').filter(|(own, _)| own.eq_ignore_ascii_case(kind)).map(|_| 1)
        }
        _ => None,
    }
}

/// `0.8` as 800; `None` for what is not a quality of at most three decimals.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let value: u16 = format!("{whole}{decimals:0<3}").parse().ok()?;
    (value <= 1000).then_some(value)
}

/// The comma-separated elements of a header, over all its lines. Neither media
/// ranges nor entity tags made here hold a comma.
fn elements<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use axum::http::{HeaderValue, Request};
    use tower::ServiceExt as _;

    use super::*;

    const FIREFOX: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

    fn accept(value: &str) -> HeaderMap {
        [(ACCEPT, HeaderValue::from_str(value).unwrap())].into_iter().collect()
    }

    async fn get_path(path: &str, etag: Option<&str>) -> Response {
        let mut request = Request::get(path);
        if let Some(etag) = etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        routes().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    #[test]
    fn browsers_want_html_and_programs_do_not() {
        assert!(wants_html(&accept(FIREFOX)));
        assert!(wants_html(&accept("text/html")));
        assert!(wants_html(&accept("TEXT/HTML;charset=utf-8, application/json;q=0.9")));
        assert!(wants_html(&accept("text/*, */*;q=0.1")));
        for data in [
            "*/*",
            "application/json",
            "application/graphql-response+json, application/json;q=0.9",
            "text/html, application/json",
            "text/html;q=0.5, application/graphql-response+json;q=0.6",
            "text/html;q=0, */*",
            "text/html;q=high",
            "",
        ] {
            assert!(!wants_html(&accept(data)), "{data}");
        }
        assert!(!wants_html(&HeaderMap::new()));
    }

    #[test]
    fn several_accept_lines_count_as_one() {
        let mut headers = accept("application/json;q=0.5");
        headers.append(ACCEPT, HeaderValue::from_static("text/html"));
        assert!(wants_html(&headers));
    }

    #[test]
    fn only_hashed_names_are_kept_forever() {
        assert!(is_hashed("graphiql-GLZXDYP5.js"));
        assert!(is_hashed("licences-986C0C4E.txt"));
        assert!(!is_hashed("graphiql.js"));
        assert!(!is_hashed("graphiql-latest.js"));
    }

    #[tokio::test]
    async fn the_page_is_locked_down_and_not_cached() {
        let page = graphiql_page();
        assert_eq!(page.status(), StatusCode::OK);
        let header = |name: HeaderName| page.headers()[name].to_str().unwrap();
        assert_eq!(header(CONTENT_TYPE), "text/html; charset=utf-8");
        assert_eq!(header(CACHE_CONTROL), "no-cache");
        assert_eq!(header(X_CONTENT_TYPE_OPTIONS), "nosniff");
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
    async fn nothing_but_assets_is_served_below_assets() {
        for path in ["/assets/none.js", "/assets/../index.html", "/assets/%2e%2e/index.html"] {
            assert_eq!(get_path(path, None).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[tokio::test]
    async fn the_root_leads_to_graphql() {
        let response = get_path("/", None).await;
        assert_eq!(response.status(), StatusCode::TEMPORARY_REDIRECT);
        assert_eq!(response.headers()["location"], "/graphql");
    }
}
