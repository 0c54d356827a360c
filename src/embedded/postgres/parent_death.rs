//! Stops Postgres when this program ends, in whatever way.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use nix::sys::signal::Signal;
use nix::unistd::{Pid, getppid};

/// Asks the kernel to send the child SIGINT, which is a fast shutdown, when the
/// **thread** that spawns it ends.
#[allow(unsafe_code, reason = "there is no other way to run code between fork and exec")]
pub(super) fn shut_down_with_parent(command: &mut Command) {
    let parent = Pid::this();
    let arrange = move || {
        #[cfg(target_os = "linux")]
        nix::sys::prctl::set_pdeathsig(Signal::SIGINT)?;
        // If the parent died before the line above, no signal is sent.
        if getppid() == parent {
            Ok(())
        } else {
            Err(io::Error::from_raw_os_error(nix::errno::Errno::ESRCH as i32))
        }
    };
    // SAFETY: the closure makes two system calls that are async-signal-safe and
    // touches no memory but its own copy of the parent's id; it does not allocate.
    unsafe {
        command.pre_exec(arrange);
    }
}
