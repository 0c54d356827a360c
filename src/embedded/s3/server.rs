//! The HTTP server in front of the store.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use s3s::S3ErrorCode;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::api::Api;
use super::store::Store;
use crate::error::{Code, Error, Result};

/// Longest time for requests in flight after the signal to stop.
const DRAIN: Duration = Duration::from_secs(5);

/// The options of an S3 server.
#[derive(Clone)]
pub struct S3Options {
    /// The folder of the data, created if missing. One server at a time uses it.
    pub root: PathBuf,
    /// The address to listen on; port 0 chooses a free one.
    pub bind: SocketAddr,
    /// The access key that requests must be signed with.
    pub access_key: String,
    /// The secret that belongs to it.
    pub secret_key: String,
}

impl fmt::Debug for S3Options {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut output = f.debug_struct("S3Options");
        output.field("root", &self.root).field("bind", &self.bind).finish_non_exhaustive()
    }
}

/// A running S3 endpoint. It stops when it is dropped; [`S3Server::stop`] lets
/// requests in flight finish first.
#[derive(Debug)]
pub struct S3Server {
    address: SocketAddr,
    options: S3Options,
    store: Arc<Store>,
    task: JoinHandle<()>,
    stop: DropGuard,
}

impl S3Server {
    /// Opens the store and serves it on the caller's runtime.
    ///
    /// # Errors
    /// `CONFIG` when the folder or the address cannot be used, `CONFLICT` when
    /// another process has the folder.
    pub async fn start(options: S3Options) -> Result<Self> {
        let root = options.root.clone();
        let store = tokio::task::spawn_blocking(move || Store::open(&root))
            .await
            .map_err(|error| Error::internal("the S3 store did not open").with_source(error))??;
        let store = Arc::new(store);
        let (listener, address) = listen(options.bind).await?;
        let stop = CancellationToken::new();
        let service = service(&options, Api { store: Arc::clone(&store) });
        let task = tokio::spawn(serve(listener, service, stop.clone()));
        Ok(Self { address, options, store, task, stop: stop.drop_guard() })
    }

    /// The URL for clients, which address buckets by path: `http://127.0.0.1:9000`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The access key.
    #[must_use]
    pub fn access_key(&self) -> &str {
        &self.options.access_key
    }

    /// The secret key.
    #[must_use]
    pub fn secret_key(&self) -> &str {
        &self.options.secret_key
    }

    /// Creates a bucket, unless it exists.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for an invalid name, `INTERNAL` when the disk fails.
    pub async fn create_bucket(&self, name: &str) -> Result<()> {
        if !s3s::path::check_bucket_name(name) {
            let message = format!(
                "{name:?} is not a valid bucket name: 3 to 63 lower-case letters, digits, dots and dashes"
            );
            return Err(Error::new(Code::BadUserInput, message));
        }
        let (store, bucket) = (Arc::clone(&self.store), name.to_owned());
        let failed = || Error::internal(format!("the bucket {name} could not be created"));
        let made = tokio::task::spawn_blocking(move || store.create_bucket(&bucket)).await;
        match made.map_err(|error| failed().with_source(error))? {
            Err(error) if *error.code() != S3ErrorCode::BucketAlreadyOwnedByYou => {
                Err(failed().with_source(error))
            }
            _ => Ok(()),
        }
    }

    /// Stops accepting requests, waits a few seconds for those in flight, and
    /// unlocks the folder.
    ///
    /// # Errors
    /// `INTERNAL` when the server had failed before.
    pub async fn stop(self) -> Result<()> {
        drop(self.stop);
        let ended = self.task.await;
        ended.map_err(|error| Error::internal("the S3 server failed").with_source(error))
    }
}

async fn listen(bind: SocketAddr) -> Result<(TcpListener, SocketAddr)> {
    let listen = async {
        let listener = TcpListener::bind(bind).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    listen.await.map_err(|error: std::io::Error| {
        let message = format!("the S3 server cannot listen on {bind}: choose another address");
        Error::new(Code::Config, message).with_source(error)
    })
}

fn service(options: &S3Options, api: Api) -> S3Service {
    let mut builder = S3ServiceBuilder::new(api);
    let auth = SimpleAuth::from_single(options.access_key.clone(), options.secret_key.as_str());
    builder.set_auth(auth);
    builder.build()
}

async fn serve(listener: TcpListener, service: S3Service, stop: CancellationToken) {
    let mut http = auto::Builder::new(TokioExecutor::new());
    // hyper needs the timer to give up on a client that sends no headers.
    http.http1().timer(TokioTimer::new());
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, _) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection to the S3 server could not be accepted");
                // Mostly a lack of file descriptors, which lasts a while.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        // Head and body are two writes: the second must not wait for the first's acknowledgement.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
        let connection = http.serve_connection(TokioIo::new(stream), service.clone());
        let connection = graceful.watch(connection.into_owned());
        let stop = stop.clone();
        tokio::spawn(async move {
            let overdue = async {
                stop.cancelled().await;
                tokio::time::sleep(DRAIN).await;
            };
            tokio::select! {
                ended = connection => if let Err(error) = ended {
                    tracing::debug!(%error, "a connection to the S3 server failed");
                },
                () = overdue => {}
            }
        });
    }
    drop(listener);
    // One second more than each connection has.
    let _ = tokio::time::timeout(DRAIN + Duration::from_secs(1), graceful.shutdown()).await;
}
