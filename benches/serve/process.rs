//! The server, and connections to it.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use std::{fs, io};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use salesgraph::config;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use crate::Result;

const START: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(1);
const READY: &str = "GET /health/ready HTTP/1.1\r\nhost: localhost\r\n\r\n";
const BODY: &str = r#"{"query":"{ products(first: 5) { nodes { productId name } } }"}"#;

/// A running `salesgraph serve`.
pub(crate) struct Served {
    child: Child,
    pid: Pid,
    pub(crate) address: SocketAddr,
    /// From the start of the process to the first answer that it is ready.
    pub(crate) ready: Duration,
}

impl Served {
    pub(crate) async fn start(bin: &Path, database_url: &str, connections: u32) -> Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let begun = Instant::now();
        let child = Command::new(bin)
            .args(["serve", "--insecure-no-auth", "--bind", &address.to_string()])
            .env_remove(config::FILE_ENV)
            .env("DATABASE_URL", database_url)
            .env("HTTP_CONNECTIONS_MAX", (connections + 1).to_string())
            .env("HTTP_IDLE_TIMEOUT", "1h")
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let id = child.id().ok_or("salesgraph ended at once")?;
        let ready = timeout(START, ready(address, begun)).await.map_err(|_| "it was not ready")?;
        Ok(Self { child, pid: Pid::from_raw(i32::try_from(id)?), address, ready })
    }

    /// The memory that it holds at the moment, shared pages of the program's file included.
    pub(crate) fn memory_mib(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let held = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = held.and_then(|text| text.split_whitespace().next());
        Ok(kib.ok_or("the kernel tells no memory")?.parse::<f64>()? / 1024.0)
    }

    pub(crate) async fn stop(mut self) -> Result<()> {
        kill(self.pid, Signal::SIGTERM)?;
        self.child.wait().await?;
        Ok(())
    }
}

/// Asks until the server is ready.
async fn ready(address: SocketAddr, begun: Instant) -> Duration {
    loop {
        if let Ok(mut connection) = TcpStream::connect(address).await
            && let Ok(answer) = exchange(&mut connection, READY).await
            && answer.starts_with(b"HTTP/1.1 200")
        {
            return begun.elapsed();
        }
        sleep(LOOK).await;
    }
}

/// A connection that is kept open.
pub(crate) struct Connection(TcpStream);

impl Connection {
    /// Opens it, and asks once.
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let mut connection = Self(TcpStream::connect(address).await?);
        connection.ask().await?;
        Ok(connection)
    }

    pub(crate) async fn ask(&mut self) -> Result<()> {
        let request = format!(
            "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{BODY}",
            BODY.len()
        );
        let answer = exchange(&mut self.0, &request).await?;
        if !answer.starts_with(b"HTTP/1.1 200") {
            return Err(String::from_utf8_lossy(&answer).into_owned().into());
        }
        Ok(())
    }
}

/// Sends a request and reads its answer, which is short.
async fn exchange(connection: &mut TcpStream, request: &str) -> io::Result<Vec<u8>> {
    connection.write_all(request.as_bytes()).await?;
    let mut answer = vec![0; 16 * 1024];
    let read = connection.read(&mut answer).await?;
    answer.truncate(read);
    Ok(answer)
}
