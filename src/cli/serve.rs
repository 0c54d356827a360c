//! `salesgraph serve`

use std::net::SocketAddr;
use std::sync::Arc;

use sqlx::postgres::PgConnectOptions;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::access::AccessMode;
use super::exit::Exit;
use super::worker::Parts;
use super::{metrics, output, shutdown, wiring};
use crate::auth::Access;
use crate::columnar::Copies;
use crate::config::cache::ENABLED;
use crate::config::graphql::FEDERATION;
use crate::config::http::{BIND, bind_address};
use crate::config::{Config, Overrides};
use crate::db::data_version::DataVersions;
use crate::error::{Code, Error, Result};
use crate::query::Reader;
use crate::{graphql, http};

const EXAMPLES: &str = "\
Examples:
  salesgraph serve --bind 0.0.0.0:8000     with tokens or API keys configured
  salesgraph serve --insecure-no-auth      without, for this machine only
  salesgraph serve --with-worker           the API and a worker in one process
  salesgraph serve --migrate               after bringing the schema up to date
  salesgraph serve --federation            as a subgraph of a federated graph

Needs DATABASE_URL, and access control: JWT_ALGORITHM, JWT_SECRET or JWT_JWKS_URL,
JWT_ISSUER and JWT_AUDIENCE for tokens, or AUTH_API_KEYS=true for API keys.
Does not start on an outdated schema without --migrate. Ctrl-C lets requests in
progress finish; a second Ctrl-C does not.";

/// Arguments of `serve`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Where the API listens [env: HTTP_BIND] [default: 127.0.0.1:8000]
    #[arg(long, value_name = "ADDR", value_parser = bind_address)]
    pub bind: Option<SocketAddr>,
    /// Run jobs, too, as `salesgraph worker` does
    #[arg(long)]
    pub with_worker: bool,
    /// Bring the schema up to date first
    #[arg(long)]
    pub migrate: bool,
    /// Be a subgraph of Apollo Federation 2, too
    #[arg(long)]
    pub federation: bool,
    /// Execute every query, without a response cache
    #[arg(long)]
    pub no_cache: bool,
    /// Serve everything to everyone, on a loopback address only
    #[arg(long)]
    pub insecure_no_auth: bool,
}

impl Args {
    /// The configuration that these flags set.
    #[must_use]
    pub fn overrides(&self) -> Overrides {
        Overrides::default()
            .with(&BIND, "--bind", self.bind)
            .with(&FEDERATION, "--federation", self.federation.then_some(true))
            .with(&ENABLED, "--no-cache", self.no_cache.then_some(false))
    }
}

/// Serves until a signal.
pub async fn run(args: &Args, config: &Config) -> Result<Exit> {
    let mode = AccessMode::of(config, args.insecure_no_auth, config.http.bind)?;
    let documents = wiring::documents(config)?;
    let tls = wiring::tls(config)?;
    wiring::ready_schema(config, args.migrate).await?;
    let stop = CancellationToken::new();
    shutdown::cancel_on_signal(stop.clone())?;
    let listener = listen(config.http.bind).await?;
    let lake = config.lake.uri.as_deref();
    let metrics = metrics::bind(config, wiring::connect_options(config)?, lake).await?;
    let pool = wiring::database(config).await?;
    let main = wiring::reader(config, &pool).await?.named(&wiring::pool_name(0));
    let reader = wiring::with_replicas(config, main.clone())?;
    let closing = reader.clone();
    let access = mode.access(config, main.pool()).await?;
    let address = address(&listener)?;
    let what = if config.http.only_trusted_documents { "API" } else { "GraphiQL and API" };
    let scheme = if tls.is_some() { "https" } else { "http" };
    output::print(&format!("{what}: {scheme}://{address}/graphql\n"))?;
    let database = wiring::connect_options(config)?;
    let reports = wiring::reports(config).await?;
    let commands = wiring::commands(config, main.clone(), wiring::source_uri(config)?, reports);
    let rates = config.lake.uri.as_ref().map(|_| config.rates.clone());
    let commands = commands.with_rates(rates);
    let served = Served { reader, commands, database, documents, access, tls, metrics };
    match args.with_worker {
        false => serve(listener, served, config, stop).await?,
        true => {
            let parts = Parts::of(config).await?;
            serve_and_work(listener, served, &parts, config, stop).await?;
        }
    }
    closing.close().await;
    Ok(Exit::Done)
}

