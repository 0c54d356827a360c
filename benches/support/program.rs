//! A server under measurement: a process that says its URL when it is ready.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::Result;

const START: Duration = Duration::from_secs(60);
const STOP: Duration = Duration::from_secs(15);

/// A running server.
pub(crate) struct Program {
    /// What it is called in the report.
    pub(crate) name: &'static str,
    child: Child,
    pid: Pid,
    /// Where it answers GraphQL.
    pub(crate) url: String,
}

impl Program {
    /// Starts it and waits for the line of its output that holds its URL.
    pub(crate) async fn start(name: &'static str, command: &mut Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("{name} cannot be started: {error}"))?;
        let id = child.id().ok_or_else(|| format!("{name} ended at once"))?;
        let stdout = child.stdout.take().ok_or("a process without output")?;
        let mut lines = BufReader::new(stdout).lines();
        let ready = async {
            while let Some(line) = lines.next_line().await? {
                if let Some(url) = line.split_whitespace().find(|word| word.starts_with("http://"))
                {
                    return Ok(url.to_owned());
                }
            }
            Err(format!("{name} ended without saying where it answers").into())
        };
        let url: Result<String> = timeout(START, ready)
            .await
            .unwrap_or_else(|_| Err(format!("{name} was not ready in time").into()));
        // What it prints later is of no interest, but must not fill the pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { name, child, pid: Pid::from_raw(i32::try_from(id)?), url: url? })
    }

    /// The most memory it has held so far in MiB, all of its processes together.
    pub(crate) fn peak_mib(&self) -> Result<f64> {
        let mut kib = 0.0;
        for pid in std::iter::once(self.pid.to_string()).chain(self.children()?) {
            let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
            let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let peak = peak.and_then(|text| text.split_whitespace().next());
            kib += peak.ok_or("the kernel tells no peak memory")?.parse::<f64>()?;
        }
        Ok(kib / 1024.0)
    }

    fn children(&self) -> Result<Vec<String>> {
        let pid = self.pid;
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
        Ok(children.split_whitespace().map(str::to_owned).collect())
    }

    /// Asks it to end and waits until it has.
    pub(crate) async fn stop(mut self) -> Result<()> {
        kill(self.pid, Signal::SIGTERM)?;
        match timeout(STOP, self.child.wait()).await {
            Ok(ended) => ended.map(drop).map_err(Into::into),
            Err(_) => Err(format!("{} did not end when asked to", self.name).into()),
        }
    }
}
