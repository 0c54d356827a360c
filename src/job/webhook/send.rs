//! Sends a notification.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{Request, StatusCode, Uri};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use standardwebhooks::{
    HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook as Signer,
};
use tokio::time::timeout;

use crate::config::Secret;
use crate::error::{Code, Error, Result};
use crate::https::{self, Connector, with_causes};
use crate::job::handler::{Handler, Run};
use crate::telemetry::trace::Outgoing;

/// Where notifications go.
#[derive(Debug, Clone)]
pub struct WebhookOptions {
    /// The URL, `https` or `http`. Its path may be a secret, too.
    pub url: Secret,
    /// The secret of the signatures, in base64, with or without `whsec_` before it.
    pub secret: Secret,
    /// How long the server may take for its answer.
    pub timeout: Duration,
}

/// Sends notifications as jobs. It follows no redirect and uses no proxy.
pub struct Webhook {
    client: Client<Connector, Full<Bytes>>,
    url: Uri,
    signer: Signer,
    timeout: Duration,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("host", &self.url.host()).finish_non_exhaustive()
    }
}

impl Webhook {
    /// A webhook.
    ///
    /// # Errors
    /// `CONFIG` for a URL or a secret that cannot be used, without showing either.
    pub fn new(options: &WebhookOptions) -> Result<Self> {
        let failed = |problem: &str| Error::new(Code::Config, problem);
        let url: Uri = options
            .url
            .expose()
            .parse()
            .map_err(|_| failed("webhook.url is no URL of http or https"))?;
        let connector = https::connector(&url).map_err(|error| {
            failed(&format!("webhook.url: {}", error.message())).with_source(error)
        })?;
        let signer = Signer::new(options.secret.expose())
            .map_err(|_| failed("webhook.secret is no base64, with or without whsec_ before it"))?;
        let client = Client::builder(TokioExecutor::new())
            // Between two notifications are minutes.
            .pool_max_idle_per_host(0)
            .build(connector);
        Ok(Self { client, url, signer, timeout: options.timeout })
    }

    async fn send(&self, job: &Run) -> Result<()> {
        let body = job.payload.to_string();
        // The id stays the same over all attempts, so that the receiver knows a repetition.
        let (id, time) = (format!("msg_{}", job.id.simple()), Utc::now().timestamp());
        let signature = self.signer.sign(&id, time, body.as_bytes()).map_err(|error| {
            Error::internal("a notification cannot be signed").with_source(error)
        })?;
        let mut request = Request::post(&self.url)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("salesgraph/", env!("CARGO_PKG_VERSION")))
            .header(HEADER_WEBHOOK_ID, &id)
            .header(HEADER_WEBHOOK_TIMESTAMP, time)
            .header(HEADER_WEBHOOK_SIGNATURE, signature)
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| Error::internal("webhook.url cannot be asked").with_source(error))?;
        let outgoing = Outgoing::begin("POST", &self.url, request.headers_mut());
        // The body of the answer is not read.
        let answer = timeout(self.timeout, self.client.request(request)).await;
        let is_answered = answer.as_ref().ok().and_then(|answer| answer.as_ref().ok());
        outgoing.answered(is_answered.map(http::Response::status));
        let answer = answer.map_err(|_| {
            let seconds = self.timeout.as_secs_f64();
            Error::new(Code::Timeout, format!("the webhook gave no answer within {seconds} s"))
        })?;
        let answer = answer.map_err(|error| {
            Error::new(Code::Unavailable, "the webhook cannot be reached")
                .with_source(with_causes(&error))
        })?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            StatusCode::GONE => Err(Error::new(Code::NotFound, "the webhook is gone (410)")),
            // A redirect may lead anywhere, also to addresses that only this machine reaches.
            status => Err(Error::new(Code::Unavailable, format!("the webhook answers {status}"))),
        }
    }
}

impl Handler for Webhook {
    fn run<'a>(&'a self, job: &'a Run) -> BoxFuture<'a, Result<()>> {
        async move {
            tokio::select! {
                sent = self.send(job) => sent,
                () = job.stop.cancelled() => Err(Error::new(Code::Conflict, "interrupted")),
            }
        }
        .boxed()
    }

    fn gave_up<'a>(&'a self, _job: &'a Run, _error: &'a Error) -> BoxFuture<'a, Result<()>> {
        // The job itself is where it is looked for.
        std::future::ready(Ok(())).boxed()
    }
}
