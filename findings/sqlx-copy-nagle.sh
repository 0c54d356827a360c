#!/usr/bin/env bash
# sqlx 0.9.0 (feature postgres) over TCP.
# Seen: sqlx leaves TCP_NODELAY off. COPY FROM STDIN is the one exchange in which the client writes
#   twice before the server answers: the data, and then CopyDone. The second, small write waits
#   until the first is acknowledged, which the server's kernel delays by some 40 ms.
# Expected: TCP_NODELAY, as libpq sets it.
# Matters: each COPY of a few rows takes 40 ms longer than its work; it has to be shared by as many
#   rows as possible. There is no setting, and no way to reach the socket.
# A server that only speaks as much of the protocol as this needs measures the time between the
# two messages.
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
sqlx = { version = "=0.9.0", default-features = false, features = ["postgres", "runtime-tokio"] }
tokio = { version = "1", features = ["rt-multi-thread", "macros", "net", "io-util"] }
TOML
cat > src/main.rs <<'RUST'
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions as _, PgConnection};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const ROUNDS: usize = 40;
const READY: &[u8] = b"Z\0\0\0\x05I";

/// The type of the next message of the client.
async fn message(stream: &mut TcpStream) -> u8 {
    let kind = stream.read_u8().await.unwrap();
    let length = stream.read_u32().await.unwrap() as usize;
    let mut body = vec![0; length - 4];
    stream.read_exact(&mut body).await.unwrap();
    kind
}

async fn serve(listener: TcpListener) -> Vec<Duration> {
    let (mut stream, _) = listener.accept().await.unwrap();
    stream.set_nodelay(true).unwrap();
    let length = stream.read_u32().await.unwrap() as usize;
    stream.read_exact(&mut vec![0; length - 4]).await.unwrap();
    stream.write_all(&[b"R\0\0\0\x08\0\0\0\0", READY].concat()).await.unwrap();
    let mut waits = Vec::new();
    for _ in 0..ROUNDS {
        assert_eq!(message(&mut stream).await, b'Q');
        stream.write_all(b"G\0\0\0\x07\0\0\0").await.unwrap();
        assert_eq!(message(&mut stream).await, b'd');
        let data = Instant::now();
        assert_eq!(message(&mut stream).await, b'c');
        waits.push(data.elapsed());
        stream.write_all(&[b"C\0\0\0\x0bCOPY 1\0", READY].concat()).await.unwrap();
    }
    waits
}

#[tokio::main]
async fn main() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = tokio::spawn(serve(listener));
    let options = PgConnectOptions::new_without_pgpass().host("127.0.0.1").port(port);
    let options = options.username("a").ssl_mode(PgSslMode::Disable);
    let mut connection: PgConnection = options.connect().await.unwrap();
    for _ in 0..ROUNDS {
        let mut copy = connection.copy_in_raw("COPY a FROM STDIN").await.unwrap();
        copy.send(&b"1\n"[..]).await.unwrap();
        copy.finish().await.unwrap();
    }
    let mut waits = serving.await.unwrap();
    waits.sort();
    let median = waits[ROUNDS / 2];
    println!("median time between the data and CopyDone: {median:?}");
    assert!(median > Duration::from_millis(20), "changed: CopyDone does not wait any more");
}
RUST
cargo run --quiet
