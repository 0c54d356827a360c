//! `salesgraph serve` as a separate process.

use std::process::Stdio;

use hyper::StatusCode;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdout};
use tokio::time::timeout;

use super::LIMIT;
use crate::support::TestApp;
use crate::support::http::{Answer, send_to};

/// A running server; it is killed when dropped.
pub(super) struct Serving {
    address: String,
    _child: Child,
    _out: BufReader<ChildStdout>,
}

impl Serving {
    /// Starts it at this address and waits until it says where it listens.
    pub(super) async fn start(app: &TestApp, bind: &str, env: &[(&str, &str)]) -> Self {
        let mut child = app
            .command()
            .args(["serve", "--bind", bind])
            .envs(env.iter().copied())
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut out = BufReader::new(child.stdout.take().expect("its output"));
        let mut line = String::new();
        timeout(LIMIT, out.read_line(&mut line)).await.expect("in time").expect("its output");
        let port = line.trim_end().strip_suffix("/graphql").and_then(|url| url.rsplit(':').next());
        let port = port.unwrap_or_else(|| panic!("no address: {line}"));
        Self { address: format!("127.0.0.1:{port}"), _child: child, _out: out }
    }

    /// Asks with a token or a key, if any.
    pub(super) async fn ask(&self, token: Option<&str>) -> Answer {
        send_to(&self.address, "api.example", token, "{ __typename }").await
    }

    pub(super) async fn status(&self, token: &str) -> StatusCode {
        self.ask(Some(token)).await.status
    }
}
