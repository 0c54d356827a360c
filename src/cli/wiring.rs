//! Builds the parts that several subcommands use from the configuration.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;

use crate::config::{Config, DatabaseUrl, RatesConfig, ReportsConfig};
use crate::db::connections::Connections;
use crate::db::pool::{self, Settings};
use crate::db::replicas::Replicas;
use crate::db::row_security::RowSecurity;
use crate::db::{schema, set_aside};
use crate::error::Result;
use crate::lake::Lake;
use crate::lake::curated::{Curated, CuratedOptions};
use crate::lake::engine::{Endpoint, EngineOptions};
use crate::load::{BatchLimits, LoadOptions, Mapping, RawOptions};
use crate::query::Reader;
use crate::rates::SqsQueue;
use crate::report::Reports;
use crate::storage::{Bucket, Links, S3Settings, Source, SourceUri};
use crate::{graphql, http};

/// How long a query waits for a connection of a replica, before the main database answers it.
const REPLICA_TIMEOUT: Duration = Duration::from_millis(500);
/// The prefix of reports in the bucket of the source.
pub(super) const DEFAULT_REPORTS: &str = "relatorios";

/// The pool of the main database.
pub(super) async fn database(config: &Config) -> Result<PgPool> {
    query_pool(config, config.database.require_url()?.expose()).await
}

/// A pool for queries, with the configured limits.
pub(super) async fn query_pool(config: &Config, url: &str) -> Result<PgPool> {
    pool::connect(&query_settings(config, url)).await
}

fn query_settings(config: &Config, url: &str) -> Settings {
    Settings {
        max_connections: config.database.max_connections,
        statement_timeout: Some(config.database.statement_timeout),
        ..Settings::new(url)
    }
}

/// Reads over a pool, with row-level security if it is to be on.
pub(super) async fn reader(config: &Config, pool: &PgPool) -> Result<Reader> {
    let row_security = RowSecurity::choose(pool, config.database.row_security).await?;
    Ok(Reader::with_row_security(pool.clone(), row_security))
}

/// What the pool of the main database is called in metrics, and those of the replicas, from 1
/// on.
pub(super) fn pool_name(place: usize) -> String {
    match place {
        0 => "main".to_owned(),
        replica => format!("replica_{replica}"),
    }
}

/// The same, with the configured replicas, of which none need answer yet.
pub(super) fn with_replicas(config: &Config, main: Reader) -> Result<Reader> {
    let connections = |(place, url): (usize, &DatabaseUrl)| {
        let acquire_timeout = REPLICA_TIMEOUT;
        let settings = Settings { acquire_timeout, ..query_settings(config, url.expose()) };
        let pool = pool::connect_lazy(&settings, main.pool())?;
        let connections = Connections::with_row_security(pool, main.row_security());
        Ok(connections.named(&pool_name(place + 1)))
    };
    let all: Vec<_> =
        config.database.read_urls.iter().enumerate().map(connections).collect::<Result<_>>()?;
    Ok(if all.is_empty() { main } else { main.with_replicas(Replicas::new(all)) })
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
        // A server answers all the same.
        if let Err(error) = set_aside::put_back_alone(&pool).await {
            tracing::error!(error = error.detail(), "foreign keys are not all back");
        }
    }
    let version = pool::schema_version(&pool).await?;
    let aside = set_aside::list(&pool).await?;
    let is_loading = aside.is_empty() || set_aside::is_loading(&pool).await?;
    pool.close().await;
    if !is_loading {
        tracing::warn!(
            number = aside.len(),
            "a load was killed that had set foreign keys and indexes aside: until they are back \
             queries are slower, and nobody but the loader may write their tables; \
             `salesgraph load` or `salesgraph migrate up` puts them back"
        );
    }
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
    // Connections of the main database, of each replica and of commands, and files.
    let connections = usize::try_from(config.database.max_connections).unwrap_or(usize::MAX);
    let pools = 2 + config.database.read_urls.len();
    http::ServerOptions {
        header_timeout: http.header_timeout,
        idle_timeout: http.idle_timeout,
        connections_max: http.connections_max,
        other_descriptors: pools.saturating_mul(connections).saturating_add(64),
        tls,
        ..http::ServerOptions::default()
    }
}

