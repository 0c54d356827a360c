//! Measures one process. The kernel tells the peak memory of waited-for children
//! only as the greatest of all, so each measured process gets a parent of its
//! own: this program again, which reports and ends.

use std::ffi::OsString;
use std::io::Read as _;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use serde::{Deserialize, Serialize};

use crate::Result;

/// The first argument of this program when it is to be that parent.
const MEASURE: &str = "--measure";

/// What a process took.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Usage {
    /// Wall time.
    pub(crate) seconds: f64,
    /// Processor time of the process, user and system; not that of Postgres.
    pub(crate) cpu_seconds: f64,
    /// The most memory it held at once.
    pub(crate) peak_kib: i64,
    /// None when a signal ended it.
    exit_code: Option<i32>,
}

impl Usage {
    /// The most memory in MiB.
    #[expect(clippy::cast_precision_loss, reason = "a benchmark's memory is little")]
    pub(crate) fn peak_mib(&self) -> f64 {
        self.peak_kib as f64 / 1024.0
    }
}

/// Runs a program to its end. An exit code that is not among `accepted` is an
/// error with all that the program wrote.
pub(crate) fn run(program: &Command, accepted: &[i32]) -> Result<Usage> {
    let mut parent = Command::new(std::env::current_exe()?);
    parent.arg(MEASURE).arg(program.get_program()).args(program.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => parent.env(name, value),
            None => parent.env_remove(name),
        };
    }
    let output = parent.stdin(Stdio::null()).output()?;
    let name = program.get_program().to_string_lossy();
    let stderr = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("{name} cannot be run: {stderr}").into());
    }
    let usage: Usage = serde_json::from_slice(&output.stdout)?;
    match usage.exit_code {
        Some(code) if accepted.contains(&code) => Ok(usage),
        Some(code) => Err(format!("{name} ended with exit code {code}:\n{stderr}").into()),
        None => Err(format!("{name} was ended by a signal:\n{stderr}").into()),
    }
}

/// Where this program was started to measure, does so and gives its exit code.
pub(crate) fn as_parent(mut arguments: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    if arguments.nth(1)? != MEASURE {
        return None;
    }
    let program = arguments.next()?;
    match measure(Command::new(program).args(arguments)) {
        Ok(report) => {
            println!("{report}");
            Some(ExitCode::SUCCESS)
        }
        Err(error) => {
            eprintln!("{error}");
            Some(ExitCode::FAILURE)
        }
    }
}

fn measure(program: &mut Command) -> Result<String> {
    let begun = Instant::now();
    let mut child = program.stdout(Stdio::piped()).spawn()?;
    // What it prints belongs to its errors; this program's output is the report.
    let mut printed = String::new();
    if let Some(mut stdout) = child.stdout.take() {
        stdout.read_to_string(&mut printed)?;
    }
    let status = child.wait()?;
    let seconds = begun.elapsed().as_secs_f64();
    eprint!("{printed}");
    let children = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let cpu = children.user_time() + children.system_time();
    let usage = Usage {
        seconds,
        #[expect(clippy::cast_precision_loss, reason = "microseconds of a benchmark are few")]
        cpu_seconds: cpu.num_microseconds() as f64 / 1e6,
        peak_kib: children.max_rss(),
        exit_code: status.code(),
    };
    Ok(serde_json::to_string(&usage)?)
}
