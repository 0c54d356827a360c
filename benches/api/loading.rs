//! How fast the API is while a load commits batch after batch, beside how fast it is on its own.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use ::salesgraph::config;
use sqlx::PgConnection;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use crate::args::Args;
use crate::client::Client;
use crate::database::{DONE, Database};
use crate::documents::{Document, LOADING};
use crate::program::Program;
use crate::split::Split;
use crate::wrk::{self, Drive};
use crate::{Result, salesgraph};

/// Commits after which the load is under way.
const UNDER_WAY: i64 = 5;
/// How long that may take.
const START: Duration = Duration::from_secs(120);

/// What a server answered of one document, on its own or beside the load.
struct Figure {
    rate: f64,
    /// Of its answers from the cache, if it has one.
    hits: Option<f64>,
    /// Commits a second meanwhile.
    commits: f64,
}

/// The figures of a document.
struct Row {
    document: &'static Document,
    /// Without the cache and with it, on their own.
    idle: [Figure; 2],
    loading: [Figure; 2],
}

/// Measures all documents on their own, then again beside the load, and prints both.
pub(crate) async fn run(args: &Args) -> Result<()> {
    let split = Split::of_scale(args.load_scale)?;
    let database = Database::start(args, &split.before).await?;
    let measured = measure(args, &database, &split).await;
    database.stop().await?;
    println!("\n{}", render(&measured?));
    Ok(())
}

async fn measure(args: &Args, database: &Database, split: &Split) -> Result<Vec<Row>> {
    let folder = TempDir::new()?;
    let metrics = free_address().await?;
    let plain = salesgraph::start(args, database.url(), false, None).await?;
    let cached = salesgraph::start(args, database.url(), true, Some(&metrics)).await?;
    let bench = Bench { args, folder: folder.path(), metrics, sides: [plain, cached] };
    let mut connection = database.connect().await?;
    for document in LOADING {
        bench.prepare(document, &mut connection).await?;
    }
    let mut idle = Vec::new();
    for document in LOADING {
        println!("{} on its own", document.name);
        idle.push(bench.both(document, &mut connection).await?);
    }
    println!("loading {}", split.later.display());
    let mut load = load(args, database, &split.later)?;
    under_way(&mut connection, &mut load).await?;
    let mut rows = Vec::new();
    for (document, idle) in LOADING.iter().zip(idle) {
        println!("{} beside the load", document.name);
        let loading = bench.both(document, &mut connection).await?;
        if load.try_wait()?.is_some() {
            return Err("the load has ended too soon: choose a greater --load-scale".into());
        }
        rows.push(Row { document, idle, loading });
    }
    let ended = load.wait().await?;
    if !ended.code().is_some_and(|code| DONE.contains(&code)) {
        return Err(format!("salesgraph load failed: {ended}").into());
    }
    let Bench { sides: [plain, cached], .. } = bench;
    plain.stop().await?;
    cached.stop().await?;
    Ok(rows)
}

struct Bench<'a> {
    args: &'a Args,
    folder: &'a Path,
    /// Where the server with a cache tells its metrics.
    metrics: String,
    /// Without the cache, and with it.
    sides: [Program; 2],
}