/// The tools of assistants, if there are any.
pub(super) fn mcp(config: &Config) -> Option<http::McpOptions> {
    let resource = config.mcp.url.as_ref().map(|url| {
        let (mut issuers, mut scopes) = (Vec::new(), Vec::new());
        for issuer in config.jwt.issuers.iter().filter(|issuer| issuer.is_at_url()) {
            issuers.push(issuer.issuer.clone());
            let prefix = issuer.scope_prefix.as_deref().unwrap_or_default();
            for grant in http::ProtectedResource::GRANTS {
                let scope = format!("{prefix}{grant}");
                if !scopes.contains(&scope) {
                    scopes.push(scope);
                }
            }
        }
        http::ProtectedResource { url: url.to_string(), issuers, scopes }
    });
    let result_bytes = config.mcp.result_bytes;
    config.mcp.enabled.then_some(http::McpOptions { result_bytes, resource })
}

/// The connection of the loader.
pub(super) fn connect_options(config: &Config) -> Result<PgConnectOptions> {
    pool::options_of(config.database.require_url()?.expose())
}

/// How rates are fetched, and where they are kept.
#[derive(Clone)]
pub(super) struct RatesParts {
    pub(super) config: RatesConfig,
    pub(super) lake: Lake,
    /// In place of the queue of jobs.
    pub(super) queue: Option<SqsQueue>,
}

/// The parts of rates; `None` where no lake is configured.
pub(super) async fn rates(config: &Config) -> Result<Option<RatesParts>> {
    if config.lake.uri.is_none() {
        return Ok(None);
    }
    let queue = match &config.rates.queue_url {
        Some(url) => Some(SqsQueue::connect(url, &config.storage).await?),
        None => None,
    };
    let lake = require_lake(config).await?;
    Ok(Some(RatesParts { config: config.rates.clone(), lake, queue }))
}

/// The lake, or the error that says how to configure it.
pub(super) async fn require_lake(config: &Config) -> Result<Lake> {
    Lake::connect(config.lake.require_uri()?, &S3Settings::from(&config.storage)).await
}

/// The lake that loads write; `None` where none is configured.
pub(super) async fn curated(config: &Config) -> Result<Option<Curated>> {
    let Some(uri) = &config.lake.uri else { return Ok(None) };
    curated_at(uri, &S3Settings::from(&config.storage), config).await.map(Some)
}

/// Likewise, at an address.
pub(super) async fn curated_at(
    uri: &str,
    settings: &S3Settings,
    config: &Config,
) -> Result<Curated> {
    let options =
        CuratedOptions { persons: config.lake.persons, snapshot_keep: config.lake.snapshot_keep };
    let lake = Box::pin(Curated::connect(uri, settings, options)).await?;
    match &config.lake.catalog {
        Some(catalog) => Box::pin(lake.with_catalog(catalog, settings)).await,
        None => Ok(lake),
    }
}

/// How the engine that reads the lake works.
pub(super) fn engine_options(config: &Config) -> EngineOptions {
    let lake = &config.lake;
    let endpoint = lake.engine_url.clone().map(|url| Endpoint {
        url,
        token: lake.engine_token.clone(),
        table: lake.engine_table.clone(),
    });
    EngineOptions { memory: lake.engine_memory, spill: lake.engine_spill, endpoint }
}

/// What mutations work with: the main database, and the source that may be loaded.
pub(super) fn commands(
    config: &Config,
    main: Reader,
    source: Option<SourceUri>,
    reports: Option<Reports>,
) -> graphql::Commands {
    graphql::Commands::new(main)
        .with_loads(source, config.load.mode)
        .with_reports(reports)
        // Those that wait hold a place of execution, of which most are to be left to others.
        .with_lake_waiters(config.limits.request.concurrency / 4)
}

/// The address of the source, if one is configured.
pub(super) fn source_uri(config: &Config) -> Result<Option<SourceUri>> {
    config.storage.source_uri.as_deref().map(str::parse).transpose()
}

/// The source of the CSV files.
pub(super) async fn source(config: &Config) -> Result<Source> {
    let uri: SourceUri = config.storage.require_source()?.parse()?;
    Source::connect(&uri, &S3Settings::from(&config.storage)).await
}

/// The bucket of reports; `None` where none is configured and the source is a folder.
pub(super) async fn reports(config: &Config) -> Result<Option<Reports>> {
    let settings = S3Settings::from(&config.storage);
    let uri = match (&config.reports.uri, &config.storage.source_uri) {
        (Some(uri), _) => uri.parse()?,
        (None, Some(source)) => match source.parse()? {
            SourceUri::S3 { bucket, .. } => {
                SourceUri::S3 { bucket, prefix: DEFAULT_REPORTS.to_owned() }
            }
            SourceUri::File { .. } => return Ok(None),
        },
        (None, None) => return Ok(None),
    };
    reports_at(&uri, &settings, &config.reports).await
}

