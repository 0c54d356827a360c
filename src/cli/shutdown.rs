//! Signals: the first requests a graceful shutdown, the second ends the process.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::error::{Error, Result};

/// Exit code after a second signal.
const INTERRUPTED: i32 = 130;

/// Cancels `stop` on SIGINT or SIGTERM; a second one ends the process.
pub(super) fn cancel_on_signal(stop: CancellationToken) -> Result<()> {
    let watch = |kind| {
        signal(kind)
            .map_err(|error| Error::internal("signals cannot be watched").with_source(error))
    };
    let mut interrupt = watch(SignalKind::interrupt())?;
    let mut terminate = watch(SignalKind::terminate())?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if stop.is_cancelled() {
                std::process::exit(INTERRUPTED);
            }
            tracing::info!("stopping; a second signal stops at once");
            stop.cancel();
        }
    });
    Ok(())
}