impl Bench<'_> {
    /// Writes the requests for a document, and compares the answers to them.
    async fn prepare(&self, document: &Document, connection: &mut PgConnection) -> Result<()> {
        let values = document.values(connection, false).await?;
        let bodies = document.bodies("salesgraph", &values)?;
        let mut clients = Vec::new();
        for side in &self.sides {
            clients.push(Client::connect(&side.url).await?);
        }
        for body in &bodies {
            let mut answers = Vec::new();
            for client in &mut clients {
                answers.push(client.data(body).await?);
            }
            if answers.windows(2).any(|pair| pair.first() != pair.last()) {
                return Err(format!("{} has two answers: {body}", document.name).into());
            }
        }
        Ok(fs::write(self.folder.join(document.name), bodies.join("\n"))?)
    }

    async fn both(
        &self,
        document: &Document,
        connection: &mut PgConnection,
    ) -> Result<[Figure; 2]> {
        let [plain, cached] = &self.sides;
        let plain = self.figure(document, plain, false, connection).await?;
        let cached = self.figure(document, cached, true, connection).await?;
        Ok([plain, cached])
    }

    async fn figure(
        &self,
        document: &Document,
        program: &Program,
        has_cache: bool,
        connection: &mut PgConnection,
    ) -> Result<Figure> {
        let (bodies, connections) = (self.folder.join(document.name), self.args.connections);
        let drive = |seconds, check| -> Result<f64> {
            let drive = Drive {
                url: program.url.as_str(),
                bodies: &bodies,
                connections,
                seconds,
                authorization: None,
                accept_encoding: self.args.accept_encoding.as_deref(),
                check,
            };
            let outcome = wrk::run(&drive)?;
            if outcome.failed() > 0 {
                return Err(format!("{} failed in {}", program.name, document.name).into());
            }
            Ok(outcome.rate())
        };
        drive(self.args.warm_up, true)?;
        let counted = async |counting: bool| match counting {
            true => hits(&self.metrics).await.map(Some),
            false => Ok(None),
        };
        let (before, began, first) =
            (counted(has_cache).await?, Instant::now(), version(connection).await?);
        let rate = drive(self.args.seconds, false)?;
        let commits = per_second(version(connection).await? - first, began.elapsed());
        let after = counted(has_cache).await?;
        let hits = before.zip(after).map(|(before, after)| {
            let [hits, all] = [after.0 - before.0, after.1 - before.1];
            hits / all
        });
        println!("  {}: {rate:.0} a second, {commits:.1} commits a second", program.name);
        Ok(Figure { rate, hits, commits })
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a benchmark stay far below 2^53")]
fn per_second(count: i64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

async fn version(connection: &mut PgConnection) -> Result<i64> {
    let version = sqlx::query_scalar("SELECT version FROM data_version");
    Ok(version.fetch_one(connection).await?)
}

fn load(args: &Args, database: &Database, files: &Path) -> Result<Child> {
    let load = Command::new(&args.bin)
        .args(["load", "--source", &format!("file://{}", files.display())])
        .env_remove(config::FILE_ENV)
        .env("DATABASE_URL", database.url())
        .env("RUST_LOG", "warn")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn();
    load.map_err(|error| format!("salesgraph load cannot be started: {error}").into())
}

/// Waits for the first batches.
async fn under_way(connection: &mut PgConnection, load: &mut Child) -> Result<()> {
    let (first, began) = (version(connection).await?, Instant::now());
    while version(connection).await? < first + UNDER_WAY {
        if load.try_wait()?.is_some() || began.elapsed() > START {
            return Err("the load does not commit anything".into());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// An address that nobody listens on.
async fn free_address() -> Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0").await?.local_addr()?.to_string())
}

/// Answers from the cache so far, and all answers.
async fn hits(metrics: &str) -> Result<(f64, f64)> {
    let mut stream = TcpStream::connect(metrics).await?;
    stream.write_all(b"GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n").await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    let (mut hits, mut all) = (0.0, 0.0);
    for line in text.lines().filter(|line| line.starts_with("salesgraph_http_requests_total{")) {
        let count: f64 = line.rsplit(' ').next().unwrap_or_default().parse()?;
        let is_hit = ["hit", "shared"].iter().any(|it| line.contains(&format!("cache=\"{it}\"")));
        all += count;
        hits += if is_hit { count } else { 0.0 };
    }
    Ok((hits, all))
}

fn render(rows: &[Row]) -> String {
    let mut out = String::from(
        "Requests a second; in brackets the ratio to the uncached rate on its own.\n\n\
         | document | on its own: uncached | cached | beside the load: uncached | cached | hits \
         | commits a second |\n|---|---|---|---|---|---|---|\n",
    );
    for Row { document, idle, loading } in rows {
        let ([plain, cached], [plain_loading, cached_loading]) = (idle, loading);
        let ratio =
            |figure: &Figure| format!("{:.0} ({:.2})", figure.rate, figure.rate / plain.rate);
        let hits = cached_loading.hits.unwrap_or_default() * 100.0;
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "| {} | {:.0} | {} | {} | {} | {hits:.1} % | {:.1} |",
            document.title,
            plain.rate,
            ratio(cached),
            ratio(plain_loading),
            ratio(cached_loading),
            cached_loading.commits,
        );
    }
    out
}
