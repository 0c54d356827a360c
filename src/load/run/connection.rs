//! How the loader connects.

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};

use crate::db::set_aside::LOADS;
use crate::error::{Code, Error, Result};

/// Settings of every connection of a run. Commits are asynchronous but for the last of
/// a file, which flushes those before it.
pub(crate) fn settings(database: PgConnectOptions) -> PgConnectOptions {
    // Batches may be slow; the run itself reports what they do.
    let database = database.disable_statement_logging();
    database.application_name("salesgraph load").options([
        ("synchronous_commit", "off"),
        ("statement_timeout", "0"),
        ("lock_timeout", "0"),
        // A batch waits for its commit turn, the lock for the end of the run.
        ("idle_in_transaction_session_timeout", "0"),
        ("idle_session_timeout", "0"),
        // Postgres drops the session of a loader whose host is down.
        ("tcp_keepalives_idle", "30"),
        ("tcp_keepalives_interval", "10"),
        ("tcp_keepalives_count", "3"),
        ("client_min_messages", "warning"),
        LOADS,
    ])
}

/// A connection outside the pool.
pub(crate) async fn connect(options: &PgConnectOptions) -> Result<PgConnection> {
    PgConnection::connect_with(options).await.map_err(|error| {
        let address = format!("{}:{}", options.get_host(), options.get_port());
        Error::new(Code::Unavailable, format!("Postgres at {address} cannot be reached"))
            .with_source(error)
    })
}
