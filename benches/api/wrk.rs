//! wrk, which asks and measures.

use std::path::Path;
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::Result;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/api/drive.lua");

/// Slower answers than this count as lost.
const TIMEOUT_SECONDS: u32 = 60;

/// How wrk asks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drive<'a> {
    /// Whom.
    pub(crate) url: &'a str,
    /// The bodies of the requests, one a line.
    pub(crate) bodies: &'a Path,
    /// By how many connections at once.
    pub(crate) connections: u32,
    /// For how long.
    pub(crate) seconds: u64,
    /// The header of that name, if any.
    pub(crate) authorization: Option<&'a str>,
    /// The header of that name, if any. Compressed answers are not read for errors.
    pub(crate) accept_encoding: Option<&'a str>,
    /// Whether each answer is read for errors.
    pub(crate) check: bool,
}

/// What came of it.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Outcome {
    /// Answers.
    pub(crate) requests: u64,
    /// Their bytes, heads included.
    bytes: u64,
    microseconds: u64,
    /// Latencies in microseconds.
    p50: u64,
    p99: u64,
    /// Answers with a status of 400 and above.
    refused: u64,
    /// Requests without an answer.
    lost: u64,
    /// Answers with errors in them, where they were read.
    broken: u64,
}

impl Outcome {
    /// Answers a second.
    pub(crate) fn rate(&self) -> f64 {
        float(self.requests) * 1e6 / float(self.microseconds)
    }

    /// The median latency in milliseconds.
    pub(crate) fn p50_ms(&self) -> f64 {
        float(self.p50) / 1e3
    }

    /// The latency in milliseconds that one in a hundred exceeds.
    pub(crate) fn p99_ms(&self) -> f64 {
        float(self.p99) / 1e3
    }

    /// Bytes of a mean answer.
    pub(crate) fn mean_bytes(&self) -> f64 {
        float(self.bytes) / float(self.requests)
    }

    /// Requests that were not answered as they should have been.
    pub(crate) fn failed(&self) -> u64 {
        // An answer that is read counts as broken whatever is wrong with it.
        self.lost + self.refused.max(self.broken)
    }
}

/// Fails where there is no wrk.
pub(crate) fn find() -> Result<()> {
    let found = Command::new("wrk").arg("--version").stdout(Stdio::null()).status();
    found.map(drop).map_err(|error| {
        format!("wrk cannot be run ({error}): install it, such as by `apt-get install wrk`").into()
    })
}

/// Asks for as long as said.
pub(crate) fn run(drive: &Drive<'_>) -> Result<Outcome> {
    let mut command = Command::new("wrk");
    command
        .args(["--threads", "1", "--connections", &drive.connections.to_string()])
        .args(["--duration", &format!("{}s", drive.seconds)])
        .args(["--timeout", &format!("{TIMEOUT_SECONDS}s"), "--script", SCRIPT])
        .args([drive.url, "--"])
        .arg(drive.bodies);
    if drive.check && drive.accept_encoding.is_none() {
        command.arg("check");
    }
    // Not an argument, which every user of the machine sees.
    for (name, value) in
        [("AUTHORIZATION", drive.authorization), ("ACCEPT_ENCODING", drive.accept_encoding)]
    {
        command.env_remove(name);
        command.envs(value.map(|value| (name, value)));
    }
    let output = command.stdin(Stdio::null()).output()?;
    let stdout = String::from_utf8_lossy(&output.stdout);
    let result = stdout.lines().find_map(|line| line.strip_prefix("RESULT "));
    let Some(result) = result.filter(|_| output.status.success()) else {
        let stderr = String::from_utf8_lossy(&output.stderr);
        return Err(format!("wrk ended without a result:\n{stdout}{stderr}").into());
    };
    let outcome: Outcome = serde_json::from_str(result)?;
    if outcome.requests == 0 {
        return Err(format!("{} answered nothing in {} s", drive.url, drive.seconds).into());
    }
    Ok(outcome)
}

#[expect(clippy::cast_precision_loss, reason = "counts of a benchmark stay far below 2^53")]
fn float(number: u64) -> f64 {
    number as f64
}
