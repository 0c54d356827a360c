//! The program as a separate process.

use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::Child;

use super::TestApp;
use crate::support::cut_proxy::CutProxy;

/// A process that ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    /// Fails with the whole output if the exit code is another one.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// Fails unless standard output contains each of these.
    #[track_caller]
    pub(crate) fn says(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.out.contains(part), "'{part}' is not in:\n{}", self.out);
        }
        self
    }
}

impl TestApp {
    /// Runs the program to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        let output = self.command().args(arguments).output().await.expect("the program starts");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Starts a load in small batches that reaches S3 through a proxy.
    pub(crate) fn start_load_through(&self, proxy: &CutProxy) -> Child {
        self.command()
            .arg("load")
            .env("AWS_ENDPOINT_URL", proxy.endpoint())
            .env("LOAD_BATCH_ROWS", "50")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts")
    }

    /// Waits until Postgres has noticed that the loader of this database is gone.
    pub(crate) async fn wait_until_no_loader(&self) {
        self.wait_until(
            "SELECT count(*) = 0 FROM pg_stat_activity \
             WHERE datname = current_database() AND application_name = 'salesgraph load'",
        )
        .await;
    }
}

/// Sends the process a signal.
pub(crate) fn send(child: &Child, signal: Signal) {
    let id = child.id().and_then(|id| i32::try_from(id).ok()).expect("the process runs");
    kill(Pid::from_raw(id), signal).expect("the signal is sent");
}
