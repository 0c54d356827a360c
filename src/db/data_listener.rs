//! Hears from Postgres that the data have changed. Nothing that must be right
//! depends on it: a notification may be late or lost. It only brings forward what
//! would else wait for the next request.

use std::convert::Infallible;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::data_version::Asker;

/// As the migration names it.
const CHANNEL: &str = "salesgraph_data";

/// Between two tries to reach Postgres.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How soon a replica is asked again that lacks what the main database told of.
const FIRST_LAG: Duration = Duration::from_millis(10);
/// It is given up where it lags more: the next notification or request finds it.
const LONGEST_LAG: Duration = Duration::from_secs(5);

/// Asks for the version whenever a commit is told of.
pub(super) struct Listener {
    options: PgConnectOptions,
    asker: Asker,
}

impl Listener {
    pub(super) fn new(options: PgConnectOptions, asker: Asker) -> Self {
        Self { options, asker }
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
            tracing::warn!(%error, "no news of commits; answers stay right, memory is freed later");
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                // Not a wait for something else to finish: the pace of trying again.
                () = sleep(pause) => {}
            }
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
    }

    async fn follow(&self, pause: &mut Duration) -> Result<Infallible, sqlx::Error> {
        // The listener takes its connection from a pool, which so is one of its own.
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(LONGEST_PAUSE)
            .connect_lazy_with(self.options.clone());
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.listen(CHANNEL).await?;
        *pause = FIRST_PAUSE;
        // What was told before, and while nobody listened.
        self.look(None).await;
        loop {
            // None is a connection that was lost and is there again.
            let told = listener.try_recv().await?;
            self.look(told.and_then(|told| told.payload().parse().ok())).await;
        }
    }

    async fn look(&self, told: Option<i64>) {
        let mut lag = FIRST_LAG;
        loop {
            let found = self.asker.current().await;
            let lacks = matches!((&found, told), (Ok(found), Some(told)) if found.version < told);
            if !lacks || lag > LONGEST_LAG {
                return;
            }
            sleep(lag).await;
            lag = lag.saturating_mul(2);
        }
    }
}
