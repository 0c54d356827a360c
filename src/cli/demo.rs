//! `salesgraph demo`

mod data;
mod rates;
mod state;
mod tokens;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr as _;

use tokio_util::sync::CancellationToken;

use super::exit::Exit;
use super::worker::Parts;
use super::{load_progress, metrics, output, parse, serve, shutdown, wiring};
use crate::auth::{Access, ApiKeys, RefreshTimes, TokenSigner};
use crate::config::http::{BIND, bind_address};
use crate::config::load::MAPPING;
use crate::config::{Config, Overrides, Secret};
use crate::db::pool::{self, Settings};
use crate::db::schema;
use crate::embedded::postgres::{Postgres, PostgresOptions};
use crate::embedded::rates::RatesServer;
use crate::embedded::s3::{S3Options, S3Server};
use crate::error::Result;
use crate::load::{Load, LoadOptions, Outcome, RawOptions, RunAs, RunSummary};
use crate::sample::{OrderFiles, Shape};
use crate::storage::{Bucket, S3Settings, Source, SourceUri};
use data::Data;
use state::State;
use tokens::DemoToken;

const EXAMPLES: &str = "\
Examples:
  salesgraph demo                          generated data of the size of the real files
  salesgraph demo --scale 0.01             a hundredth of it, ready at once
  salesgraph demo --data ./adventureworks  the files of a folder, plain or compressed
  salesgraph demo --json --scale 0.1       each order a JSON document, 3,147 of them
  salesgraph demo --shape excel-de         files as a German Excel writes them, by a mapping
  salesgraph demo --data . --mapping m.toml
                                           files of your own shape; `map` writes a mapping

Starts an embedded Postgres and S3 server, loads, serves, and prints the URLs.
Ctrl-C stops everything; the next start continues with the existing data.";

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Load the files of this folder instead of generated ones
    #[arg(long, value_name = "DIR", conflicts_with_all = ["scale", "json", "shape"])]
    pub data: Option<PathBuf>,
    /// Size of the generated data: 1 is that of the real files [default: 1]
    #[arg(long, value_name = "N", value_parser = parse::scale)]
    pub scale: Option<f64>,
    /// Generate the orders with their lines as JSON documents, in place of two CSVs
    #[arg(long, value_name = "FORM", num_args = 0..=1, require_equals = true,
          default_missing_value = "documents", value_enum)]
    pub json: Option<OrderFiles>,
    /// Generate the files of rows as this mapping reads them, and load them by it
    #[arg(long, value_name = "NAME", value_enum, conflicts_with = "mapping")]
    pub shape: Option<Shape>,
    /// How files of other shapes are called and written: a TOML file, or a mapping by name
    /// [env: LOAD_MAPPING]
    #[arg(long, value_name = "FILE", requires = "data")]
    pub mapping: Option<String>,
    /// Where the API listens [env: HTTP_BIND] [default: 127.0.0.1:8000]
    #[arg(long, value_name = "ADDR", value_parser = bind_address)]
    pub bind: Option<SocketAddr>,
    /// The folder of the demo's databases and objects [default: a folder of this user]
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
}

impl Args {
    /// The configuration that these flags set.
    #[must_use]
    pub fn overrides(&self) -> Overrides {
        let by_shape = self.shape.and_then(Shape::mapping).map(str::to_owned);
        Overrides::default().with(&BIND, "--bind", self.bind).with(
            &MAPPING,
            if by_shape.is_some() { "--shape" } else { "--mapping" },
            by_shape.as_ref().or(self.mapping.as_ref()),
        )
    }
}

/// The embedded servers.
struct Servers {
    postgres: Postgres,
    s3: S3Server,
    rates: RatesServer,
}

/// Starts the servers, loads, and serves until a signal.
pub async fn run(args: &Args, config: &Config) -> Result<Exit> {
    let data = match &args.data {
        Some(folder) => Data::folder(folder, config.load.mapping.clone())?,
        None => Data::Generated {
            scale: args.scale.unwrap_or(1.0),
            orders: args.json.unwrap_or_default(),
            shape: args.shape.unwrap_or_default(),
        },
    };
    let mut config = config.clone();
    if args.data.is_none() && args.shape.is_none() {
        // Generated files are plain, whatever the environment says of others.
        config.load.mapping = None;
    }
    // Whatever the environment names, a demo does not reach.
    config.lake.catalog = None;
    config.webhook.target = None;
    config.database.read_urls = Vec::new();
    let config = &config;
    let options = wiring::load_options(config, false).await?;
    wiring::documents(config)?;
    let stop = CancellationToken::new();
    shutdown::cancel_on_signal(stop.clone())?;
    // The port first: nothing is started if it is in use.
    let listener = serve::listen(config.http.bind).await?;
    let state = State::open(args.state.as_deref())?;
    let servers = Servers::start(&state).await?;
    let done =
        Box::pin(prepare_and_serve(&servers, &state, (&data, options), config, listener, stop))
            .await;
    let stopped = servers.stop().await;
    done.and_then(|exit| stopped.map(|()| exit))
}

