//! Listens for notifications of commits, so that versions are read before the next
//! request needs them. Correctness never depends on it: a notification may be late or
//! lost.

use std::convert::Infallible;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::reader::VersionReader;

/// As the migration names it.
const CHANNEL: &str = "salesgraph_data";
/// Jobs and reports, which are no data.
const ACTIVITY: &str = "salesgraph_activity";

/// Between two attempts to reach Postgres.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Reads the version after each notification.
pub(super) struct Listener {
    options: PgConnectOptions,
    reader: VersionReader,
    changed: watch::Sender<i64>,
}

impl Listener {
    pub(super) fn new(
        options: PgConnectOptions,
        reader: VersionReader,
        changed: watch::Sender<i64>,
    ) -> Self {
        Self { options, reader, changed }
    }

    /// Listens until `stop`, through lost connections.
    pub(super) async fn run(self, stop: CancellationToken) {
        let mut pause = FIRST_PAUSE;
        loop {
            let error = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                ended = self.follow(&mut pause) => match ended {
                    Err(error) => error,
                    Ok(never) => match never {},
                },
            };
            tracing::warn!(
                %error,
                "lost the notification channel; answers stay correct, eviction is delayed"
            );
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                // Paces reconnecting; nothing else is waited for.
                () = sleep(pause) => {}
            }
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
    }

    async fn follow(&self, pause: &mut Duration) -> Result<Infallible, sqlx::Error> {
        // PgListener takes its connection from a pool; this one is its own.
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(LONGEST_PAUSE)
            .connect_lazy_with(self.options.clone());
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.listen_all([CHANNEL, ACTIVITY]).await?;
        *pause = FIRST_PAUSE;
        // Commits made before listening began.
        let _ = self.reader.current().await;
        loop {
            // `None`: the connection was lost and re-established.
            let notification = listener.try_recv().await?;
            if notification.as_ref().is_some_and(|it| it.channel() == ACTIVITY) {
                self.changed.send_modify(|_| ());
                continue;
            }
            // Reading it tells the others; a failure is told to the next request.
            let _ = self.reader.current().await;
        }
    }
}
