//! The audit log: who asked for a replay of rejects.

use std::process::Stdio;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value as Json, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::support::TestApp;
use crate::support::http::post_to;

#[tokio::test]
async fn a_replay_is_logged_with_its_outcome_and_without_the_record() {
    let app = TestApp::start().await;
    let mut server = app
        .command()
        .args(["serve", "--bind", "127.0.0.1:0", "--insecure-no-auth"])
        .env("LOG_FORMAT", "json")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut out = BufReader::new(server.stdout.take().expect("stdout")).lines();
    let mut log = BufReader::new(server.stderr.take().expect("stderr")).lines();
    let line = out.next_line().await.expect("a line").expect("an address");
    let url = line.split(' ').next_back().expect("an address").trim_end_matches("/graphql");

    let unknown = URL_SAFE_NO_PAD.encode("LoadReject:1:1:0");
    let corrected = format!("{{ rejectId: \"{unknown}\", raw: \"1,Secret Name\" }}");
    for (input, outcome, code, object) in [
        (corrected.as_str(), "refused", "NOT_FOUND", format!("rejectId={unknown}")),
        ("{}", "accepted", "", String::new()),
    ] {
        let query =
            format!("mutation {{ replayRejects(input: {input}) {{ loadRun {{ state }} }} }}");
        let answer = post_to(url, &query).await;
        let entry = loop {
            let line = log.next_line().await.expect("a line").expect("the log goes on");
            assert!(!line.contains("Secret"), "{line}");
            let entry: Json = serde_json::from_str(&line).expect("JSON");
            if entry["target"] == "salesgraph::audit" {
                break entry;
            }
        };
        assert_eq!(entry["action"], "replayRejects", "{entry}");
        assert_eq!(
            (&entry["outcome"], &entry["code"]),
            (&json!(outcome), &json!(code)),
            "{answer}"
        );
        assert_eq!(entry["credential"], "0000000000000000");
        assert!(!entry["request_id"].as_str().expect("an id").is_empty());
        assert_eq!(entry["object"], object);
    }
}
