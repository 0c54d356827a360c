//! Who is asked.

use std::process::Stdio;

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::process::Command;

use crate::Result;
use crate::args::Args;
use crate::client::Client;
use crate::demo::Demo;
use crate::engine::Engine;
use crate::program::Program;
use crate::python::python;
use crate::questions::Question;

const DAFT: &[&str] = &[
    "daft[ray,iceberg]==0.7.26",
    "ray==2.59.0",
    "pyiceberg[sql-postgres]==0.11.1",
    "pyarrow==25.0.1",
];
const DUCKDB: &[&str] = &[
    "pyiceberg[pyarrow,sql-postgres]==0.12.0",
    "duckdb==1.5.5",
    "duckdb-extensions==1.5.5",
    "duckdb-extension-httpfs==1.5.5",
    "duckdb-extension-avro==1.5.5",
    "duckdb-extension-iceberg==1.5.5",
];

/// Readers of the lake: name, program and workers.
const ENGINES: [(&str, &str, Option<u32>); 3] = [
    ("Daft, one worker", "daft", Some(1)),
    ("Daft, two workers", "daft", Some(2)),
    ("DuckDB", "duckdb", None),
];

enum Side {
    Engine(Box<Engine>),
    Postgres(PgConnection),
    /// Asked over a new connection each time, as it closes one on which nothing is asked while the
    /// others take their time.
    Api(String),
}

pub(crate) struct Sides {
    sides: Vec<(&'static str, Side)>,
    server: Program,
}

impl Sides {
    /// Starts all of them.
    pub(crate) async fn start(args: &Args, demo: &Demo) -> Result<Self> {
        let mut sides = Vec::new();
        for (name, program, workers) in ENGINES {
            let python = match program {
                "daft" => python("daft", DAFT)?,
                _ => python("duckdb", DUCKDB)?,
            };
            let engine = Engine::start(&python, program, workers, demo)?;
            sides.push((name, Side::Engine(Box::new(engine))));
        }
        let url = demo.setting("DATABASE_URL")?;
        sides.push(("Postgres' rows", Side::Postgres(PgConnection::connect(url).await?)));
        let server = server(args, demo).await?;
        sides.push(("API", Side::Api(server.url.clone())));
        Ok(Self { sides, server })
    }

    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.sides.iter().map(|(name, _)| *name).collect()
    }

    /// The answer of one of them.
    pub(crate) async fn ask(&mut self, at: usize, question: &Question) -> Result<Value> {
        let (name, side) = self.sides.get_mut(at).ok_or("no such side")?;
        let answer = side.ask(question).await;
        answer.map_err(|error| format!("{name}, asked by {}: {error}", question.name).into())
    }

    /// Fails unless all of them give the same answer.
    pub(crate) async fn compare(&mut self, question: &Question) -> Result<()> {
        let mut expected = None;
        for (at, name) in self.names().into_iter().enumerate() {
            let found = self.ask(at, question).await?;
            let expected = expected.get_or_insert_with(|| found.clone());
            if found != *expected {
                let name_ = question.name;
                return Err(format!("{name} by {name_}: {found}\nothers: {expected}").into());
            }
        }
        Ok(())
    }

    /// Fails unless all engines read the data that Postgres has.
    pub(crate) async fn check_versions(&mut self) -> Result<()> {
        let query = "{ lakeTables(filter: { name: { eq: \"sales\" } }) { nodes { isCurrent \
                       snapshots(last: 1) { nodes { dataVersion } } } } }";
        let body = json!({ "query": query }).to_string();
        let data = Client::connect(&self.server.url).await?.data(&body).await?;
        let table = data.pointer("/lakeTables/nodes/0").ok_or("there is no lake")?;
        if table.pointer("/isCurrent") != Some(&Value::Bool(true)) {
            return Err("the lake has not all rows of Postgres; load, and ask again".into());
        }
        let expected = table.pointer("/snapshots/nodes/0/dataVersion");
        for (name, side) in &mut self.sides {
            let Side::Engine(engine) = side else { continue };
            let found = engine.version("sales").await?;
            if Some(&found) != expected {
                return Err(format!("{name} reads version {found}, not {expected:?}").into());
            }
        }
        Ok(())
    }

    pub(crate) async fn stop(self) -> Result<()> {
        for (_, side) in self.sides {
            match side {
                Side::Engine(engine) => engine.stop().await?,
                Side::Postgres(connection) => connection.close().await?,
                Side::Api(..) => {}
            }
        }
        println!("the server of the API held {:.0} MiB at most", self.server.peak_mib()?);
        self.server.stop().await
    }
}

impl Side {
    async fn ask(&mut self, question: &Question) -> Result<Value> {
        match self {
            Self::Engine(engine) => engine.ask(&serde_json::from_str(question.engine)?).await,
            Self::Postgres(connection) => {
                let statement = sqlx::query_scalar(AssertSqlSafe(question.sql));
                let text: String = statement.fetch_one(connection).await?;
                Ok(serde_json::from_str(&text)?)
            }
            Self::Api(url) => {
                let body = json!({ "query": question.document() }).to_string();
                question.plain(&Client::connect(url).await?.data(&body).await?)
            }
        }
    }
}

/// A server on the demo's database, without the response cache.
async fn server(args: &Args, demo: &Demo) -> Result<Program> {
    let mut command = Command::new(&args.bin);
    command.args(["serve", "--insecure-no-auth", "--bind", "127.0.0.1:0"]).stdin(Stdio::null());
    command.env_remove("SALESGRAPH_CONFIG").env("CACHE_ENABLED", "false").env("RUST_LOG", "error");
    // Questions over all rows of much data.
    command.env("DATABASE_STATEMENT_TIMEOUT", "600s").env("LIMITS_EXECUTION_TIME", "600s");
    for name in [
        "DATABASE_URL", "LAKE_URI", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
    ] {
        command.env(name, demo.setting(name)?);
    }
    Program::start("salesgraph", &mut command).await
}
