//! The bytes of requests and answers.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::time::timeout;

use crate::error::Result;
use crate::https::{self, Connector, with_causes};

/// Most bytes of an answer: metadata of a table with many snapshots.
const MAX_BYTES: usize = 64 << 20;

/// How often a request is sent.
pub(super) const MOST_TRIES: u32 = 5;
/// The first wait; each is twice as long as the one before.
pub(super) const FIRST_WAIT: Duration = Duration::from_millis(200);

/// A client. It follows no redirect and uses no proxy.
pub(super) struct Http {
    client: Client<Connector, Full<Bytes>>,
    timeout: Duration,
}

/// What was answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// The request was not sent.
    NotSent(String),
    /// It may have been done.
    Lost(String),
}

impl Http {
    pub(super) fn new(uri: &Uri, timeout: Duration) -> Result<Self> {
        let client = Client::builder(TokioExecutor::new()).build(https::connector(uri)?);
        Ok(Self { client, timeout })
    }

    pub(super) async fn send(&self, request: Request<Full<Bytes>>) -> Result<Answer, NoAnswer> {
        match timeout(self.timeout, self.ask(request)).await {
            Ok(answered) => answered,
            Err(_) => {
                let seconds = self.timeout.as_secs_f64();
                Err(NoAnswer::Lost(format!("no answer within {seconds} s")))
            }
        }
    }

    async fn ask(&self, request: Request<Full<Bytes>>) -> Result<Answer, NoAnswer> {
        let response = self.client.request(request).await.map_err(|error| {
            let text = with_causes(&error);
            if error.is_connect() { NoAnswer::NotSent(text) } else { NoAnswer::Lost(text) }
        })?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, MAX_BYTES).collect().await;
        let body = body.map_err(|error| NoAnswer::Lost(format!("the body: {error}")))?.to_bytes();
        Ok(Answer { status: head.status, headers: head.headers, body })
    }
}
