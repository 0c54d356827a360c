//! `salesgraph demo`: the whole program as a new user starts it.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::http::graphiql::{ask_graphiql, check_graphiql, screenshot_path};
use crate::load::real::real_files;
use crate::support::http::post_as;
use crate::support::servers::state_dir;

const LIMIT: Duration = Duration::from_secs(180);

/// A running demo.
pub(super) struct Demo {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// Its output so far.
    printed: Vec<String>,
}

impl Demo {
    pub(super) fn start(state: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_salesgraph"))
            .arg("demo")
            .args(arguments)
            .args(["--bind", "127.0.0.1:0", "--state"])
            .arg(state)
            .env("RUST_LOG", "warn")
            // Nobody is there, and a demo does not reach what the environment names.
            .env("LAKE_CATALOG_URI", "http://127.0.0.1:1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program starts");
        let out = child.stdout.take().expect("its output");
        Self { child, lines: BufReader::new(out).lines(), printed: Vec::new() }
    }

    /// Reads up to the first link to open; returns its address with the token that shows
    /// everything in the fragment.
    pub(super) async fn ready(&mut self) -> String {
        let reading = async {
            while let Some(line) = self.lines.next_line().await.expect("its output") {
                self.printed.push(line.clone());
                if let Some((base, token)) = line.trim().split_once("/graphql#token=") {
                    return format!("{base}/#token={token}");
                }
            }
            panic!("the demo ended before it was ready:\n{}", self.printed.join("\n"));
        };
        timeout(LIMIT, reading).await.expect("the demo is ready in time")
    }

    pub(super) fn signal(&self, signal: Signal) {
        let pid = self.child.id().expect("it runs").try_into().expect("a process id");
        kill(Pid::from_raw(pid), signal).expect("it runs");
    }

    pub(super) async fn ended(mut self) -> ExitStatus {
        timeout(LIMIT, self.child.wait()).await.expect("it ends in time").expect("its status")
    }

    /// The link whose description contains `what`.
    fn described(&self, what: &str) -> &str {
        let described = self.printed.iter().skip_while(|line| !line.contains(what));
        let link = described.map(|line| line.trim()).find(|line| line.starts_with("http://"));
        link.unwrap_or_else(|| panic!("no link for {what}:\n{}", self.printed.join("\n")))
    }

    /// That link, with this query.
    fn link(&self, what: &str, query: &str) -> String {
        self.described(what).replacen("/graphql#", &format!("/graphql?query={query}#"), 1)
    }

    /// The token in that link.
    pub(super) fn token(&self, what: &str) -> &str {
        self.described(what).split_once("#token=").expect("a link with a token").1
    }

    /// Reads up to a line that begins so.
    pub(super) async fn read_to(&mut self, start: &str) {
        let reading = async {
            while let Some(line) = self.lines.next_line().await.expect("its output") {
                self.printed.push(line.clone());
                if line.starts_with(start) {
                    return;
                }
            }
            panic!("no line {start}:\n{}", self.printed.join("\n"));
        };
        timeout(LIMIT, reading).await.expect("the demo prints in time");
    }

    /// The row of that file in the table, numbers without separators.
    fn row(&self, file: &str) -> Vec<String> {
        let line = self.printed.iter().find(|line| line.starts_with(file));
        let line = line.unwrap_or_else(|| panic!("no {file} in\n{}", self.printed.join("\n")));
        line.split_whitespace().skip(1).map(|cell| cell.replace(',', "")).collect()
    }
}

async fn ask(link: &str, query: &str) -> Value {
    let (base_url, token) = link.split_once("/#token=").expect("a link with a token");
    let answer = post_as(base_url, token, query).await;
    assert_eq!(answer["errors"], Value::Null, "{answer}");
    answer["data"].clone()
}

