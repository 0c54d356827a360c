//! Builds the parts that several subcommands use from the configuration.

use std::sync::Arc;

use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::db::pool::{self, Settings};
use crate::db::row_security::RowSecurity;
use crate::db::schema;
use crate::error::Result;
use crate::load::{BatchLimits, LoadOptions};
use crate::query::Reader;
use crate::storage::{S3Settings, Source, SourceUri};
use crate::{graphql, http};

/// The pool of the main database.
pub(super) async fn database(config: &Config) -> Result<PgPool> {
    query_pool(config, config.database.require_url()?.expose()).await
}

/// The pool for the API: of the replica if there is one.
pub(super) async fn read_database(config: &Config) -> Result<PgPool> {
    let url = match &config.database.read_url {
        Some(url) => url,
        None => config.database.require_url()?,
    };
    query_pool(config, url.expose()).await
}

/// A pool for queries, with the configured limits.
pub(super) async fn query_pool(config: &Config, url: &str) -> Result<PgPool> {
    let settings = Settings {
        max_connections: config.database.max_connections,
        statement_timeout: Some(config.database.statement_timeout),
        ..Settings::new(url)
    };
    pool::connect(&settings).await
}

/// Reads over a pool, with row-level security if it is to be on.
pub(super) async fn reader(config: &Config, pool: &PgPool) -> Result<Reader> {
    let row_security = RowSecurity::choose(pool, config.database.row_security).await?;
    Ok(Reader::with_row_security(pool.clone(), row_security))
}

/// A small pool for migrations, without a statement timeout.
pub(super) async fn schema_database(config: &Config) -> Result<PgPool> {
    let url = config.database.require_url()?;
    pool::connect(&Settings { max_connections: 3, ..Settings::new(url.expose()) }).await
}

/// Requires the current schema, after migrating if requested.
pub(super) async fn ready_schema(config: &Config, migrate: bool) -> Result<()> {
    let pool = schema_database(config).await?;
    if migrate {
        for name in schema::up(&pool).await? {
            tracing::info!(migration = name, "applied");
        }
    }
    let version = pool::schema_version(&pool).await?;
    pool.close().await;
    version.require_current()
}

/// The documents that requests may refer to.
pub(super) fn documents(config: &Config) -> Result<http::Documents> {
    let http = &config.http;
    let trusted = match &http.trusted_documents {
        Some(path) => http::TrustedDocuments::read(path)?,
        None => http::TrustedDocuments::default(),
    };
    Ok(http::Documents::new(http.persisted_bytes, trusted, http.only_trusted_documents))
}

/// The certificate, if the server does TLS itself.
pub(super) fn tls(config: &Config) -> Result<Option<Arc<http::Tls>>> {
    let Some((cert, key)) = config.http.tls.clone() else { return Ok(None) };
    Ok(Some(Arc::new(http::Tls::open(cert, key)?)))
}

/// How the server treats connections.
pub(super) fn server_options(config: &Config, tls: Option<Arc<http::Tls>>) -> http::ServerOptions {
    let http = &config.http;
    // Two pools, connections of commands, and files.
    let pools = usize::try_from(config.database.max_connections).unwrap_or(usize::MAX);
    http::ServerOptions {
        header_timeout: http.header_timeout,
        idle_timeout: http.idle_timeout,
        connections_max: http.connections_max,
        other_descriptors: pools.saturating_mul(2).saturating_add(64),
        tls,
        ..http::ServerOptions::default()
    }
}

/// The connection of the loader.
pub(super) fn connect_options(config: &Config) -> Result<PgConnectOptions> {
    pool::options_of(config.database.require_url()?.expose())
}

/// What mutations work with: the main database, over a pool and by connections of their
/// own. They have half the time of a request, so that it is answered in any case.
pub(super) fn commands(
    config: &Config,
    main: Reader,
    database: PgConnectOptions,
    stop: CancellationToken,
) -> graphql::Commands {
    let limits = load_options(config, false).limits;
    graphql::Commands::new(main, database, limits, config.limits.request.execution_time / 2, stop)
}

/// The source of the CSV files.
pub(super) async fn source(config: &Config) -> Result<Source> {
    let uri: SourceUri = config.storage.require_source()?.parse()?;
    Source::connect(&uri, &S3Settings::from(&config.storage)).await
}

/// The limits of the loader.
pub(super) fn load_options(config: &Config, atomic: bool) -> LoadOptions {
    LoadOptions {
        limits: BatchLimits {
            rows: config.load.batch_rows,
            bytes: config.load.batch_bytes,
            record_bytes: config.load.record_max_bytes,
        },
        parallel_files: config.load.parallel_files,
        max_rejects: config.load.max_rejects,
        atomic,
    }
}
