//! The postmaster as a child process.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitStatus};
use std::sync::mpsc;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::sync::{oneshot, watch};

use super::parent_death::shut_down_with_parent;

/// A running postmaster, in its own process group: Ctrl-C in a terminal reaches
/// this program only, which then shuts Postgres down.
#[derive(Debug)]
pub(super) struct Process {
    pid: u32,
    ended: watch::Receiver<Option<ExitStatus>>,
}

type Job = (Command, oneshot::Sender<io::Result<Process>>);

/// The thread that spawns every postmaster. The kernel ties a child to the thread
/// that spawned it, so this one lives as long as the program.
static SPAWNER: LazyLock<io::Result<Mutex<mpsc::Sender<Job>>>> = LazyLock::new(|| {
    let (sender, receiver) = mpsc::channel::<Job>();
    thread::Builder::new().name("postgres-spawner".into()).spawn(move || {
        for (command, reply) in receiver {
            // If the start was cancelled nobody receives the process, and its drop
            // stops it.
            let _ = reply.send(spawn_here(command));
        }
    })?;
    Ok(Mutex::new(sender))
});

impl Process {
    pub(super) async fn spawn(mut command: Command) -> io::Result<Self> {
        command.process_group(0);
        shut_down_with_parent(&mut command);
        let (reply, answer) = oneshot::channel();
        let spawner = SPAWNER.as_ref().map_err(|error| io::Error::from(error.kind()))?;
        let sent = {
            let spawner = spawner.lock().unwrap_or_else(PoisonError::into_inner);
            spawner.send((command, reply))
        };
        sent.map_err(|_| io::Error::other("the thread that starts Postgres has ended"))?;
        answer.await.map_err(io::Error::other)?
    }

    pub(super) const fn pid(&self) -> u32 {
        self.pid
    }

    /// The exit status, if the process has ended.
    pub(super) fn exit_status(&self) -> Option<ExitStatus> {
        *self.ended.borrow()
    }

    /// Sends a signal, unless the process has ended.
    pub(super) fn signal(&self, signal: Signal) {
        if self.exit_status().is_none()
            && let Ok(pid) = i32::try_from(self.pid)
        {
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }

    /// Waits for the end; `false` after a timeout.
    pub(super) async fn wait(&mut self, timeout: Duration) -> bool {
        let ended = self.ended.wait_for(Option::is_some);
        tokio::time::timeout(timeout, ended).await.is_ok()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::SIGINT);
    }
}

fn spawn_here(mut command: Command) -> io::Result<Process> {
    let mut child = command.spawn()?;
    let pid = child.id();
    let (sender, ended) = watch::channel(None);
    let process = Process { pid, ended };
    thread::Builder::new().name(format!("postgres-{pid}")).spawn(move || {
        let status = child.wait().unwrap_or_default();
        sender.send_replace(Some(status));
    })?;
    Ok(process)
}