/// The number of rates of the demo's public API, once they are fetched.
async fn published_rates(base_url: &str) -> i64 {
    let query = "{ currencyRates(filter: { rateSource: { eq: FRANKFURTER } }) { totalCount } }";
    let fetched = async {
        loop {
            let count = ask(base_url, query).await["currencyRates"]["totalCount"].clone();
            match count.as_i64().expect("a count") {
                // The polling interval.
                0 => tokio::time::sleep(Duration::from_millis(50)).await,
                count => return count,
            }
        }
    };
    timeout(LIMIT, fetched).await.expect("they are fetched in time")
}

const ORDER: &str = "{ salesOrder(salesOrderId: 43659) { totalDue \
    customer { customerId person { firstName lastName } } \
    lines(first: 20) { totalCount edges { node { lineTotal product { name } } } } } }";

/// The postmaster's folder in `/proc`, by its pid file.
fn postmaster(state: &Path) -> PathBuf {
    let file = state.join("postgres/data/postmaster.pid");
    let text = std::fs::read_to_string(file).expect("Postgres runs");
    PathBuf::from(format!("/proc/{}", text.lines().next().expect("its process id")))
}

#[tokio::test]
async fn a_demo_serves_generated_files_and_resumes_after_a_kill() {
    let state = state_dir("demo");
    let arguments = ["--scale", "0.02"];

    let mut demo = Demo::start(&state, &arguments);
    let base_url = demo.ready().await;
    assert_eq!(demo.row("Production.Product.csv")[..2], ["504", "504"]);
    let order = ask(&base_url, ORDER).await["salesOrder"].clone();
    assert!(order["lines"]["totalCount"].as_i64().expect("a count") > 0, "{order}");
    let tables = ask(&base_url, "{ lakeTables(first: 20) { totalCount } }").await;
    assert_eq!(tables["lakeTables"]["totalCount"], 11, "the demo's own catalogue has no tables");
    let total = order["totalDue"].as_str().expect("a total");
    check_graphiql(&base_url, total, &screenshot_path("graphiql-generated.png")).await;
    let postgres = postmaster(&state);
    demo.signal(Signal::SIGINT);
    assert_eq!(demo.ended().await.code(), Some(0));
    assert!(!postgres.exists(), "Postgres outlived the demo");

    // As an earlier release left it.
    let environment = state.join("demo.env");
    for (path, mode) in [(&state, 0o755), (&environment, 0o644)] {
        std::fs::set_permissions(path, Permissions::from_mode(mode)).expect("opened");
    }
    let mut again = Demo::start(&state, &arguments);
    let base_url = again.ready().await;
    assert_eq!(open_to_others(&state), [] as [PathBuf; 0]);
    let mode = std::fs::metadata(&state).expect("the state").mode() & 0o777;
    assert!([0o700, 0o710].contains(&mode), "{mode:o}");
    assert!(again.printed.iter().any(|line| line.contains("10 file(s) loaded before, skipped")));
    assert_eq!(ask(&base_url, ORDER).await["salesOrder"], order);
    assert_eq!(published_rates(&base_url).await, 849 * 11, "of the working days of the orders");
    again.signal(Signal::SIGKILL);
    assert!(!again.ended().await.success());

    let mut third = Demo::start(&state, &arguments);
    let base_url = third.ready().await;
    assert_eq!(ask(&base_url, ORDER).await["salesOrder"], order, "after a kill -9");
    third.signal(Signal::SIGTERM);
    assert_eq!(third.ended().await.code(), Some(0));
}

/// Everything that tells of territories.
const PARTNER: &str = "%7B+territories+%7B+nodes+%7B+territoryId+%7D+%7D+\
    all:salesOrders+%7B+totalCount+%7D+\
    other:salesOrders(filter:%7BterritoryId:%7BnotIn:%5B1,4%5D%7D%7D)+%7B+totalCount+%7D+\
    salesOrder(salesOrderId:43659)+%7B+totalDue+%7D+\
    salesAggregate(groupBy:TERRITORY)+%7B+nodes+%7B+key+%7B+territoryId+%7D+\
    measures+%7B+orderCount+%7D+%7D+%7D+%7D";

