#!/usr/bin/env bash
# hyper 1.12.0 (feature http1, server) with hyper-util 0.1.21's TokioTimer.
# Seen: `header_read_timeout` also runs while a keep-alive connection waits for its next request.
#   A connection that has answered one request and is idle for that long is closed, although no
#   byte of a head was sent.
# Expected: the time that a head may take counts from its first byte, as nginx's
#   client_header_timeout does, and idle connections have a time of their own.
# Matters: a server cannot cut slow heads after 10 s and keep idle connections for 75 s by
#   hyper's settings. It has to watch the bytes of its connections itself.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkdir src
cat > Cargo.toml <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2024"

[dependencies]
hyper = { version = "=1.12.0", default-features = false, features = ["http1", "server"] }
hyper-util = { version = "=0.1.21", default-features = false, features = ["tokio"] }
http-body-util = "0.1"
tokio = { version = "1", features = ["rt", "macros", "net", "io-util", "time"] }
TOML
cat > src/main.rs <<'RUST'
use std::convert::Infallible;
use std::time::{Duration, Instant};

use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, body::Incoming};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const HEAD: Duration = Duration::from_millis(500);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let answer = |_: Request<Incoming>| async {
            Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
        };
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(HEAD);
        let _ = builder.serve_connection(TokioIo::new(stream), service_fn(answer)).await;
    });
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n").await.unwrap();
    let mut answer = [0; 1024];
    let read = client.read(&mut answer).await.unwrap();
    assert!(answer[..read].starts_with(b"HTTP/1.1 200"));
    // Idle: no byte of a next request is sent.
    let idle = Instant::now();
    let ended = tokio::time::timeout(HEAD * 10, client.read(&mut answer)).await;
    match ended {
        Ok(Ok(0)) => println!("closed after {:?} without a request", idle.elapsed()),
        other => {
            eprintln!("changed: an idle connection stays open: {other:?}");
            std::process::exit(1);
        }
    }
}
RUST
cargo run --quiet
