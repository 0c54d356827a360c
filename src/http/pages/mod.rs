//! The pages built from `web/` and embedded in the binary: the dashboard at `/`, the
//! documentation below `/docs`, GraphiQL at `/graphql`, and their assets. They load nothing
//! from other hosts, and ask for data at `/graphql` only.

mod embedded;
mod not_found;
mod policy;
mod without_api;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;

use self::policy::{GRAPHIQL_POLICY, POLICY};
use super::state::AppState;

/// Where the build has the pages of types, which tell of the schema.
const OF_SCHEMA: &str = "api/";
/// What the search finds in them.
const SEARCH_OF_SCHEMA: &str = "api/search.json";
/// The page at `/docs`.
const START: &str = "index";

/// The routes of the pages but for `/graphql`, which has data, too.
pub(super) fn routes(state: Arc<AppState>) -> Router {
    Router::new()
        .route("/", get(dashboard))
        .route("/docs", get(docs_start))
        // Relative, for a server behind a path of its own.
        .route("/docs/", get(|| async { Redirect::permanent("../docs") }))
        .route("/docs/{*path}", get(docs))
        .with_state(state)
        .route("/assets/{*path}", get(embedded::asset))
}

/// The dashboard. In a binary built without npm, GraphiQL's address, where a page says so;
/// relative, as all addresses are, for a server behind a path of its own.
async fn dashboard(State(state): State<Arc<AppState>>, request: HeaderMap) -> Response {
    let Some(page) = embedded::file("dashboard.html") else {
        return Redirect::temporary("graphql").into_response();
    };
    if !state.documents.accept_untrusted() {
        return off("The dashboard");
    }
    embedded::page(page, POLICY, &request)
}

async fn docs_start(State(state): State<Arc<AppState>>, uri: Uri, request: HeaderMap) -> Response {
    document(&state, START, &uri, &request)
}

async fn docs(
    State(state): State<Arc<AppState>>,
    Path(path): Path<String>,
    uri: Uri,
    request: HeaderMap,
) -> Response {
    // It is at `/docs`: from here its links would lead elsewhere.
    if path == START {
        return Redirect::permanent("../docs").into_response();
    }
    document(&state, &path, &uri, &request)
}

/// A page of the documentation. What tells of the schema is there where clients may ask for
/// the schema.
fn document(state: &AppState, path: &str, uri: &Uri, request: &HeaderMap) -> Response {
    let tells_schema = state.engine.limits().introspection;
    if path.starts_with(OF_SCHEMA) && !tells_schema {
        return not_found::answer(uri);
    }
    if path == SEARCH_OF_SCHEMA {
        return embedded::file(&format!("docs/{path}")).map_or_else(
            || not_found::answer(uri),
            |file| embedded::revalidated(path, file, request),
        );
    }
    match embedded::file(&format!("docs/{path}.html")) {
        Some(page) if tells_schema => embedded::page(page, POLICY, request),
        Some(page) => without_api::page(&page.data),
        None => not_found::answer(uri),
    }
}

/// The page for a browser at `/graphql`: GraphiQL, or, in a binary built without
/// npm, one that says how to include it.
pub(super) fn graphiql() -> Response {
    let Some(page) = embedded::file("index.html") else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, embedded::REVALIDATE),
        // The same URL responds to programs with JSON.
        (VARY, "accept"),
        (CONTENT_SECURITY_POLICY, GRAPHIQL_POLICY),
    ];
    (headers, Body::from(page.data)).into_response()
}

/// The page for a browser if GraphiQL's queries would be rejected.
pub(super) fn no_graphiql() -> Response {
    off("GraphiQL")
}

fn off(what: &str) -> Response {
    let page = format!("{what} is off: this server executes trusted documents only.\n");
    (StatusCode::FORBIDDEN, [(VARY, "accept"), (CACHE_CONTROL, "no-store")], page).into_response()
}

/// Whether the pages were built into this binary.
#[must_use]
pub fn are_built() -> bool {
    embedded::paths().any(|path| path.starts_with("assets/"))
}