/// Order 43659 is of territory 5.
fn partner() -> Value {
    let group = |territory: i32, orders: i32| json!({ "key": { "territoryId": territory }, "measures": { "orderCount": orders } });
    json!({
        "territories": { "nodes": [{ "territoryId": 1 }, { "territoryId": 4 }] },
        "all": { "totalCount": 10_818 },
        "other": { "totalCount": 0 },
        "salesOrder": null,
        "salesAggregate": { "nodes": [group(1, 4_594), group(4, 6_224)] },
    })
}

const NAMES: &str = "%7B+person(businessEntityId:1)+%7B+businessEntityId+lastName+%7D+%7D";

fn without_names() -> Value {
    json!({
        "data": { "person": { "businessEntityId": 1, "lastName": null } },
        "errors": [{
            "message": "this needs the scope persons:read",
            "locations": [{ "line": 1, "column": 3 }],
            "path": ["person", "lastName"],
            "extensions": { "code": "FORBIDDEN" },
        }],
    })
}

#[tokio::test]
async fn a_demo_serves_the_real_files() {
    let Some(dir) = real_files() else { return };
    let state = state_dir("demo-real");
    let mut demo = Demo::start(&state, &["--data", dir.to_str().expect("a path")]);
    let base_url = demo.ready().await;
    for (file, rows) in [
        ("Person.Person.csv", "19972"),
        ("Production.Product.csv", "504"),
        ("Sales.Customer.csv", "19820"),
        ("Sales.SpecialOfferProduct.csv", "538"),
        ("Production.ProductInventory.csv", "1069"),
        ("Sales.SalesTerritory.csv", "10"),
        ("Sales.Store.csv", "701"),
        ("Sales.CurrencyRate.csv", "13532"),
        ("Sales.SalesOrderHeader.csv", "31465"),
        ("Sales.SalesOrderDetail.csv", "121317"),
    ] {
        assert_eq!(demo.row(file)[..6], [rows, rows, "0", "0", "0", "0"], "{file}");
    }
    let order = ask(&base_url, ORDER).await["salesOrder"].clone();
    assert_eq!(order["totalDue"], "23153.2339");
    assert_eq!(order["lines"]["totalCount"], 12);
    assert_eq!(order["customer"]["person"]["lastName"], "Hendergart");
    check_graphiql(&base_url, "23153.2339", &screenshot_path("graphiql-real.png")).await;
    demo.read_to("Query").await;
    for (what, query, expected) in [
        ("A partner", PARTNER, json!({ "data": partner() })),
        ("persons:read", NAMES, without_names()),
    ] {
        let name = format!("graphiql-{}.png", what.replace([' ', ':'], "-").to_lowercase());
        let link = demo.link(what, query);
        let Some(answer) = ask_graphiql(&link, &screenshot_path(&name)).await else { continue };
        let Value::Object(mut answer) = answer else { panic!("{answer}") };
        answer.remove("extensions");
        assert_eq!(Value::Object(answer), expected, "{what}");
    }
    demo.signal(Signal::SIGINT);
    assert_eq!(demo.ended().await.code(), Some(0));
}

const SOURCES: &str = "{ salesOrders { totalCount } salesOrder(salesOrderId: 43659) { totalDue \
    source { objectKey } customer { source { objectKey } } } }";

