//! Conformance with GraphQL over HTTP, as the audits of `graphql-http` judge it
//! from outside, driven by `tests/clients/audit.mjs`.

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;
use std::{env, fs, io};

use salesgraph::http::Limits;
use tokio::process::Command;
use tokio::time::timeout;

use crate::graphiql::on_path;
use crate::support::database;
use crate::support::http::TestServer;

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients");
const FILES: [&str; 4] = ["package.json", "package-lock.json", ".npmrc", "audit.mjs"];
const LIMIT: Duration = Duration::from_secs(120);
/// How npm says that our own files are wrong, which no network can excuse.
const OUR_FAULTS: [&str; 3] = ["EUSAGE", "EINTEGRITY", "EJSONPARSE"];

/// All audits count: MUST, SHOULD and MAY. Without Node.js and npm the test says
/// so and passes, except where `CI` is set; so it does without the registry.
#[tokio::test]
async fn every_audit_of_graphql_over_http_passes() {
    let Some((node, npm)) = on_path("node").zip(on_path("npm")) else {
        let missing = "Node.js with npm (node, npm) is not on the PATH";
        assert!(env::var_os("CI").is_none(), "the endpoint cannot be audited: {missing}");
        eprintln!("SKIPPED: audits of GraphQL over HTTP: {missing}");
        return;
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("clients");
    copy_to(&folder);
    if let Err(reason) = install(&npm, &folder).await {
        eprintln!("SKIPPED: audits of GraphQL over HTTP: npm could not install them: {reason}");
        return;
    }

    let db = database().await;
    let server = TestServer::start(&db, Limits::default()).await;
    let mut audit = Command::new(node);
    audit.arg("audit.mjs").arg(format!("http://{}/graphql", server.address));
    let output = run(audit, &folder).await.expect("the audits end");
    assert!(output.status.success(), "{}", said(&output));
    server.stop().await;
}

fn copy_to(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for file in FILES {
        fs::copy(Path::new(SOURCES).join(file), folder.join(file)).unwrap();
    }
}

/// `npm ci`, unless what is installed is already what the lock file says; fails
/// with what npm says where that may be for want of the registry.
async fn install(npm: &Path, folder: &Path) -> Result<(), String> {
    let lock = fs::read(folder.join("package-lock.json")).unwrap();
    let stamp = folder.join("installed-lock.json");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    // What is installed is unknown from here on, until it succeeds.
    fs::write(&stamp, "").unwrap();
    let mut ci = Command::new(npm);
    ci.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"])
        .args(["--fetch-retries=2", "--fetch-retry-mintimeout=1000"])
        .args(["--fetch-retry-maxtimeout=5000", "--loglevel=error"]);
    let output = run(ci, folder).await.map_err(|error| error.to_string())?;
    if !output.status.success() {
        let said = said(&output);
        let ours = OUR_FAULTS.iter().any(|code| said.contains(&format!("code {code}")));
        assert!(!ours, "tests/clients cannot be installed: {said}");
        return Err(said);
    }
    fs::write(stamp, lock).unwrap();
    Ok(())
}

async fn run(mut command: Command, folder: &Path) -> io::Result<Output> {
    let output = command.current_dir(folder).stdin(Stdio::null()).kill_on_drop(true).output();
    timeout(LIMIT, output).await?
}

fn said(output: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}
