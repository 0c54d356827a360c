//! Signatures of AWS, judged by others.

use std::process::Stdio;
use std::time::Duration;

use salesgraph::config::{CatalogAccess, CatalogConfig, Secret};
use salesgraph::lake::curated::Curated;
use salesgraph::storage::S3Settings;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::process::Command;

use super::loads::{MAY, change, filled};
use crate::support::TestApp;
use crate::support::lake::{USUAL, running};
use crate::support::python::botocore;

#[tokio::test]
async fn a_catalogue_that_wants_signatures_takes_them() {
    let Some((lake, mut reader)) = filled("signatures of AWS").await else { return };
    change(&lake, MAY).await;
    let access = CatalogAccess::Signed { name: "s3".to_owned(), region: None };
    let config = CatalogConfig { access, ..lake.config() };
    let other = Curated::connect(&lake.uri(), &lake.s3, USUAL).await.expect("a lake");
    let wrong =
        S3Settings { secret_access_key: Some(Secret::new("wrong-and-secret")), ..lake.s3.clone() };
    let other = other.with_catalog(&config, &wrong).await.expect("a catalogue");
    let summary = lake.try_load(other).await;
    let message = summary.first_error().expect("it is refused").message.clone();
    assert!(message.contains("403") && !message.contains("wrong-and-secret"), "{message}");
    lake.load_with(lake.curated_of(USUAL, &config).await).await;
    lake.assert_whole(&mut reader).await;
}

/// The request's line, its headers and its body, as a server gets them.
async fn captured(listener: TcpListener) -> String {
    let mut bytes = Vec::new();
    while !bytes.windows(4).any(|window| window == b"\r\n\r\n") {
        let (mut client, _) = listener.accept().await.expect("a client");
        bytes.clear();
        let mut buffer = [0; 16 * 1024];
        let count = client.read(&mut buffer).await.expect("a request");
        bytes.extend_from_slice(&buffer[..count]);
        let answer = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
        client.write_all(answer).await.expect("an answer");
    }
    String::from_utf8(bytes).expect("UTF-8")
}

#[tokio::test]
async fn signatures_are_those_of_the_sdk_for_python() {
    let Some(python) = botocore("signatures of AWS").await else { return };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let capture = tokio::spawn(captured(listener));
    let app = TestApp::start().await;
    let settings = S3Settings {
        access_key_id: Some("AKIDEXAMPLE".to_owned()),
        secret_access_key: Some(Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")),
        session_token: Some(Secret::new("a/session+token=")),
        ..app.s3().clone()
    };
    let config = CatalogConfig {
        // A path as that of tables of S3 Tables.
        uri: format!("http://{address}/iceberg/arn%3Aaws%3As3tables%2Fbucket"),
        warehouse: Some("arn:aws:s3tables:eu-west-1:111122223333:bucket/sales lake".to_owned()),
        namespace: "salesgraph".to_owned(),
        timeout: Duration::from_secs(10),
        access: CatalogAccess::Signed {
            name: "s3tables".to_owned(),
            region: Some("eu-west-1".to_owned()),
        },
    };
    let lake = Curated::connect(&app.lake_uri(), &settings, USUAL).await.expect("a lake");
    let lake = lake.with_catalog(&config, &settings).await.expect("a catalogue");
    let run = running(&app).await;
    let stop = tokio_util::sync::CancellationToken::new();
    let refused = lake.prepare(&app.pool, run, &stop).await;
    assert!(refused.is_err(), "the answer is none of a catalogue");
    let request = capture.await.expect("a request");
    let mut child = Command::new(python)
        .args(["-c", PROGRAM])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python starts");
    let mut input = child.stdin.take().expect("an input");
    input.write_all(json!(request).to_string().as_bytes()).await.expect("it reads");
    drop(input);
    let output = child.wait_with_output().await.expect("it ends");
    assert!(output.status.success());
    let answer: [String; 2] = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(answer[0], answer[1], "botocore signs otherwise:\n{request}");
}

const PROGRAM: &str = r#"
import json, re, sys
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

head, _, body = json.load(sys.stdin).partition("\r\n\r\n")
line, *lines = head.split("\r\n")
method, target, _ = line.split(" ")
headers = {name.lower(): value for name, value in (one.split(": ", 1) for one in lines)}
names = re.search("SignedHeaders=([^,]+)", headers["authorization"]).group(1).split(";")
request = AWSRequest(method, f"http://{headers['host']}{target}", data=body.encode(),
                     headers={name: headers[name] for name in names if name != "host"})
request.context["timestamp"] = headers["x-amz-date"]
keys = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "a/session+token=")
auth = SigV4Auth(keys, "s3tables", "eu-west-1")
signature = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
assert {"host", "x-amz-date", "x-amz-security-token"} <= set(names), names
print(json.dumps([re.search("Signature=([0-9a-f]+)", headers["authorization"]).group(1), signature]))
"#;
