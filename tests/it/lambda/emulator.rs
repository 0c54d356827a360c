//! The function in the emulator that AWS ships with its SAM CLI.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;
use std::time::{Duration, Instant};

use http_body_util::Full;
use hyper::Request;
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::sleep;

use super::{bootstrap, created, scheduled};
use crate::support::TestApp;
use crate::support::http::send;
use crate::support::python::lambda_emulator;
use crate::support::sample::{self, PERSON};

const LIMIT: Duration = Duration::from_secs(60);
const INVOKE: &str = "/2015-03-31/functions/function/invocations";

#[tokio::test]
async fn the_emulator_of_aws_runs_the_function() {
    let Some(emulator) = lambda_emulator("the function in AWS's emulator").await else { return };
    let app = TestApp::start().await;
    sample::defective().put(&app, &[PERSON]).await;
    let folder = TempDir::new().expect("a folder");
    // An address of its own on the loopback network: the emulator cannot choose a free port.
    let [_, .., two, three] = std::process::id().to_be_bytes();
    let address = SocketAddr::from((Ipv4Addr::new(127, 77, two, three), 8080));
    let runtime_api = SocketAddr::from((address.ip(), 9001));
    let configured = app.command();
    let configured = configured.as_std().get_envs();
    let mut child = Command::new(emulator)
        .args(["--runtime-interface-emulator-address", &address.to_string()])
        .args(["--runtime-api-address", &runtime_api.to_string()])
        .arg(bootstrap(folder.path()))
        .env_clear()
        .envs(configured.filter_map(|(name, value)| value.map(|value| (name, value))))
        .env("AWS_LAMBDA_FUNCTION_TIMEOUT", "900")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("the emulator starts");
    wait_for(address).await;
    let answer = invoke(address, &created(&app, PERSON)).await;
    assert_eq!(answer["outcome"], "succeeded_with_rejects", "{answer}");
    let rejected: i64 = app.value("SELECT count(*) FROM load_reject").await;
    assert_eq!(answer["totals"]["rejected"], rejected);
    let again = invoke(address, &scheduled()).await;
    assert_eq!(again["files_skipped"], 1, "{again}");
    let refused = invoke(address, &json!({ "httpMethod": "GET" })).await;
    assert_eq!(refused["errorType"], "BAD_USER_INPUT", "{refused}");
    child.kill().await.expect("it ends");
}

/// Waits until something listens there.
async fn wait_for(address: SocketAddr) {
    let begun = Instant::now();
    while TcpStream::connect(address).await.is_err() {
        assert!(begun.elapsed() < LIMIT, "nothing listens on {address}");
        // The polling interval.
        sleep(Duration::from_millis(10)).await;
    }
}

async fn invoke(address: SocketAddr, event: &Json) -> Json {
    let request = Request::post(INVOKE).header("host", address.to_string());
    let body = Full::from(event.to_string());
    send(address, request.body(body).expect("a request")).await.json()
}
