//! Amazon SQS as the queue between fetching and storing. A message is deleted after its answer
//! is stored, so that it comes again if the worker dies; storing it twice changes nothing.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::Credentials;
use aws_sdk_sqs::types::Message;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::Uri;
use sqlx::PgPool;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::queue::RawQueue;
use super::store::store;
use crate::config::{Secret, StorageConfig};
use crate::error::{Code, Error, Result};
use crate::lake::Lake;
use crate::telemetry::CallObserver;

/// Longest time that a request for messages waits for one.
const POLL: Duration = Duration::from_secs(20);
/// For so long a message that was received is hidden from other workers.
const VISIBILITY: Duration = Duration::from_secs(300);
/// Less than that: a message must not come again while it is stored.
const STORE_TIMEOUT: Duration = Duration::from_secs(240);
/// Longest time until a connection to the queue stands.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest time of a request, beside the wait for a message: a connection that was lost in
/// silence would be waited for without end.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// Pause after the queue did not answer.
const PAUSE: Duration = Duration::from_secs(5);

/// A queue of SQS; cheap to clone.
#[derive(Debug, Clone)]
pub struct SqsQueue {
    client: Client,
    url: String,
}

impl SqsQueue {
    /// A queue by its URL, with the credentials of S3 or those that the AWS SDK finds. Without a
    /// request.
    ///
    /// # Errors
    /// `CONFIG` if the URL is none, or no region is known.
    pub async fn connect(url: &str, storage: &StorageConfig) -> Result<Self> {
        let failed = |problem: &str| {
            Error::new(Code::Config, format!("rates.queue_url (QUEUE_URL) `{url}`: {problem}"))
        };
        let parsed: Uri = url.parse().map_err(|_| failed("it is no URL"))?;
        let (Some(scheme), Some(authority)) = (parsed.scheme_str(), parsed.authority()) else {
            return Err(failed("expected https://host/account/queue"));
        };
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(POLL + ANSWER_TIMEOUT)
            .build();
        // The endpoint of S3 may be another server.
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .timeout_config(timeouts)
            .endpoint_url(format!("{scheme}://{authority}"));
        if let Some(keys) = &storage.credentials {
            let token = keys.session_token.as_ref().map(|token| token.expose().to_owned());
            let secret = Secret::expose(&keys.secret_access_key);
            loader = loader.credentials_provider(Credentials::new(
                &keys.access_key_id, secret, token, None, "salesgraph settings",
            ));
        }
        let named = region_of(authority.host()).or_else(|| storage.region.clone());
        if let Some(region) = named {
            loader = loader.region(Region::new(region));
        }
        let sdk = loader.load().await;
        if sdk.region().is_none() {
            return Err(failed("no AWS region is known: set storage.region (AWS_REGION)"));
        }
        let config = aws_sdk_sqs::config::Builder::from(&sdk).interceptor(CallObserver).build();
        Ok(Self { client: Client::from_conf(config), url: url.to_owned() })
    }

    /// Stores what comes until `stop`. What fails comes again when its time is over, until it
    /// is stored or the queue's own redrive policy takes it.
    pub async fn work(&self, lake: &Lake, pool: &PgPool, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            let received = tokio::select! {
                received = self.receive() => received,
                () = stop.cancelled() => return,
            };
            match received {
                Ok(messages) => {
                    for message in messages {
                        // What is not begun is received again.
                        if stop.is_cancelled() {
                            return;
                        }
                        if let Err(error) = self.handle(lake, pool, &message).await {
                            tracing::warn!(error = error.detail(), "a message stays on the queue");
                        }
                    }
                }
                Err(error) => {
                    tracing::warn!(error = error.detail(), "the queue is asked again");
                    tokio::select! {
                        () = sleep(PAUSE) => {}
                        () = stop.cancelled() => {}
                    }
                }
            }
        }
    }

    /// One at a time: its visibility begins when it is received.
    async fn receive(&self) -> Result<Vec<Message>> {
        let request = self.client.receive_message().queue_url(&self.url);
        let received = request
            .max_number_of_messages(1)
            .wait_time_seconds(seconds(POLL))
            .visibility_timeout(seconds(VISIBILITY))
            .send()
            .await
            .map_err(|error| self.failed("cannot be read", error.into_service_error()))?;
        Ok(received.messages.unwrap_or_default())
    }

    /// Deletes only what is stored. What this worker never could store, such as an answer of
    /// another lake, may be meant for a worker that is configured otherwise.
    async fn handle(&self, lake: &Lake, pool: &PgPool, message: &Message) -> Result<()> {
        let uri = message.body.as_deref().unwrap_or_default();
        let stored = timeout(STORE_TIMEOUT, store(lake, pool, uri)).await;
        stored.map_err(|_| Error::new(Code::Timeout, format!("storing {uri} took too long")))??;
        let request = self.client.delete_message().queue_url(&self.url);
        let request = request.set_receipt_handle(message.receipt_handle.clone());
        let deleted = request.send().await;
        deleted.map_err(|error| self.failed("deletes no message", error.into_service_error()))?;
        Ok(())
    }

    fn failed(&self, what: &str, error: impl std::error::Error + Send + Sync + 'static) -> Error {
        Error::new(Code::Unavailable, format!("the queue {} {what}", self.url)).with_source(error)
    }
}

impl RawQueue for SqsQueue {
    fn put<'a>(&'a self, raw_uri: &'a str) -> BoxFuture<'a, Result<()>> {
        async move {
            let request = self.client.send_message().queue_url(&self.url).message_body(raw_uri);
            let sent = request.send().await;
            sent.map_err(|error| self.failed("takes no message", error.into_service_error()))?;
            Ok(())
        }
        .boxed()
    }
}

/// The region in the name of a host of AWS.
fn region_of(host: &str) -> Option<String> {
    let rest = host.strip_prefix("sqs.")?;
    let (region, domain) = rest.split_once('.')?;
    domain.starts_with("amazonaws.com").then(|| region.to_owned())
}

fn seconds(time: Duration) -> i32 {
    i32::try_from(time.as_secs()).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_has_time_limits_that_a_wait_for_messages_fits_in() {
        let storage = StorageConfig {
            source_uri: None,
            endpoint_url: None,
            region: None,
            credentials: None,
            force_path_style: None,
        };
        let url = "https://sqs.eu-west-1.amazonaws.com/1/rates";
        let queue = SqsQueue::connect(url, &storage).await.unwrap();
        let timeouts = queue.client.config().timeout_config().unwrap();
        assert_eq!(timeouts.connect_timeout(), Some(Duration::from_secs(5)));
        assert_eq!(timeouts.operation_attempt_timeout(), Some(Duration::from_secs(30)));
    }

    #[test]
    fn the_region_is_in_the_host_of_aws() {
        assert_eq!(region_of("sqs.eu-west-1.amazonaws.com").as_deref(), Some("eu-west-1"));
        assert_eq!(region_of("sqs.cn-north-1.amazonaws.com.cn").as_deref(), Some("cn-north-1"));
        assert_eq!(region_of("127.0.0.1"), None);
        assert_eq!(region_of("sqs.local"), None);
    }
}
