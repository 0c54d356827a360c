//! The remains of an earlier Postgres in a data folder: one that was killed, or
//! one that is still shutting down.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::error::{Code, Error, Result};

/// Longest time for an earlier Postgres to end: it may be writing a checkpoint.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Time between two checks.
const PAUSE: Duration = Duration::from_millis(50);

/// Waits until no process works in the folder and removes the stale lock file.
/// Postgres itself does so only if the process id was not reused since.
pub(super) async fn clear(data: &Path) -> Result<()> {
    let deadline = Instant::now() + TIMEOUT;
    while let Some(pid) = working_in(data) {
        if Instant::now() >= deadline {
            let message = format!(
                "another Postgres (process {pid}) is running on {}: stop it, or choose another \
                 state folder",
                data.display()
            );
            return Err(Error::new(Code::Conflict, message));
        }
        sleep(PAUSE).await;
    }
    match fs::remove_file(data.join("postmaster.pid")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            let message = format!("the stale lock file in {} cannot be removed", data.display());
            Err(Error::new(Code::Config, message).with_source(error))
        }
        _ => Ok(()),
    }
}

/// A process whose working directory is the folder, as every process of a
/// Postgres has. One that has ended has none.
fn working_in(data: &Path) -> Option<u32> {
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let mut pids = processes.filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        (fs::read_link(entry.path().join("cwd")).ok()? == data).then_some(pid)
    });
    pids.next()
}

/// Whether the postmaster with this id accepts connections, as a standby if it is one: the
/// eighth line of its lock file says so, which `pg_ctl` reads too.
pub(super) fn is_ready(data: &Path, pid: u32) -> bool {
    let Ok(file) = fs::read_to_string(data.join("postmaster.pid")) else { return false };
    let mut lines = file.lines().map(str::trim);
    lines.next() == Some(pid.to_string().as_str())
        && matches!(lines.nth(6), Some("ready" | "standby"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_process_reports_ready() {
        let data = tempfile::tempdir().unwrap();
        let file = data.path().join("postmaster.pid");
        assert!(!is_ready(data.path(), 7));
        fs::write(&file, "7\n/data\n1700000000\n5432\n\n127.0.0.1\n  1  2\nstarting\n").unwrap();
        assert!(!is_ready(data.path(), 7));
        fs::write(&file, "7\n/data\n1700000000\n5432\n\n127.0.0.1\n  1  2\nready   \n").unwrap();
        assert!(is_ready(data.path(), 7));
        assert!(!is_ready(data.path(), 8));
    }

    #[tokio::test]
    async fn a_stale_lock_file_is_removed() {
        let data = tempfile::tempdir().unwrap();
        fs::write(data.path().join("postmaster.pid"), "1\n").unwrap();
        clear(data.path()).await.unwrap();
        assert!(!data.path().join("postmaster.pid").exists());
    }
}
