//! From a request to its answer past execution where that can be: an answer that
//! is kept ready, or one that the client holds already.

use std::sync::Arc;

use async_graphql::Request as Operation;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use chrono::SecondsFormat;

use super::etag;
use super::key::Key;
use super::store::AnswerCache;
use crate::auth::Scope;
use crate::db::data_version::{DataVersion, DataVersions};
use crate::graphql;
use crate::graphql::Answer;
use crate::http::request::media::Form;

/// What an execution came to.
pub(in crate::http) enum Made {
    /// The body of a complete answer: the same for all who ask the same, for as
    /// long as the data stay the same.
    Lasting(Bytes),
    /// Whatever else: with an error, or of what is no query.
    Passing(Response),
}

/// Gives answers, with or without a cache.
#[derive(Clone)]
pub(in crate::http) struct Answers {
    versions: DataVersions,
    cache: Option<Arc<AnswerCache>>,
    /// What else an answer depends on, such as the size of a page that is not told.
    settings: Arc<str>,
}

impl Answers {
    /// Without a cache.
    pub(in crate::http) fn new(versions: DataVersions, limits: &graphql::Limits) -> Self {
        Self { versions, cache: None, settings: format!("{limits:?}").into() }
    }

    /// With a cache of so many bytes.
    pub(in crate::http) fn cached(mut self, max_bytes: usize) -> Self {
        self.cache = AnswerCache::new(max_bytes).map(Arc::new);
        if let Some(cache) = &self.cache {
            cache.follow(self.versions.changes());
        }
        self
    }

    /// Bytes that the cache holds.
    pub(in crate::http) fn cached_bytes(&self) -> u64 {
        self.cache.as_ref().map_or(0, |cache| cache.bytes())
    }

    /// The data's version now, where it is known.
    pub(in crate::http) async fn version(&self) -> Option<DataVersion> {
        match self.versions.current().await {
            Ok(version) => Some(version),
            Err(error) => {
                tracing::warn!(error = error.detail(), "the data's version is not known");
                None
            }
        }
    }

    /// Takes a request up. `condition` has the headers of one that may be answered
    /// by an entity tag: a GET of a document that is known by its name.
    pub(in crate::http) async fn ask<'a>(
        &'a self,
        operation: &Operation,
        scope: Scope,
        form: Form,
        condition: Option<&'a HeaderMap>,
    ) -> Asked<'a> {
        // Without a version nothing is kept or compared; what the request needs of
        // Postgres fails by itself, field by field.
        let version = self.version().await;
        let key = version.and_then(|version| Key::new(version, scope, form, operation));
        Asked { answers: self, version, key: key.map(Arc::new), form, condition }
    }
}

/// A request at a version of the data.
pub(in crate::http) struct Asked<'a> {
    answers: &'a Answers,
    version: Option<DataVersion>,
    key: Option<Arc<Key>>,
    form: Form,
    condition: Option<&'a HeaderMap>,
}

impl Asked<'_> {
    /// The answer, where it is there without executing.
    pub(in crate::http) async fn ready(&self) -> Option<Response> {
        let key = self.key.as_ref()?;
        if let Some(headers) = self.condition
            && let Some(tag) = self.tag(key).and_then(|tag| etag::held(headers, &tag))
        {
            let mut response = StatusCode::NOT_MODIFIED.into_response();
            self.to_be_revalidated(&mut response);
            response.headers_mut().insert(ETAG, tag);
            return Some(response);
        }
        let body = self.answers.cache.as_ref()?.find(key)?;
        Some(self.send(body).await)
    }

    /// The answer by executing: a query once for all who ask the same meanwhile,
    /// anything else for each.
    pub(in crate::http) async fn made(
        &self,
        is_query: bool,
        execute: impl Future<Output = Made>,
    ) -> Response {
        let made = match (&self.answers.cache, &self.key) {
            (Some(cache), Some(key)) if is_query => cache.once(key, execute).await,
            _ => execute.await,
        };
        match made {
            Made::Lasting(body) => self.send(body).await,
            Made::Passing(mut response) => {
                if self.condition.is_some() {
                    let headers = response.headers_mut();
                    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
                    headers.append(VARY, HeaderValue::from_static("accept"));
                }
                response
            }
        }
    }

    fn tag(&self, key: &Key) -> Option<HeaderValue> {
        etag::tag(key, &self.answers.settings)
    }

    /// Writes into an answer which data it is of.
    pub(in crate::http) fn date(&self, answer: &mut Answer) {
        if let Some(version) = self.version {
            date(version, answer);
        }
    }

    async fn send(&self, body: Bytes) -> Response {
        let mut response = ([(CONTENT_TYPE, self.form.content_type())], body).into_response();
        if self.condition.is_some() {
            self.to_be_revalidated(&mut response);
            if let Some(tag) = self.certain_tag().await {
                response.headers_mut().insert(ETAG, tag);
            }
        }
        response
    }

    /// The tag of an answer that is there now. One that was made while the data
    /// changed may be of either version, so it gets none.
    async fn certain_tag(&self) -> Option<HeaderValue> {
        let key = self.key.as_ref()?;
        let now = self.answers.versions.current().await.ok()?;
        self.tag(key).filter(|_| now == key.version)
    }

    fn to_be_revalidated(&self, response: &mut Response) {
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        headers.append(VARY, HeaderValue::from_static("accept, authorization"));
    }
}

/// Writes into an answer which data it is of.
pub(in crate::http) fn date(version: DataVersion, answer: &mut Answer) {
    let DataVersion { version, as_of } = version;
    let as_of = as_of.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    answer.extensions.push(("dataVersion", version.into()));
    answer.extensions.push(("dataAsOf", as_of.into()));
}
