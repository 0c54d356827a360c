//! Asks a public API over HTTP: with a time limit, a size limit, redirects within the same host
//! only, and no private address unless allowed. The address is looked at after the name was
//! resolved, and the very address that was looked at is connected to.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::header::{ACCEPT, ACCEPT_ENCODING, LOCATION, USER_AGENT};
use http::{HeaderMap, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Empty, LengthLimitError, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use hyper_util::rt::TokioExecutor;
use tokio::time::timeout;
use tower::Service;

use super::address::is_public;
use super::url::redirect;
use crate::error::{Code, Error, Result};
use crate::https::{connector_over, with_causes};
use crate::telemetry::trace::Outgoing;

/// Most redirects of a request.
const MAX_REDIRECTS: usize = 5;

/// What a client may do.
#[derive(Debug, Clone)]
pub(super) struct ClientOptions {
    /// Longest time of a request, with its redirects, to the last byte.
    pub(super) timeout: Duration,
    /// Most bytes of a body.
    pub(super) max_bytes: usize,
    /// Whether it may connect to private addresses.
    pub(super) allow_private: bool,
}

/// A client for the URLs of one host.
pub(super) struct Client {
    client: HyperClient<HttpsConnector<HttpConnector<GuardedResolver>>, Empty<Bytes>>,
    options: ClientOptions,
}

/// What was answered.
#[derive(Debug)]
pub(super) struct Answer {
    /// Where it came from, after redirects.
    pub(super) url: Uri,
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// It may come later.
    Failed(String),
    /// It will not come.
    Refused(Error),
}

impl Client {
    /// A client for a URL.
    ///
    /// # Errors
    /// `CONFIG` if the URL is `https` and the machine has no root certificates.
    pub(super) fn new(url: &Uri, options: ClientOptions) -> Result<Self> {
        let allow_private = options.allow_private;
        let resolver = GuardedResolver { inner: GaiResolver::new(), allow_private };
        let connector = connector_over(url, HttpConnector::new_with_resolver(resolver))?;
        let client = HyperClient::builder(TokioExecutor::new())
            // Between two fetches are hours.
            .pool_max_idle_per_host(0)
            .build(connector);
        Ok(Self { client, options })
    }

    /// Asks a URL, and follows redirects within its host. One that leads elsewhere is the
    /// answer.
    pub(super) async fn get(&self, url: &Uri) -> Result<Answer, NoAnswer> {
        match timeout(self.options.timeout, self.follow(url)).await {
            Ok(answered) => answered,
            Err(_) => {
                let seconds = self.options.timeout.as_secs_f64();
                Err(NoAnswer::Failed(format!("no answer within {seconds} s")))
            }
        }
    }

    async fn follow(&self, url: &Uri) -> Result<Answer, NoAnswer> {
        let mut url = url.clone();
        for _ in 0..MAX_REDIRECTS {
            let answer = self.ask(&url).await?;
            let target = answer.headers.get(LOCATION).and_then(|to| to.to_str().ok());
            let next = target.filter(|_| is_redirect(answer.status));
            match next.and_then(|target| redirect(&url, target)) {
                Some(next) => url = next,
                None => return Ok(answer),
            }
        }
        let message = format!("{url} is the end of {MAX_REDIRECTS} redirects, and one more");
        Err(NoAnswer::Refused(Error::new(Code::Conflict, message)))
    }

    async fn ask(&self, url: &Uri) -> Result<Answer, NoAnswer> {
        // The connector takes an address as it is, without the resolver.
        let literal = url.host().and_then(|host| {
            host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok()
        });
        if literal.is_some_and(|address| !self.options.allow_private && !is_public(address)) {
            return Err(private(url));
        }
        let mut request = Request::get(url)
            .header(ACCEPT, "application/json, application/xml, text/xml")
            .header(ACCEPT_ENCODING, "identity")
            .header(USER_AGENT, concat!("salesgraph/", env!("CARGO_PKG_VERSION")))
            .body(Empty::new())
            .map_err(|error| NoAnswer::Failed(error.to_string()))?;
        let outgoing = Outgoing::begin("GET", url, request.headers_mut());
        let response = self.client.request(request).await;
        outgoing.answered(response.as_ref().ok().map(http::Response::status));
        let response = response.map_err(|error| {
            if is_private(&error) { private(url) } else { NoAnswer::Failed(with_causes(&error)) }
        })?;
        let (head, body) = response.into_parts();
        let most = self.options.max_bytes;
        let body = Limited::new(body, most).collect().await.map_err(|error| {
            if !error.is::<LengthLimitError>() {
                return NoAnswer::Failed(format!("the body: {error}"));
            }
            let message = format!(
                "{url} answers more than {most} bytes; ask for fewer days or currencies, or raise \
                 rates.max_bytes (RATES_MAX_BYTES)"
            );
            NoAnswer::Refused(Error::new(Code::Conflict, message))
        })?;
        let body = body.to_bytes();
        Ok(Answer { url: url.clone(), status: head.status, headers: head.headers, body })
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn private(url: &Uri) -> NoAnswer {
    let host = url.host().unwrap_or_default();
    let message = format!(
        "{host} is an address of this machine or a private network; set rates.allow_private \
         (RATES_ALLOW_PRIVATE) to true to ask it"
    );
    NoAnswer::Refused(Error::new(Code::Config, message))
}

fn is_private(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<PrivateAddress>() {
            return true;
        }
        next = error.source();
    }
    false
}

/// A name that leads to private addresses only.
#[derive(Debug)]
struct PrivateAddress;

impl fmt::Display for PrivateAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name leads to a private address")
    }
}

impl std::error::Error for PrivateAddress {}

/// Resolves names, to public addresses only unless others are allowed.
#[derive(Debug, Clone)]
struct GuardedResolver {
    inner: GaiResolver,
    allow_private: bool,
}

impl Service<Name> for GuardedResolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (found, allow_private) = (self.inner.call(name), self.allow_private);
        async move {
            let mut found: Vec<SocketAddr> = found.await?.collect();
            let resolved = found.len();
            found.retain(|address| allow_private || is_public(address.ip()));
            if found.is_empty() && resolved > 0 {
                return Err(PrivateAddress.into());
            }
            Ok(found.into_iter())
        }
        .boxed()
    }
}
