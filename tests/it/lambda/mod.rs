//! `salesgraph lambda`: as a process beside an emulation of Lambda's runtime API.

mod emulator;
mod invocations;
mod runtime_api;

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use crate::support::TestApp;

/// The program as a function's package has it.
fn bootstrap(folder: &Path) -> PathBuf {
    let bootstrap = folder.join("bootstrap");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_salesgraph"), &bootstrap).expect("a link");
    bootstrap
}

/// The notification of S3 for a new object of the source.
fn created(app: &TestApp, key: &str) -> Json {
    json!({ "Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
        "s3": {
            "bucket": { "name": app.bucket_name() },
            "object": { "key": format!("incoming/{key}"), "size": 1, "sequencer": "0" },
        },
    }] })
}

/// What EventBridge sends by a schedule.
fn scheduled() -> Json {
    json!({ "version": "0", "detail-type": "Scheduled Event", "source": "aws.events", "detail": {} })
}
