//! Responses without execution where possible: a cached one, or one that the
//! client already has.

use std::sync::Arc;

use async_graphql::Request as Operation;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use chrono::SecondsFormat;

use super::etag;
use super::file_key::FileKey;
use super::key::CacheKey;
pub(in crate::http) use super::store::Execution;
use super::store::ResponseStore;
use crate::auth::Scope;
use crate::db::data_version::{DataVersion, DataVersions};
use crate::db::replicas::Replicas;
use crate::graphql;
use crate::graphql::Answer;
use crate::http::request::media::MediaType;
use crate::telemetry::metrics::CacheOutcome;

/// Looks requests up at the current version of the data; stores responses only if
/// enabled.
#[derive(Clone)]
pub(in crate::http) struct ResponseCache {
    versions: DataVersions,
    /// Who must know the newest version.
    replicas: Option<Replicas>,
    store: Option<Arc<ResponseStore>>,
    /// What else a response depends on, such as the default size of a page.
    settings: Arc<str>,
}

impl ResponseCache {
    pub(in crate::http) fn disabled(
        versions: DataVersions,
        replicas: Option<&Replicas>,
        limits: &graphql::Limits,
    ) -> Self {
        let (replicas, settings) = (replicas.cloned(), format!("{limits:?}").into());
        Self { versions, replicas, store: None, settings }
    }

    /// With a store of up to `max_bytes`.
    pub(in crate::http) fn enabled(mut self, max_bytes: usize) -> Self {
        self.store = ResponseStore::new(max_bytes).map(Arc::new);
        if let Some(store) = &self.store {
            store.follow(self.versions.changes());
        }
        self
    }

    /// Of a subgraph, whose schema is another.
    pub(in crate::http) fn of_subgraph(self) -> Self {
        let settings = etag::with_schema(&self.settings, graphql::subgraph_sdl()).into();
        Self { settings, ..self }
    }

    pub(in crate::http) fn bytes(&self) -> u64 {
        self.store.as_ref().map_or(0, |store| store.bytes())
    }

    /// The current version of the data, if it is known.
    pub(in crate::http) async fn version(&self) -> Option<DataVersion> {
        match self.versions.current().await {
            Ok(version) => {
                if let Some(replicas) = &self.replicas {
                    replicas.note(version);
                }
                Some(version)
            }
            Err(error) => {
                tracing::warn!(error = error.detail(), "the version of the data is unknown");
                None
            }
        }
    }

    /// The entity tag of a file; the same as long as its bytes are.
    pub(in crate::http) fn file_tag(&self, key: &FileKey<'_>) -> Option<HeaderValue> {
        etag::tag(&key.cache_key()?, &self.settings)
    }

    /// Looks a request up. `condition` has the headers of one that an entity tag may
    /// answer: a GET that refers to its document by id or hash.
    pub(in crate::http) async fn look_up<'a>(
        &'a self,
        operation: &Operation,
        scope: &Scope,
        media_type: MediaType,
        condition: Option<&'a HeaderMap>,
    ) -> CacheLookup<'a> {
        // Without a version nothing is cached or compared; statements that need
        // Postgres fail by themselves, field by field.
        let version = self.version().await;
        let key = version
            .and_then(|version| CacheKey::new(version, scope.clone(), media_type, operation));
        CacheLookup { cache: self, version, key: key.map(Arc::new), media_type, condition }
    }
}

/// A request at a version of the data.
pub(in crate::http) struct CacheLookup<'a> {
    cache: &'a ResponseCache,
    pub(in crate::http) version: Option<DataVersion>,
    key: Option<Arc<CacheKey>>,
    media_type: MediaType,
    condition: Option<&'a HeaderMap>,
}

impl CacheLookup<'_> {
    /// The response, if it needs no execution.
    pub(in crate::http) async fn cached(&self) -> Option<Response> {
        let key = self.key.as_ref()?;
        if let Some(headers) = self.condition
            && let Some(tag) = self.tag(key).and_then(|tag| etag::matching(headers, &tag))
        {
            let mut response = StatusCode::NOT_MODIFIED.into_response();
            set_revalidation(&mut response);
            response.headers_mut().insert(ETAG, tag);
            return Some(response);
        }
        let body = self.cache.store.as_ref()?.get(key)?;
        Some(self.respond(body).await)
    }

    /// The response by execution: of a query once for all concurrent equal requests,
    /// of anything else for each. `note` is told what the store did.
    pub(in crate::http) async fn execute(
        &self,
        is_query: bool,
        execute: impl Future<Output = Execution>,
        note: &(dyn Fn(CacheOutcome) + Sync),
    ) -> Response {
        let execution = match (&self.cache.store, &self.key) {
            (Some(store), Some(key)) if is_query => store.get_or_execute(key, execute, note).await,
            _ => execute.await,
        };
        match execution {
            Execution::Cacheable(body) => self.respond(body).await,
            Execution::Uncacheable(mut response) => {
                if self.condition.is_some() {
                    let headers = response.headers_mut();
                    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
                    headers.append(VARY, HeaderValue::from_static("accept"));
                }
                response
            }
        }
    }

    fn tag(&self, key: &CacheKey) -> Option<HeaderValue> {
        etag::tag(key, &self.cache.settings)
    }

    async fn respond(&self, body: Bytes) -> Response {
        let mut response = ([(CONTENT_TYPE, self.media_type.content_type())], body).into_response();
        if self.condition.is_some() {
            set_revalidation(&mut response);
            if let Some(tag) = self.current_tag().await {
                response.headers_mut().insert(ETAG, tag);
            }
        }
        response
    }

    /// The tag of a response that is complete. One that was executed while the data
    /// changed may be of either version, so it gets none.
    async fn current_tag(&self) -> Option<HeaderValue> {
        let key = self.key.as_ref()?;
        let now = self.cache.versions.current().await.ok()?;
        self.tag(key).filter(|_| now == key.version)
    }
}

fn set_revalidation(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.append(VARY, HeaderValue::from_static("accept, authorization"));
}

/// Adds the version of the data, if it is known, to an answer.
pub(in crate::http) fn add_version(version: Option<DataVersion>, answer: &mut Answer) {
    let Some(DataVersion { version, as_of, .. }) = version else { return };
    let as_of = as_of.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    answer.extensions.push(("dataVersion", version.into()));
    answer.extensions.push(("dataAsOf", as_of.into()));
}
