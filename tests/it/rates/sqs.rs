//! Amazon SQS as the queue between fetching and storing, against the server of moto.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{BehaviorVersion, Region};
use aws_sdk_sqs::types::QueueAttributeName;
use salesgraph::config::{Config, ConfigSources, Overrides};
use salesgraph::job::rates::SqsWork;
use salesgraph::job::{Worker, WorkerOptions};
use salesgraph::rates::{RawQueue as _, SqsQueue};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::support::jobs::Working;
use crate::support::python::moto;
use crate::support::rates::{RatesApp, days};

/// Longest wait for messages.
const PATIENCE: Duration = Duration::from_secs(60);

const SERVE: &str = "
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address='127.0.0.1', port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
";

/// A server of SQS with a queue. It ends with the test.
struct Sqs {
    client: Client,
    url: String,
    _server: Child,
}

impl Sqs {
    async fn start() -> Option<Self> {
        let python = moto("SQS served by moto").await?;
        let mut server = Command::new(python)
            .args(["-c", SERVE])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("Python starts");
        let mut port = String::new();
        let output = server.stdout.take().expect("an output");
        BufReader::new(output).read_line(&mut port).await.expect("the port");
        let endpoint = format!("http://127.0.0.1:{}", port.trim());
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(&endpoint)
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .build();
        let client = Client::from_conf(config);
        let made = client.create_queue().queue_name("rates").send().await.expect("a queue");
        let path = made.queue_url.expect("a URL");
        // It names itself after the host that it was asked by.
        let path =
            path.split_once("://").and_then(|(_, rest)| rest.split_once('/')).expect("a URL");
        Some(Self { client, url: format!("{endpoint}/{}", path.1), _server: server })
    }

    /// Messages that wait, and those that a worker has.
    async fn messages(&self) -> (u32, u32) {
        let request = self.client.get_queue_attributes().queue_url(&self.url);
        let answer =
            request.attribute_names(QueueAttributeName::All).send().await.expect("numbers");
        let attributes = answer.attributes.expect("attributes");
        let number = |name| attributes[&name].parse().expect("a number");
        (
            number(QueueAttributeName::ApproximateNumberOfMessages),
            number(QueueAttributeName::ApproximateNumberOfMessagesNotVisible),
        )
    }

    async fn send(&self, body: &str) {
        let sent = self.client.send_message().queue_url(&self.url).message_body(body);
        sent.send().await.expect("a message is taken");
    }

    /// Waits until so many wait and are held.
    async fn wait_for(&self, messages: (u32, u32)) {
        let waited = timeout(PATIENCE, async {
            while self.messages().await != messages {
                // The polling interval.
                sleep(Duration::from_millis(20)).await;
            }
        });
        waited.await.unwrap_or_else(|_| panic!("never so many messages: {messages:?}"));
    }
}

#[tokio::test]
async fn what_was_fetched_goes_by_sqs_and_is_deleted_once_it_is_stored() {
    let Some(sqs) = Sqs::start().await else { return };
    let variables = [
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ];
    let env = |name: &str| {
        let found = variables.iter().find(|(set, _)| *set == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    let sources = ConfigSources { file: None, overrides: Overrides::default(), env };
    let storage = Config::load(&sources).expect("a configuration").storage;
    let queue = SqsQueue::connect(&sqs.url, &storage).await.expect("a queue");
    let world = RatesApp::frankfurter().await;
    let request = days("2024-01-02", "2024-01-03", &["USD"]);
    let raw = world
        .fetcher(|_| {})
        .fetch(&request, &queue, &CancellationToken::new())
        .await
        .expect("an answer");
    assert_eq!(sqs.messages().await, (1, 0));
    assert_eq!(world.app.value::<i64>("SELECT count(*) FROM job").await, 0);

    let (lake, pool) = (world.lake.clone(), world.app.pool.clone());
    let work = SqsWork { queue: queue.clone(), lake, pool: pool.clone() };
    let worker = Working::start(Worker::new(pool, WorkerOptions::default()).beside(Arc::new(work)));
    sqs.wait_for((0, 0)).await;
    let rows = world.rows().await;
    assert_eq!(rows.len(), 2);

    // What cannot be stored now stays, for later, for a worker of that lake, or for the redrive
    // policy.
    let hour = raw.rsplit_once('/').expect("a key").0;
    let missing = format!("{hour}/0199f3b2-0000-7000-8000-000000000000.avro");
    let elsewhere = raw.replace("/lake/", "/other/");
    for (held, body) in (1..).zip(["hello", &elsewhere, &missing]) {
        sqs.send(body).await;
        sqs.wait_for((0, held)).await;
    }
    // Delivered again, as SQS may. Messages are handled one by one: once this is deleted, the
    // others were tried.
    queue.put(&raw).await.unwrap();
    sqs.wait_for((0, 3)).await;
    assert_eq!(world.rows().await, rows);
    worker.stop().await;
    assert_eq!(sqs.messages().await, (0, 3));
}
