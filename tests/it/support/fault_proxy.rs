//! A TCP proxy on loopback that breaks requests on their way to the server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What happens to a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// It is closed at once.
    Refuse,
    /// It is closed after this many bytes from the client.
    CutAfter(usize),
    /// Nothing.
    Pass,
}

/// The proxy; it stops with the test's runtime.
pub(crate) struct FaultProxy {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl FaultProxy {
    /// Passes connections on to `endpoint`, an `http://host:port`; `fault` decides by their
    /// number, from 0.
    pub(crate) async fn start<F>(endpoint: &str, fault: F) -> Self
    where
        F: Fn(usize) -> Fault + Send + 'static,
    {
        let server = endpoint.strip_prefix("http://").expect("HTTP").trim_end_matches('/');
        let server = server.to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let fault = fault(count.fetch_add(1, Ordering::SeqCst));
                let server = server.clone();
                tokio::spawn(async move {
                    // A broken connection is what this is for.
                    let _ = pass_on(client, &server, fault).await;
                });
            }
        });
        Self { address, connections }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Connections accepted so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

async fn pass_on(mut client: TcpStream, server: &str, fault: Fault) -> std::io::Result<()> {
    let mut left = match fault {
        Fault::Refuse => return Ok(()),
        Fault::CutAfter(bytes) => bytes,
        Fault::Pass => usize::MAX,
    };
    let mut server = TcpStream::connect(server).await?;
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let up = async {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let count = from_client.read(&mut buffer).await?;
            if count == 0 || left == 0 {
                return std::io::Result::Ok(());
            }
            let passed = count.min(left);
            left -= passed;
            to_server.write_all(&buffer[..passed]).await?;
            if left == 0 {
                return Ok(());
            }
        }
    };
    tokio::select! {
        ended = up => ended,
        ended = tokio::io::copy(&mut from_server, &mut to_client) => ended.map(drop),
    }
}