/// The bucket of reports at an address.
pub(super) async fn reports_at(
    uri: &SourceUri,
    settings: &S3Settings,
    config: &ReportsConfig,
) -> Result<Option<Reports>> {
    let SourceUri::S3 { bucket, prefix } = uri else { return Ok(None) };
    let mut public = settings.clone();
    if let Some(endpoint) = &config.download_endpoint_url {
        public.endpoint_url = Some(endpoint.clone());
    }
    let links = Links::connect(bucket, &public).await?;
    let bucket = Bucket::connect(bucket, settings).await?;
    let reports = Reports::new(bucket, links, prefix, config.min_interval);
    Ok(Some(reports.kept_for(config.keep)))
}

/// The limits of batches and records.
pub(super) fn batch_limits(config: &Config) -> BatchLimits {
    BatchLimits {
        rows: config.load.batch_rows,
        bytes: config.load.batch_bytes,
        record_bytes: config.load.record_max_bytes,
    }
}

/// Where loaded files are kept; `None` if they are not.
pub(super) async fn raw(config: &Config) -> Result<Option<RawOptions>> {
    if !config.lake.raw || config.lake.uri.is_none() {
        return Ok(None);
    }
    Ok(Some(RawOptions { lake: require_lake(config).await?, keep: config.lake.raw_keep }))
}

/// The options of the loader. Reads the mapping.
pub(super) async fn load_options(config: &Config, atomic: bool) -> Result<LoadOptions> {
    let mapping = config.load.mapping.as_deref().map(Mapping::open).transpose()?;
    Ok(LoadOptions {
        limits: batch_limits(config),
        parallel_files: config.load.parallel_files,
        max_rejects: config.load.max_rejects,
        mode: config.load.mode,
        max_removed: config.load.mirror_max_removed,
        atomic,
        mapping: mapping.map(Arc::new),
        raw: Box::pin(raw(config)).await?,
        again: false,
        bulk_bytes: config.load.bulk_bytes as u64,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::{ConfigSources, Overrides};

    fn options(toml: &str) -> Result<Option<http::McpOptions>> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("salesgraph.toml");
        fs::write(&file, toml).unwrap();
        let (overrides, env) = (Overrides::default(), |_: &str| None);
        Ok(mcp(&Config::load(&ConfigSources { file: Some(file), overrides, env })?))
    }

    fn issuer(table: &str, name: &str, more: &str) -> String {
        let secret = "a secret of more than thirty-two bytes";
        format!(
            "[{table}]\nalgorithm = \"HS256\"\nsecret = \"{secret}\"\nissuer = \"{name}\"\n\
             audience = \"salesgraph\"\n{more}\n"
        )
    }

    #[test]
    fn assistants_have_tools_unless_they_are_off() {
        let by_default = options("").unwrap().unwrap();
        assert_eq!((by_default.result_bytes, by_default.resource.is_some()), (64 << 10, false));
        assert!(options("[mcp]\nenabled = false").unwrap().is_none());
        let most = options("[mcp]\nresult_bytes = \"1MiB\"").unwrap().unwrap();
        assert_eq!(most.result_bytes, 1 << 20);
    }

    #[test]
    fn clients_are_told_the_issuers_that_they_can_find_and_what_tools_need() {
        let url = "[mcp]\nurl = \"https://api.example/mcp\"\n";
        let named = issuer("jwt", "salesgraph", "");
        let first = issuer("jwt.first", "https://first.example/", "scope_prefix = \"api/\"");
        let second = issuer("jwt.second", "https://second.example/", "");
        let told = options(&[url, &named, &first, &second].concat()).unwrap().unwrap();
        let told = told.resource.unwrap();
        assert_eq!(told.url, "https://api.example/mcp");
        assert_eq!(told.issuers, ["https://first.example/", "https://second.example/"]);
        let plain = ["sales:read", "persons:read", "reports:read", "reports:write", "loads:read"];
        let prefixed = plain.map(|scope| format!("api/{scope}"));
        assert_eq!(told.scopes, [prefixed, plain.map(str::to_owned)].concat());
        for without in [url.to_owned(), format!("{url}{named}")] {
            let error = options(&without).unwrap_err().to_string();
            assert!(error.contains("mcp.url") && error.contains("jwt.issuer"), "{error}");
        }
    }
}
