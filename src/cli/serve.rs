//! `salesgraph serve`

use std::net::SocketAddr;

use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::exit::Exit;
use super::{output, shutdown, wiring};
use crate::config::http::{BIND, bind_address};
use crate::config::{Config, Overrides};
use crate::error::{Code, Error, Result};
use crate::{graphql, http};

const EXAMPLES: &str = "\
Examples:
  DATABASE_URL=postgres://salesgraph@localhost/salesgraph salesgraph serve
  salesgraph serve --bind 127.0.0.1:9999 --migrate

Refuses to start on a schema that is behind, unless --migrate is given. Ctrl-C
lets the requests under way finish; a second one does not.";

/// Arguments of `serve`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Where the API listens [env: HTTP_BIND] [default: 127.0.0.1:8000]
    #[arg(long, value_name = "ADDR", value_parser = bind_address)]
    pub bind: Option<SocketAddr>,
    /// Bring the schema up to date first
    #[arg(long)]
    pub migrate: bool,
}

impl Args {
    /// What these flags set in the configuration.
    #[must_use]
    pub fn overrides(&self) -> Overrides {
        Overrides::default().with(&BIND, "--bind", self.bind)
    }
}

/// Serves until a signal.
pub async fn run(args: &Args, config: &Config) -> Result<Exit> {
    wiring::ready_schema(config, args.migrate).await?;
    let stop = CancellationToken::new();
    shutdown::cancel_on_signal(stop.clone())?;
    let listener = listen(config.http.bind).await?;
    let pool = wiring::read_database(config).await?;
    let address = address(&listener)?;
    output::print(&format!("GraphiQL and API: http://{address}/graphql\n"))?;
    serve(listener, pool.clone(), config, stop).await?;
    pool.close().await;
    Ok(Exit::Done)
}

/// Listens at the configured address.
pub(super) async fn listen(bind: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(bind).await.map_err(|error| {
        let message = format!("cannot listen on {bind}; choose another address with --bind");
        Error::new(Code::Unavailable, message).with_source(error)
    })
}

/// Where it listens: the configured port may be 0, for any free one.
pub(super) fn address(listener: &TcpListener) -> Result<SocketAddr> {
    listener
        .local_addr()
        .map_err(|error| Error::internal("the listener has no address").with_source(error))
}

/// Answers requests until `stop`, then lets those under way end.
pub(super) async fn serve(
    listener: TcpListener,
    pool: PgPool,
    config: &Config,
    stop: CancellationToken,
) -> Result<()> {
    let limits = http::Limits::after(config.database.statement_timeout);
    let state = http::AppState::new(pool, graphql::Limits::default(), limits);
    http::serve(listener, http::router(state), async move { stop.cancelled().await }).await
}
