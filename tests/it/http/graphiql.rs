//! GraphiQL in a real headless Chromium, driven by `web/test/graphiql.mjs`.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use salesgraph::http::pages;
use tokio::process::Command;
use tokio::time::timeout;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/web/test/graphiql.mjs");
const LIMIT: Duration = Duration::from_secs(120);

/// Opens `base_url`/graphql, runs the query it opens with (order 43659, whose total
/// the answer must show), one from a link, a subscription and a mutation. Fails on a
/// wrong answer, an error in the console or a request to another host.
///
/// Without Node.js, Chromium (`CHROMIUM`, or a usual place) or GraphiQL in this
/// build, it is skipped with a message, except where `CI` is set.
pub(crate) async fn check_graphiql(base_url: &str, total_due: &str, screenshot: &Path) {
    let (node, chromium) = match tools() {
        Ok(tools) => tools,
        Err(missing) => {
            assert!(env::var_os("CI").is_none(), "GraphiQL cannot be checked: {missing}");
            eprintln!("SKIPPED: GraphiQL in a browser: {missing}");
            return;
        }
    };
    let mut command = Command::new(node);
    command.arg(SCRIPT).arg(base_url).arg(chromium).arg(total_due).arg(screenshot);
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = timeout(LIMIT, output).await.expect("the browser check ends in time").unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The answer that the page shows to the query of a link; none where the browser is skipped,
/// as [`check_graphiql`] does.
pub(crate) async fn ask_graphiql(link: &str, screenshot: &Path) -> Option<serde_json::Value> {
    let (node, chromium) = tools().ok()?;
    let mut command = Command::new(node);
    command.arg(SCRIPT.replace("graphiql.mjs", "ask.mjs")).arg(link).arg(chromium).arg(screenshot);
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = timeout(LIMIT, output).await.expect("the browser answers in time").unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).expect("JSON in the page"))
}

/// Node.js and Chromium, if the pages are in this build.
pub(crate) fn tools() -> Result<(PathBuf, PathBuf), String> {
    if !pages::are_built() {
        return Err("it is not in this build".to_owned());
    }
    let node = on_path("node").ok_or("Node.js (node) is not on the PATH")?;
    let chromium = match env::var_os("CHROMIUM") {
        Some(path) => Some(PathBuf::from(path)).filter(|path| path.is_file()),
        None => ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(on_path),
    };
    let chromium = chromium.ok_or("no Chromium is at $CHROMIUM or on the PATH")?;
    Ok((node, chromium))
}

/// The program of this name on the `PATH`.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|dir| dir.join(program)).find(|p| p.is_file())
}

/// Where a test leaves a screenshot.
pub(crate) fn screenshot_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}