async fn prepare_and_serve(
    servers: &Servers,
    state: &State,
    (data, options): (&Data, LoadOptions),
    config: &Config,
    listener: tokio::net::TcpListener,
    stop: CancellationToken,
) -> Result<Exit> {
    let name = data.name();
    servers.postgres.ensure_database(&name).await?;
    let url = servers.postgres.url_for(&name);
    let s3 = servers.s3_settings();
    let uri = SourceUri::from_str(&format!("s3://{name}/incoming"))?;
    let reports_uri = SourceUri::from_str(&format!("s3://{name}/{}", wiring::DEFAULT_REPORTS))?;
    let signer = TokenSigner::ephemeral()?;
    let rates = rates::parts(config, &servers.rates, &name, &s3).await?;
    state.write_environment(&url, &s3, &uri, signer.issuer(), &rates, config)?;

    let lake = rates.lake.clone();
    let raw = config.lake.raw.then_some(RawOptions { lake, keep: config.lake.raw_keep });
    let options = LoadOptions { raw, ..options };

    let prepared = async {
        let pool = pool::connect(&Settings::new(&url)).await?;
        schema::up(&pool).await?;
        pool.close().await;
        let bucket = Bucket::connect(&name, &s3).await?;
        bucket.create_if_missing().await?;
        data.upload(state, &bucket, &options).await
    };
    tokio::select! {
        done = prepared => done?,
        () = stop.cancelled() => return Ok(Exit::Failed),
    }

    let load = Load {
        database: pool::options_of(&url)?,
        source: Source::connect(&uri, &s3).await?,
        options,
        observer: load_progress::observer(),
        stop: stop.clone(),
    };
    let lake = wiring::curated_at(rates.lake.uri(), &s3, config).await?;
    let known = RunAs { lake: Some(lake.clone()), ..RunAs::default() };
    let summary = load.run_as(known).await?;
    output::print(&load_progress::table(&summary))?;
    if stop.is_cancelled() {
        return Ok(Exit::Failed);
    }
    let tokens = tokens::sign(&signer)?;
    output::print(&welcome(serve::address(&listener)?, state, &summary, &tokens))?;
    let pool = wiring::query_pool(config, &url).await?;
    rates::begin(&pool, &rates).await?;
    let keys = ApiKeys::new(pool.clone());
    let issuers = std::slice::from_ref(signer.issuer());
    let access = Access::control(issuers, Some(keys), RefreshTimes::default()).await?;
    let reader = wiring::reader(config, &pool).await?.named(&wiring::pool_name(0));
    let reports = wiring::reports_at(&reports_uri, &s3, &config.reports).await?;
    let commands = wiring::commands(config, reader.clone(), Some(uri.clone()), reports.clone())
        .with_rates(Some(rates.config.clone()));
    let documents = wiring::documents(config)?;
    let database = pool::options_of(&url)?;
    let metrics = metrics::bind(config, database.clone(), Some(rates.lake.uri())).await?;
    let (source, rates, lake) = (Some(uri), Some(rates), Some(lake));
    let parts = Parts { database: database.clone(), url, s3, source, reports, rates, lake };
    let served =
        serve::Served { reader, commands, database, documents, access, tls: None, metrics };
    serve::serve_and_work(listener, served, &parts, config, stop).await?;
    pool.close().await;
    Ok(Exit::Done)
}

impl Servers {
    async fn start(state: &State) -> Result<Self> {
        let rates = RatesServer::start().await?;
        let postgres = Postgres::start(PostgresOptions {
            state_dir: state.dir().to_owned(),
            port: None,
            settings: Vec::new(),
        })
        .await?;
        let s3 = S3Server::start(S3Options {
            root: state.dir().join("s3"),
            bind: ([127, 0, 0, 1], 0).into(),
            access_key: "demo".to_owned(),
            secret_key: uuid::Uuid::new_v4().simple().to_string(),
        })
        .await;
        match s3 {
            Ok(s3) => Ok(Self { postgres, s3, rates }),
            Err(error) => {
                postgres.stop().await?;
                Err(error)
            }
        }
    }

    fn s3_settings(&self) -> S3Settings {
        S3Settings {
            endpoint_url: Some(self.s3.endpoint()),
            region: Some("us-east-1".to_owned()),
            access_key_id: Some(self.s3.access_key().to_owned()),
            secret_access_key: Some(Secret::new(self.s3.secret_key())),
            ..S3Settings::default()
        }
    }

    async fn stop(self) -> Result<()> {
        self.rates.stop();
        let s3 = self.s3.stop().await;
        self.postgres.stop().await?;
        s3
    }
}

fn welcome(bind: SocketAddr, state: &State, summary: &RunSummary, tokens: &[DemoToken]) -> String {
    let failed = match summary.outcome {
        Outcome::Failed => "Some files failed, see above. The loaded data is served.\n\n",
        Outcome::Succeeded | Outcome::SucceededWithRejects => "",
    };
    let mut links = String::new();
    for DemoToken { shows, token } in tokens {
        links.push_str(&format!("{shows}\n  http://{bind}/graphql#token={token}\n"));
    }
    let dashboard = tokens.first().map_or_else(String::new, |DemoToken { token, .. }| {
        format!(
            "The dashboard, from where GraphiQL and the documentation are a click away:\n  \
                 http://{bind}/#token={token}\n\n"
        )
    });
    let environment = state.environment_file();
    let environment = environment.display();
    format!(
        "\n{failed}{dashboard}Open one of these: GraphiQL, with example queries and a token in its headers.\n\n\
         {links}\n\
         Query     curl http://{bind}/graphql -H 'content-type: application/json' \\\n\
         \x20           -H 'authorization: Bearer TOKEN' \\\n\
         \x20           -d '{{\"query\":\"{{ salesOrder(salesOrderId: 43659) {{ totalDue }} }}\"}}'\n\
         Token     set -a; . {environment}; salesgraph token --org acme --territories 1,4 \\\n\
         \x20           --scope 'sales:read persons:read'\n\
         Schema    http://{bind}/schema.graphql\n\
         Rates     of a generated public API are fetched in the background: currencyRates, jobs\n\
         Settings  {environment}   (Postgres, S3 and tokens, for the other subcommands)\n\
         Ctrl-C stops everything, and ends the tokens; the next start continues with the existing \
         data.\n"
    )
}
