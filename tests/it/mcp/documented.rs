//! The calls that `docs/mcp.md` shows.

use serde_json::Value as Json;

use super::{data, serve, with_tools};

const PAGE: &str = include_str!("../../../docs/mcp.md");

#[tokio::test]
async fn documented_calls_are_answered_and_all_tools_are_named() {
    let db = data().await;
    let caller = serve(with_tools(&db)).await;
    let mut calls = 0;
    for block in PAGE.split("```json\n").skip(1) {
        let text = block.split("```").next().unwrap_or_default();
        let json: Json =
            serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        if let Some(tool) = json["name"].as_str() {
            caller.told(tool, json["arguments"].clone()).await;
            calls += 1;
        }
    }
    assert!(calls >= 3, "only {calls} calls were found");
    for tool in caller.listed().await {
        assert!(PAGE.contains(&format!("| `{tool}` |")), "{tool}");
    }
    caller.server.stop().await;
}
