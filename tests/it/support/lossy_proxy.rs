//! A TCP proxy on loopback that lets requests through and loses answers, or spoils tokens.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    /// It is passed on.
    Nothing,
    /// It is passed on, and the connection is closed when its answer comes.
    Answer,
    /// Its token is another one.
    Token,
    /// Its answer, the catalogue's configuration, also lists that of several tables at once.
    Transactions,
}

/// The proxy; it stops with the test's runtime.
pub(crate) struct LossyProxy {
    address: SocketAddr,
    losses: Arc<AtomicUsize>,
}

impl LossyProxy {
    /// Passes requests on to `endpoint`, an `http://host:port`; `loss` decides by the line of a
    /// request and the number of losses so far.
    pub(crate) async fn start<F>(endpoint: &str, loss: F) -> Self
    where
        F: Fn(&str, usize) -> Loss + Send + Sync + 'static,
    {
        let server = endpoint.strip_prefix("http://").expect("HTTP").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let losses = Arc::new(AtomicUsize::new(0));
        let (count, loss) = (Arc::clone(&losses), Arc::new(loss));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (server, count, loss) = (server.clone(), Arc::clone(&count), Arc::clone(&loss));
                tokio::spawn(async move {
                    // A broken connection is what this is for.
                    let _ = pass_on(client, &server, &count, loss.as_ref()).await;
                });
            }
        });
        Self { address, losses }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How often something was lost.
    pub(crate) fn losses(&self) -> usize {
        self.losses.load(Ordering::SeqCst)
    }
}

async fn pass_on<F>(
    client: TcpStream,
    server: &str,
    count: &AtomicUsize,
    loss: &F,
) -> std::io::Result<()>
where
    F: Fn(&str, usize) -> Loss,
{
    let (mut client, mut server) = (client, TcpStream::connect(server).await?);
    loop {
        // A request at a time: clients of HTTP/1.1 wait for the answer before the next.
        let Some(mut request) = message(&mut client).await? else { return Ok(()) };
        let line = String::from_utf8_lossy(&request).lines().next().unwrap_or_default().to_owned();
        let lost = loss(&line, count.load(Ordering::SeqCst));
        if lost != Loss::Nothing {
            count.fetch_add(1, Ordering::SeqCst);
        }
        if lost == Loss::Token {
            let text = b"earer ";
            let found = request.windows(text.len()).position(|window| window == text);
            let token = found.expect("a request with a token") + text.len();
            request[token..token + 8].copy_from_slice(b"spoilt00");
        }
        server.write_all(&request).await?;
        let Some(answer) = message(&mut server).await? else { return Ok(()) };
        match lost {
            Loss::Answer => return Ok(()),
            Loss::Transactions => client.write_all(&with_transactions(&answer)).await?,
            Loss::Nothing | Loss::Token => client.write_all(&answer).await?,
        }
    }
}

fn with_transactions(answer: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(answer.to_vec()).expect("JSON");
    let (_, body) = text.split_once("\r\n\r\n").expect("a body");
    let mut body: serde_json::Value = serde_json::from_str(body).expect("JSON");
    body["endpoints"] = serde_json::json!(["POST /v1/{prefix}/transactions/commit"]);
    let body = body.to_string();
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// The bytes of a request or an answer.
async fn message(stream: &mut TcpStream) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Ok(None);
        }
        bytes.extend_from_slice(&buffer[..count]);
        let Some(head) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
            continue;
        };
        let text = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
        let of =
            |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        let is_whole = match of("content-length:") {
            Some(length) => bytes.len() - head - 4 >= length,
            None if text.contains("transfer-encoding: chunked") => {
                bytes.ends_with(b"\r\n0\r\n\r\n")
            }
            None => true,
        };
        if is_whole {
            return Ok(Some(bytes));
        }
    }
}