/// Documents and files of another shape, generated or in a folder of the user's.
#[tokio::test]
async fn a_demo_serves_documents_and_mapped_files() {
    let folder = state_dir("demo-folder");
    let out = folder.to_str().expect("a path");
    let generated = Command::new(env!("CARGO_BIN_EXE_salesgraph"))
        .args(["sample", "--out", out, "--scale", "0.01", "--json=ndjson", "--shape", "excel-de"])
        .output()
        .await
        .expect("the program runs");
    assert!(generated.status.success(), "{generated:?}");
    let state = state_dir("demo-sources");
    let mut totals = Vec::new();
    for (arguments, order, customer) in [
        (
            ["--scale", "0.01", "--json", "--shape=adventureworks"],
            "orders/SO43659.json",
            "Customer.csv",
        ),
        (
            ["--data", out, "--mapping", "excel-de"],
            "orders/orders.ndjson",
            "sales/Sales.Customer.csv",
        ),
    ] {
        let mut demo = Demo::start(&state, &arguments);
        let base_url = demo.ready().await;
        let found = ask(&base_url, SOURCES).await;
        assert!(found["salesOrders"]["totalCount"].as_i64() > Some(100), "{found}");
        let one = &found["salesOrder"];
        assert_eq!(one["source"]["objectKey"], format!("incoming/{order}"), "{found}");
        assert_eq!(one["customer"]["source"]["objectKey"], format!("incoming/{customer}"));
        totals.push((found["salesOrders"].clone(), one["totalDue"].clone()));
        let environment = std::fs::read_to_string(state.join("demo.env")).expect("its settings");
        assert!(environment.contains("LOAD_MAPPING='"), "for the other subcommands");
        demo.signal(Signal::SIGINT);
        assert_eq!(demo.ended().await.code(), Some(0));
    }
    assert_eq!(totals[0], totals[1], "the same sample in two shapes");

    // Documents are told by their folder, also if that is the one given.
    let documents = folder.join("orders");
    let mut demo = Demo::start(&state, &["--data", documents.to_str().expect("a path")]);
    demo.ready().await;
    assert!(
        demo.printed.iter().any(|line| line.starts_with("orders.ndjson")),
        "{:?}",
        demo.printed
    );
    let environment = std::fs::read_to_string(state.join("demo.env")).expect("its settings");
    assert!(environment.contains("LOAD_MAPPING=''"), "none of the demo before");
    demo.signal(Signal::SIGINT);
    assert_eq!(demo.ended().await.code(), Some(0));
}

#[tokio::test]
async fn a_demo_explains_what_prevents_it() {
    let state = state_dir("demo-errors");
    let run = async |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_salesgraph"))
            .arg("demo")
            .args(arguments)
            .arg("--state")
            .arg(&state)
            .output()
            .await
            .expect("the program starts");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let (code, error) = run(&["--bind", &address]).await;
    assert_eq!(code, Some(1));
    assert!(error.contains(&address) && error.contains("--bind"), "{error}");

    let empty = state_dir("demo-empty");
    std::fs::create_dir_all(&empty).expect("a folder");
    let data = empty.to_str().expect("a path");
    let (code, error) = run(&["--bind", "127.0.0.1:0", "--data", data]).await;
    assert_eq!(code, Some(2));
    assert!(error.contains("Person.Person*.csv, Production.Product*.csv"), "{error}");

    // What others use is not closed to them, and no link is followed.
    std::fs::remove_dir_all(&state).expect("the state is gone");
    std::fs::create_dir(&state).expect("a folder");
    std::fs::write(state.join("notes"), "").expect("a file");
    let (code, error) = run(&["--bind", "127.0.0.1:0"]).await;
    assert_eq!(code, Some(2));
    assert!(error.contains("holds something else than a demo"), "{error}");
    std::fs::remove_dir_all(&state).expect("the folder is gone");
    std::os::unix::fs::symlink(&empty, &state).expect("a link");
    let (code, error) = run(&["--bind", "127.0.0.1:0"]).await;
    assert_eq!(code, Some(2));
    assert!(error.contains("is a link, not a folder"), "{error}");
}

/// Folders and files of the state that others could read.
fn open_to_others(folder: &Path) -> Vec<PathBuf> {
    let mut open = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let found = std::fs::symlink_metadata(&path).expect("the file");
        // Postgres looks after its own data.
        if path.ends_with("postgres/data") || path.ends_with("postgres/binaries") {
            continue;
        }
        // As root, the account of Postgres passes through two folders.
        if found.mode() & 0o067 != 0 || (found.is_file() && found.mode() & 0o777 != 0o600) {
            open.push(path.clone());
        }
        if found.is_dir() {
            open.extend(open_to_others(&path));
        }
    }
    open
}
