//! A TCP proxy on loopback that cuts or delays answers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, tcp};
use tokio::sync::watch;

/// What happens to a connection after this many bytes of the first answer's body.
#[derive(Clone, Copy)]
pub(crate) enum Fate {
    /// It is closed.
    Cut(usize),
    /// It stays open, but nothing more is passed on.
    Stall(usize),
    /// It is closed once [`CutProxy::open_gate`] is called.
    Gate(usize),
    /// Everything is passed on.
    Pass,
}

/// The proxy; it stops with the test's runtime.
pub(crate) struct CutProxy {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    gate: watch::Sender<bool>,
}

impl CutProxy {
    /// Passes connections on to `endpoint`, an `http://host:port`; `fate` decides by
    /// their number, from 0.
    pub(crate) async fn start<F>(endpoint: &str, fate: F) -> Self
    where
        F: Fn(usize) -> Fate + Send + 'static,
    {
        let server = endpoint.strip_prefix("http://").unwrap().trim_end_matches('/').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        let (gate, opened) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let fate = fate(count.fetch_add(1, Ordering::SeqCst));
                let server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(pass_on(client, server, fate, opened.clone()));
            }
        });
        Self { address, connections, gate }
    }

    /// Closes the connections that wait at the gate.
    pub(crate) fn open_gate(&self) {
        self.gate.send_replace(true);
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Connections accepted so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

async fn pass_on(
    client: TcpStream,
    server: TcpStream,
    fate: Fate,
    mut gate: watch::Receiver<bool>,
) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let up = tokio::spawn(async move {
        let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
    });
    match fate {
        Fate::Pass => {
            let _ = tokio::io::copy(&mut from_server, &mut to_client).await;
        }
        Fate::Cut(bytes) => answer(&mut from_server, &mut to_client, bytes).await,
        Fate::Gate(bytes) => {
            answer(&mut from_server, &mut to_client, bytes).await;
            let _ = gate.wait_for(|open| *open).await;
        }
        Fate::Stall(bytes) => {
            answer(&mut from_server, &mut to_client, bytes).await;
            std::future::pending::<()>().await;
        }
    }
    up.abort();
}

/// Passes on the head of one answer and `body` bytes after it.
async fn answer(server: &mut tcp::OwnedReadHalf, client: &mut tcp::OwnedWriteHalf, body: usize) {
    let mut seen = Vec::new();
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let Ok(count @ 1..) = server.read(&mut buffer).await else { return };
        let sent = seen.len();
        seen.extend_from_slice(&buffer[..count]);
        let head = seen.windows(4).position(|window| window == b"\r\n\r\n");
        let end = head.map_or(seen.len(), |head| seen.len().min(head + 4 + body));
        if client.write_all(&seen[sent..end]).await.is_err() {
            return;
        }
        if head.is_some_and(|head| end == head + 4 + body) {
            return;
        }
    }
}
