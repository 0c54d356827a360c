//! The dashboard and the documentation in a real Chromium, driven by Playwright, over the whole
//! program with rows that were rejected and parked.

use std::env;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::process::Command;
use tokio::time::timeout;

use super::demo::Demo;
use crate::http::graphiql::{screenshot_path, tools};
use crate::support::npm::{Clients, said};
use crate::support::servers::state_dir;

const LIMIT: Duration = Duration::from_secs(1_200);
/// A row whose text would be markup, if it were not shown as text.
const MARKUP: &str =
    r#"<img src="x" onerror="window.wasRun = true"><script>window.wasRun = true</script>"#;

/// Files of which more than 1,000 rows are rejected and some are parked.
async fn sample(folder: &Path) {
    let generated = Command::new(env!("CARGO_BIN_EXE_salesgraph"))
        .args(["sample", "--scale", "0.1", "--defects", "6%", "--out"])
        .arg(folder)
        .output()
        .await
        .expect("the program starts");
    assert!(generated.status.success(), "{}", said(&generated));
    let territories = folder.join("sales/Sales.SalesTerritory.csv");
    let mut file = OpenOptions::new().append(true).open(territories).expect("a file of the sample");
    writeln!(file, "{MARKUP}").expect("written");
}

#[tokio::test]
async fn the_pages_serve_every_visitor() {
    let chromium = match tools() {
        Ok((_, chromium)) => chromium,
        Err(missing) => {
            assert!(env::var_os("CI").is_none(), "the pages cannot be checked: {missing}");
            eprintln!("SKIPPED: the pages in a browser: {missing}");
            return;
        }
    };
    let Some(clients) = Clients::installed("the pages in a browser").await else { return };
    let files = state_dir("demo-pages-files");
    sample(&files).await;
    let state = state_dir("demo-pages");
    let mut demo = Demo::start(&state, &["--data", files.to_str().expect("a path")]);
    let link = demo.ready().await;
    demo.read_to("Query").await;
    let (base_url, everything) = link.split_once("/#token=").expect("a link with a token");
    assert_eq!(demo.token("The dashboard"), everything);

    let screenshots = screenshot_path("pages");
    std::fs::create_dir_all(&screenshots).expect("a folder for screenshots");
    let mut command = clients.command("pages.mjs");
    command.arg(base_url).arg(chromium).arg(&screenshots);
    command.args([everything, demo.token("A partner"), demo.token("persons:read")]);
    let output = timeout(LIMIT, command.output()).await.expect("it ends in time").unwrap();
    assert!(output.status.success(), "{}", said(&output));
    demo.signal(Signal::SIGINT);
    assert_eq!(demo.ended().await.code(), Some(0));
}
