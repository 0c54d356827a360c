//! Responses without execution where possible: a cached one, or one that the
//! client already has.

use std::sync::Arc;

use async_graphql::Request as Operation;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use chrono::SecondsFormat;

use super::etag::{self, Tags};
use super::file_key::FileKey;
use super::key::CacheKey;
pub(in crate::http) use super::store::Execution;
use super::store::ResponseStore;
use crate::auth::Scope;
use crate::db::data_version::tables::TableSet;
use crate::db::data_version::{DataVersion, DataVersions, Versions};
use crate::db::replicas::Replicas;
use crate::graphql;
use crate::graphql::Answer;
use crate::http::compression::Coding;
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
            store.follow(self.versions.latest());
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

    /// The current versions of the data, if they are known.
    pub(in crate::http) async fn versions(&self) -> Option<Versions> {
        match self.versions.current().await {
            Ok(versions) => {
                if let Some(replicas) = &self.replicas {
                    replicas.note(versions.all);
                }
                Some(versions)
            }
            Err(error) => {
                tracing::warn!(error = error.detail(), "the version of the data is unknown");
                None
            }
        }
    }

    /// The entity tag of a file; the same as long as its bytes are.
    pub(in crate::http) fn file_tag(&self, key: &FileKey<'_>) -> Option<HeaderValue> {
        Tags::new(&key.cache_key()?, &self.settings).of(TableSet::ALL, key.version)
    }

    /// Looks a request up. `condition` has the headers of one that an entity tag may
    /// answer: a GET that refers to its document by id or hash. `coding` is that of a response
    /// which is kept.
    pub(in crate::http) async fn look_up<'a>(
        &'a self,
        operation: &Operation,
        scope: &Scope,
        media_type: MediaType,
        condition: Option<&'a HeaderMap>,
        coding: Coding,
    ) -> CacheLookup<'a> {
        // Without a version nothing is cached or compared; statements that need
        // Postgres fail by themselves, field by field.
        let versions = self.versions().await;
        let key = CacheKey::new(scope.clone(), media_type, operation).map(Arc::new);
        let known = key.zip(versions.clone());
        CacheLookup { cache: self, versions, known, media_type, condition, coding }
    }
}

/// A request at a version of the data.
pub(in crate::http) struct CacheLookup<'a> {
    cache: &'a ResponseCache,
    pub(in crate::http) versions: Option<Versions>,
    /// What its response is looked up by.
    known: Option<(Arc<CacheKey>, Versions)>,
    media_type: MediaType,
    condition: Option<&'a HeaderMap>,
    coding: Coding,
}

impl CacheLookup<'_> {
    /// The response, if it needs no execution.
    pub(in crate::http) async fn cached(&self) -> Option<Response> {
        let (key, versions) = self.known.as_ref()?;
        if let Some(headers) = self.condition
            && let Some(tag) = self.held(headers, key, versions)
        {
            let mut response = StatusCode::NOT_MODIFIED.into_response();
            set_revalidation(&mut response);
            response.headers_mut().insert(ETAG, tag);
            return Some(response);
        }
        let store = self.cache.store.as_ref()?;
        let kept = store.get(key, versions)?;
        let Some(compressed) = store.compressed(key, &kept, self.coding).await else {
            return Some(self.respond(kept.body, kept.tables).await);
        };
        let mut response = self.respond(compressed, kept.tables).await;
        let headers = response.headers_mut();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(self.coding.as_str()));
        headers.append(VARY, ACCEPT_ENCODING.into());
        Some(response)
    }

    /// The tag of the response that the client has, if that is still right.
    fn held(
        &self,
        headers: &HeaderMap,
        key: &CacheKey,
        versions: &Versions,
    ) -> Option<HeaderValue> {
        let tags = Tags::new(key, &self.cache.settings);
        etag::matching(headers, |tables| tags.of(tables, versions.of(tables)))
    }

    /// The response by execution: of a query once for all concurrent equal requests,
    /// of anything else for each. `note` is told what the store did.
    pub(in crate::http) async fn execute(
        &self,
        is_query: bool,
        execute: impl Future<Output = Execution>,
        note: &(dyn Fn(CacheOutcome) + Sync),
    ) -> Response {
        let execution = match (&self.cache.store, &self.known) {
            (Some(store), Some((key, versions))) if is_query => {
                store.get_or_execute(key, versions, execute, note).await
            }
            _ => execute.await,
        };
        match execution {
            Execution::Cacheable(body, tables) => self.respond(body, tables).await,
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

    async fn respond(&self, body: Bytes, tables: TableSet) -> Response {
        let mut response = ([(CONTENT_TYPE, self.media_type.content_type())], body).into_response();
        if self.condition.is_some() {
            set_revalidation(&mut response);
            if let Some(tag) = self.current_tag(tables).await {
                response.headers_mut().insert(ETAG, tag);
            }
        }
        response
    }

    /// The tag of a response that is complete. One that was executed while the data
    /// changed may be of either version, so it gets none.
    async fn current_tag(&self, tables: TableSet) -> Option<HeaderValue> {
        let (key, versions) = self.known.as_ref()?;
        let version = versions.of(tables);
        let now = self.cache.versions.current().await.ok()?;
        let is_current = now.of(tables) == version;
        is_current.then(|| Tags::new(key, &self.cache.settings).of(tables, version))?
    }
}

fn set_revalidation(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.append(VARY, HeaderValue::from_static("accept, authorization"));
}

/// Adds the version of what an answer was read from, if it is known: the same as long as that
/// stays the same.
pub(in crate::http) fn add_version(versions: Option<&Versions>, answer: &mut Answer) {
    let Some(versions) = versions else { return };
    let DataVersion { version, as_of, .. } = versions.of(answer.tables);
    let as_of = as_of.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    answer.extensions.push(("dataVersion", version.into()));
    answer.extensions.push(("dataAsOf", as_of.into()));
}
