//! `/q/NAME.csv` and the like: the rows of saved queries as files, for programs that read from
//! a URL.

mod body;
mod credentials;
mod refusal;
mod target;

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, ETAG, VARY};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Extension, Router};
use tokio::time::timeout;

use self::body::Held;
use self::credentials::as_bearer;
use self::refusal::Refused;
use self::target::Target;
use super::authentication::authenticate;
use super::cache::etag;
use super::cache::file_key::FileKey;
use super::rate_limit::{Meter, OperationMeter};
use super::request_log::request_id;
use super::response::rejection::Rejection;
use super::state::AppState;
use crate::auth::Principal;
use crate::db::data_version::DataVersion;
use crate::error::{Code, Error};
use crate::graphql::{ExportRequest, Hooks as _, OpenOptions, SavedQuery};
use crate::telemetry::metrics::{CacheOutcome, operation};

type Shared = Arc<AppState>;

/// The routes of saved queries.
pub(super) fn routes(state: Shared) -> Router {
    Router::new().route("/q/{file}", get(answer)).with_state(state)
}

async fn answer(
    State(state): State<Shared>,
    Extension(meter): Extension<Arc<Meter>>,
    Path(file): Path<String>,
    request: Request,
) -> Response {
    let (head, _) = request.into_parts();
    let asked = Asked { state: &state, meter: &meter, head: &head };
    let answered = Box::pin(asked.answer(&file)).await;
    answered.unwrap_or_else(|error| error.respond(request_id(&head.headers)))
}

/// A request.
#[derive(Clone, Copy)]
struct Asked<'a> {
    state: &'a Shared,
    meter: &'a Arc<Meter>,
    head: &'a Parts,
}

/// What is asked for.
struct Wanted {
    target: Target,
    query: SavedQuery,
    export: ExportRequest,
}

impl Asked<'_> {
    async fn answer(self, file: &str) -> Result<Response, Refused> {
        let Self { state, meter, head } = self;
        let principal = authenticate(state, &as_bearer(&head.headers)).await?;
        meter.count_token(&principal).map_err(Rejection::from)?;
        let charge = OperationMeter::new(meter, &principal);
        let limit = state.limits.execution_time;
        let late = |_| Rejection::timeout(limit);
        let found = timeout(limit, self.find(file, &principal)).await.map_err(late)?;
        let wanted = match found {
            Ok(wanted) => wanted,
            Err(error) => {
                charge.settle();
                return Err(error);
            }
        };
        meter.observation.is_operation(operation(&wanted.target.name));
        let export = state.engine.export(&wanted.export, &principal.scope).await?;
        let is_volatile = export.is_volatile();
        let version = state.cache.versions().await.map(|versions| versions.all);
        if !is_volatile
            && let Some(version) = version
            && let Some(tag) = state.cache.file_tag(&wanted.key(version, &principal))
            && let Some(tag) = etag::matching_tag(&head.headers, &tag)
        {
            charge.charge_least().map_err(Rejection::from)?;
            meter.observation.cache_did(CacheOutcome::NotModified);
            let mut response = StatusCode::NOT_MODIFIED.into_response();
            describe(response.headers_mut(), Some(tag));
            return Ok(response);
        }
        charge.charge(export.cost()).map_err(|error| vec![error])?;
        let share = state.concurrency.share(&principal)?;
        let slot = Arc::clone(&state.downloads).try_acquire_owned();
        let slot = slot.map_err(|_| Rejection::too_many_open("files"))?;
        let mut response = if head.method == Method::HEAD {
            let mut response = StatusCode::OK.into_response();
            let versions = state.cache.versions().await.filter(|_| !is_volatile);
            let key = versions.map(|versions| wanted.key(versions.all, &principal));
            describe(response.headers_mut(), key.and_then(|key| state.cache.file_tag(&key)));
            response
        } else {
            let options = OpenOptions { time_limit: Some(state.limits.file_time) };
            let export = export.at(version).await;
            let opened = timeout(limit, export.open(wanted.target.encoding, options));
            let encoded = opened.await.map_err(late)??;
            let key = (!is_volatile).then(|| wanted.key(encoded.version, &principal));
            let tag = key.and_then(|key| state.cache.file_tag(&key));
            let held = Held { _share: share, _slot: slot };
            let body = body::of(encoded, held, request_id(&head.headers)).await?;
            let mut response = body.into_response();
            describe(response.headers_mut(), tag);
            response
        };
        name(response.headers_mut(), &wanted.target);
        Ok(response)
    }

    /// The saved query, with its parameters as variables.
    async fn find(self, file: &str, principal: &Principal) -> Result<Wanted, Refused> {
        let Self { state, head, .. } = self;
        let (target, parameters) = Target::of(file, &head.uri)?;
        let found = state.engine.saved_query(&target.name, &principal.scope).await?;
        let query = found.ok_or_else(|| {
            Error::new(Code::NotFound, format!("there is no saved query {}", target.name))
        })?;
        let variables = state.engine.parameters(&query, &parameters)?;
        let (document, operation) = (query.document.clone(), query.operation.clone());
        let export = ExportRequest { document, operation, variables, columns: None };
        Ok(Wanted { target, query, export })
    }
}

impl Wanted {
    /// What the bytes of the file depend on.
    fn key<'a>(&'a self, version: DataVersion, principal: &'a Principal) -> FileKey<'a> {
        FileKey {
            version,
            scope: &principal.scope,
            document: &self.query.document,
            operation: self.query.operation.as_deref(),
            variables: &self.export.variables,
            encoding: self.target.encoding,
        }
    }
}

/// A client may keep the file, and asks each time whether it has changed.
fn describe(headers: &mut HeaderMap, tag: Option<HeaderValue>) {
    let control = if tag.is_some() { "private, no-cache" } else { "no-store" };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(control));
    headers.append(VARY, HeaderValue::from_static("authorization"));
    if let Some(tag) = tag {
        headers.insert(ETAG, tag);
    }
}

fn name(headers: &mut HeaderMap, target: &Target) {
    let format = target.encoding.format;
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    let file = format!("attachment; filename=\"{}.{}\"", target.name, format.extension());
    if let Ok(value) = HeaderValue::try_from(file) {
        headers.insert(CONTENT_DISPOSITION, value);
    }
}
