//! A TCP proxy on loopback that lets requests through and loses answers, or spoils tokens.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    /// It is passed on.
    Nothing,
    /// It is passed on, and the connection is closed when its answer comes.
    Answer,
    /// It is kept, and its connection closed.
    Request,
    /// It is answered with this status instead, and may be sent again at once.
    Status(u16),
    /// Its token is another one.
    Token,
    /// Its answer, the catalogue's configuration, also lists that of several tables at once.
    Transactions,
}

/// The proxy; it stops with the test's runtime.
pub(crate) struct LossyProxy {
    address: SocketAddr,
    server: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    losses: AtomicUsize,
    is_paused: AtomicBool,
    kept: Mutex<Vec<Vec<u8>>>,
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
        let state = Arc::new(State::default());
        let (own, upstream, loss) = (Arc::clone(&state), server.clone(), Arc::new(loss));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (server, state, loss) = (upstream.clone(), Arc::clone(&own), Arc::clone(&loss));
                tokio::spawn(async move {
                    // A broken connection is what this is for.
                    let _ = pass_on(client, &server, &state, loss.as_ref()).await;
                });
            }
        });
        Self { address, server, state }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How often something was lost.
    pub(crate) fn losses(&self) -> usize {
        self.state.losses.load(Ordering::SeqCst)
    }

    /// Loses nothing, until it resumes.
    pub(crate) fn pause(&self) {
        self.state.is_paused.store(true, Ordering::SeqCst);
    }

    pub(crate) fn resume(&self) {
        self.state.is_paused.store(false, Ordering::SeqCst);
    }

    /// Sends the requests that were kept, and tells the first lines of their answers.
    pub(crate) async fn send_kept(&self) -> Vec<String> {
        let kept = std::mem::take(&mut *self.state.kept.lock().expect("no panic"));
        let mut answers = Vec::new();
        for request in kept {
            let mut server = TcpStream::connect(&self.server).await.expect("a server");
            server.write_all(&request).await.expect("it is sent");
            let answer = message(&mut server).await.expect("an answer").expect("an answer");
            answers.push(first_line(&answer));
        }
        answers
    }
}

async fn pass_on<F>(client: TcpStream, server: &str, state: &State, loss: &F) -> std::io::Result<()>
where
    F: Fn(&str, usize) -> Loss,
{
    let (mut client, mut server) = (client, TcpStream::connect(server).await?);
    loop {
        // A request at a time: clients of HTTP/1.1 wait for the answer before the next.
        let Some(mut request) = message(&mut client).await? else { return Ok(()) };
        let lost = match state.is_paused.load(Ordering::SeqCst) {
            true => Loss::Nothing,
            false => loss(&first_line(&request), state.losses.load(Ordering::SeqCst)),
        };
        if lost != Loss::Nothing {
            state.losses.fetch_add(1, Ordering::SeqCst);
        }
        if lost == Loss::Request {
            state.kept.lock().expect("no panic").push(request);
            return Ok(());
        }
        if let Loss::Status(status) = lost {
            let answer =
                format!("HTTP/1.1 {status} No\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n");
            client.write_all(answer.as_bytes()).await?;
            continue;
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
            Loss::Answer | Loss::Request => return Ok(()),
            Loss::Transactions => client.write_all(&with_transactions(&answer)).await?,
            Loss::Nothing | Loss::Token | Loss::Status(_) => client.write_all(&answer).await?,
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

fn first_line(message: &[u8]) -> String {
    String::from_utf8_lossy(message).lines().next().unwrap_or_default().to_owned()
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