/// Serves and runs jobs until `stop`. Where one of them fails, the other is stopped, too.
pub(super) async fn serve_and_work(
    listener: TcpListener,
    mut served: Served,
    parts: &Parts,
    config: &Config,
    stop: CancellationToken,
) -> Result<()> {
    let pool = parts.pool().await?;
    metrics::add_worker(&mut served.metrics, &pool);
    let worker = parts.worker(config, &pool).await?;
    let work = async {
        let ended = worker.run(stop.clone()).await;
        stop.cancel();
        ended
    };
    let serve = async {
        let ended = serve(listener, served, config, stop.clone()).await;
        stop.cancel();
        ended
    };
    let (served, worked) = tokio::join!(serve, work);
    pool.close().await;
    served.and(worked)
}

/// Listens at the configured address.
pub(super) async fn listen(bind: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(bind).await.map_err(|error| {
        let message = format!("cannot listen on {bind}; choose another address with --bind");
        Error::new(Code::Unavailable, message).with_source(error)
    })
}

/// The address of the listener: a configured port of 0 chooses a free one.
pub(super) fn address(listener: &TcpListener) -> Result<SocketAddr> {
    listener
        .local_addr()
        .map_err(|error| Error::internal("the listener has no address").with_source(error))
}

/// What is served, and to whom.
pub(super) struct Served {
    pub(super) reader: Reader,
    pub(super) commands: graphql::Commands,
    /// How to connect to the main database.
    pub(super) database: PgConnectOptions,
    pub(super) documents: http::Documents,
    pub(super) access: Access,
    pub(super) tls: Option<Arc<http::Tls>>,
    pub(super) metrics: Option<http::MetricsServer>,
}

/// Serves until `stop`, then lets requests in progress finish.
pub(super) async fn serve(
    listener: TcpListener,
    served: Served,
    config: &Config,
    stop: CancellationToken,
) -> Result<()> {
    let Served { reader, commands, database, documents, access, tls, mut metrics } = served;
    if let Some(metrics) = &mut metrics {
        for (place, connections) in reader.all_connections().enumerate() {
            metrics.add_connections(&wiring::pool_name(place), connections);
        }
    }
    let versions = DataVersions::start(reader.pool(), database);
    let limits = &config.limits;
    let memory = config.analytics.memory;
    let columns =
        (memory > 0).then(|| Copies::new(reader.connections().clone(), versions.clone(), memory));
    let subscriptions = http::SubscriptionLimits {
        max: config.http.subscriptions_max,
        ..http::SubscriptionLimits::default()
    };
    let mut state = http::AppState::new(reader, versions.clone(), limits.document, limits.request)
        .with_access(access)
        .with_commands(commands.with_changes(versions.changes()))
        .with_documents(documents)
        .with_batch_max(config.http.batch_max)
        .with_cors_origins(config.http.cors_origins.clone())
        .with_subscriptions(subscriptions)
        .with_mcp(wiring::mcp(config));
    if let Some(columns) = columns {
        state = state.with_columns(columns);
    }
    if config.graphql.federation {
        state = state.as_subgraph();
    }
    if config.cache.enabled {
        state = state.with_cache(config.cache.max_bytes);
    }
    // Without access control there is one caller, the operator.
    if state.has_access_control() {
        state =
            state.with_rate_limits(http::RateLimits::new(limits.rates, config.http.trusted_hops));
    }
    let state = Arc::new(state);
    if let Some(metrics) = &mut metrics {
        metrics.add_state(&state);
    }
    let metrics = metrics::serve(metrics);
    let options = wiring::server_options(config, tls);
    let served =
        http::serve_with(listener, state, options, async move { stop.cancelled().await }).await;
    metrics.end().await;
    versions.close().await;
    served
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ConfigSources;

    #[test]
    fn the_cache_is_on_unless_the_flag_is_given() {
        for no_cache in [false, true] {
            let args = Args {
                bind: None,
                with_worker: false,
                migrate: false,
                federation: false,
                no_cache,
                insecure_no_auth: true,
            };
            let sources =
                ConfigSources { file: None, overrides: args.overrides(), env: |_: &str| None };
            let cache = Config::load(&sources).unwrap().cache;
            assert_eq!((cache.enabled, cache.max_bytes), (!no_cache, 32 << 20));
        }
    }
}
