//! Threads of the engine's own. A question may take all of them for as long as it likes: those by
//! which the worker shows that it is alive are others.

use std::io;

use tokio::runtime::{Builder, Handle, Runtime};

/// Room for conditions within one another, which are parsed and planned by recursion. It is only
/// taken as far as it is used.
const STACK: usize = 64 << 20;

/// The threads, as many as there are cores.
#[derive(Debug)]
pub(super) struct Threads {
    handle: Handle,
    runtime: Option<Runtime>,
}

impl Threads {
    pub(super) fn new() -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .thread_name("lake-engine")
            .thread_stack_size(STACK)
            .enable_all()
            .build()?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }

    pub(super) const fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // Waiting for them is not allowed where futures run.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
