//! Reading a set of keys from its URL.

use std::time::Duration;

use bytes::Bytes;
use http::header::ACCEPT;
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::time::timeout;

use crate::error::{Code, Error, Result};
use crate::https::{self, Connector, with_causes};
use crate::telemetry::trace::Outgoing;

/// Longest time of a fetch, from the name's resolution to the last byte.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Most bytes of a set.
pub(super) const MAX_BYTES: usize = 256 * 1024;

/// A client for one URL. It follows no redirect and uses no proxy.
pub(super) struct Fetcher {
    client: Client<Connector, Empty<Bytes>>,
    pub(super) url: Uri,
}

impl Fetcher {
    /// # Errors
    /// `CONFIG` if the URL is `https` and the machine has no root certificates.
    pub(super) fn new(url: Uri) -> Result<Self> {
        let failed =
            |problem: &str| Error::new(Code::Config, format!("jwt.jwks_url `{url}`: {problem}"));
        let connector = https::connector(&url)
            .map_err(|error| failed(error.message()).with_source(error.detail()))?;
        let client = Client::builder(TokioExecutor::new())
            // Between two fetches are minutes.
            .pool_max_idle_per_host(0)
            .build(connector);
        Ok(Self { client, url })
    }

    /// The body, or why there is none.
    pub(super) async fn fetch(&self) -> Result<Bytes, String> {
        match timeout(TIMEOUT, self.get()).await {
            Ok(fetched) => fetched,
            Err(_) => Err(format!("no answer within {} s", TIMEOUT.as_secs())),
        }
    }

    async fn get(&self) -> Result<Bytes, String> {
        let request =
            Request::get(&self.url).header(ACCEPT, "application/json, application/jwk-set+json");
        let mut request = request.body(Empty::new()).map_err(|error| error.to_string())?;
        let outgoing = Outgoing::begin("GET", &self.url, request.headers_mut());
        let response = self.client.request(request).await;
        outgoing.answered(response.as_ref().ok().map(http::Response::status));
        let response = response.map_err(|error| with_causes(&error))?;
        // A redirect may lead anywhere, also to addresses that only this machine reaches.
        if response.status() != StatusCode::OK {
            return Err(format!("the status is {}", response.status()));
        }
        let body = Limited::new(response.into_body(), MAX_BYTES).collect().await;
        Ok(body.map_err(|error| format!("the body: {error}"))?.to_bytes())
    }
}
