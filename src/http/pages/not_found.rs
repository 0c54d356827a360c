//! The answer to an address below `/docs` that is none.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};

use super::embedded;
use super::policy::POLICY;

/// The page that says so. In a binary built without npm, GraphiQL's address, where a page tells
/// why.
pub(super) fn answer(uri: &Uri) -> Response {
    let root = way_to_root(uri.path());
    let Some(page) = embedded::file("not-found.html") else {
        return Redirect::temporary(&format!("{root}graphql")).into_response();
    };
    let text = String::from_utf8_lossy(&page.data).replace("[[ROOT]]", &root);
    let headers = [
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (CONTENT_TYPE, "text/html; charset=utf-8"),
    ];
    (StatusCode::NOT_FOUND, headers, Body::from(text)).into_response()
}

/// The way from an address to the root of the server, which a proxy may have below a path.
fn way_to_root(path: &str) -> String {
    match path.matches('/').count() {
        0 | 1 => "./".to_owned(),
        folders => "../".repeat(folders.saturating_sub(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_leads_to_the_root() {
        assert_eq!(way_to_root("/docs"), "./");
        assert_eq!(way_to_root("/docs/none"), "../");
        assert_eq!(way_to_root("/docs/api/None"), "../../");
        assert_eq!(way_to_root("/docs/a%2Fb"), "../", "is one part to a browser");
    }
}
