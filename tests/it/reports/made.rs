//! A report from the request to its file, its manifest and its end.

use salesgraph::auth::Scope;
use salesgraph::storage::Source;
use serde_json::{Value as Json, json};

use super::{lines, started, without_worker};
use crate::support::http::TestServer;
use crate::support::reports::{TestReports, download, sha256};
use crate::support::socket::Socket;
use crate::support::write;

#[tokio::test]
async fn a_report_is_a_whole_file_with_a_manifest() {
    let reports = started().await;
    let all = Scope::everything();
    let requested = reports.request(&all, lines("daily sales")).await;
    assert_eq!(requested["reused"], false);
    let before = &requested["report"];
    assert_eq!((&before["rowCount"], &before["downloadUrl"]), (&Json::Null, &Json::Null));
    let report = reports.ended(&all, &before["id"]).await;
    assert_eq!(report["state"], "SUCCEEDED", "{report}");
    assert_eq!(report["current"], true);
    assert_eq!(report["progress"]["rows"], report["rowCount"]);

    let records = reports.records(&report).await;
    let count = reports.ask(&all, "{ salesOrderLines { totalCount } }", json!({})).await;
    assert_eq!(report["rowCount"], count["data"]["salesOrderLines"]["totalCount"]);
    assert_eq!(records.len() as u64 - 1, report["rowCount"].as_u64().unwrap());
    assert_eq!(
        &records[0][..4],
        ["salesOrderId", "salesOrderDetailId", "salesOrderNumber", "orderDate"]
    );
    assert_eq!(&records[1][..4], ["1001", "1", "SO1001", "2011-05-31T00:00:00"]);

    let key = report["key"].as_str().unwrap();
    assert!(key.starts_with("relatorios/default/daily-sales/sales-lines-"), "{key}");
    let keys: Vec<String> = reports.objects().await.into_iter().map(|object| object.key).collect();
    let manifest_key = key.replace(".csv", ".manifest.json");
    assert_eq!(keys, [key, &manifest_key]);
    let manifest = manifest(&reports, &manifest_key).await;
    for (name, of) in [
        ("rowCount", "rowCount"),
        ("byteSize", "byteSize"),
        ("sha256", "sha256"),
        ("dataVersion", "dataVersion"),
        ("key", "key"),
        ("project", "project"),
    ] {
        assert_eq!(manifest[name], report[of], "{name}");
    }
    assert_eq!(manifest["columns"][0], "salesOrderId");
    assert_eq!(reports.open_uploads().await, []);
}

async fn manifest(reports: &TestReports, key: &str) -> Json {
    let object = reports.objects().await.into_iter().find(|object| object.key == key).unwrap();
    let uri = reports.app.reports_uri().parse().unwrap();
    let source = Source::connect(&uri, reports.app.s3()).await.unwrap();
    let mut bytes = source.open(&object, 0).await.unwrap();
    let mut text = Vec::new();
    while let Some(chunk) = bytes.next().await.unwrap() {
        text.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&text).unwrap()
}

/// An old file must not be taken for a new one.
#[tokio::test]
async fn a_report_is_current_until_the_data_change() {
    let reports = started().await;
    let all = Scope::everything();
    let report = reports.make(&all, lines("current")).await;
    reports.make(&all, lines("another report changes no data")).await;
    assert_eq!(reports.report(&all, &report["id"]).await["current"], true);
    write(&reports.app.pool, "UPDATE product SET name = 'Renamed' WHERE product_id = 1").await;
    assert_eq!(reports.report(&all, &report["id"]).await["current"], false);
    let again = reports.request(&all, lines("current")).await;
    assert_eq!((&again["reused"], &again["report"]["current"]), (&json!(true), &json!(false)));
    assert_eq!(again["report"]["dataVersion"], report["dataVersion"]);
}

#[tokio::test]
async fn a_link_expires_and_cannot_be_changed() {
    let reports = started().await;
    let all = Scope::everything();
    let report = reports.make(&all, lines("links")).await;
    let link = report["downloadUrl"].as_str().unwrap();
    assert!(link.contains("X-Amz-Expires=900&"), "{link}");
    let query =
        "query($id: ID!) { node(id: $id) { ... on Report { downloadUrl(expiresIn: 60) } } }";
    let short = reports.ask(&all, query, json!({ "id": report["id"] })).await;
    let short = short["data"]["node"]["downloadUrl"].as_str().unwrap();
    assert!(short.contains("X-Amz-Expires=60&"), "{short}");
    let (status, bytes) = download(short).await;
    assert_eq!((status, sha256(&bytes).as_str()), (200, report["sha256"].as_str().unwrap()));
    let longer = short.replace("X-Amz-Expires=60&", "X-Amz-Expires=6000&");
    assert_eq!(download(&longer).await.0, 403, "the signature covers the expiry");
    let manifest = short.replace(".csv?", ".manifest.json?");
    assert_eq!(download(&manifest).await.0, 403, "the signature covers the key");
    for seconds in [0, -1, 604_801] {
        let query = format!(
            "query($id: ID!) {{ node(id: $id) {{ ... on Report {{ downloadUrl(expiresIn: {seconds}) }} }} }}"
        );
        let refused = reports.ask(&all, &query, json!({ "id": report["id"] })).await;
        assert_eq!(refused["errors"][0]["extensions"]["argument"], "expiresIn", "{refused}");
    }
}

#[tokio::test]
async fn the_subscription_ends_with_the_report() {
    let mut reports = without_worker().await;
    let all = Scope::everything();
    let requested = reports.request(&all, lines("followed")).await;
    let id = requested["report"]["id"].clone();
    let query = "subscription($id: ID!) { report(id: $id) { state downloadUrl } }";
    let server = TestServer::serve(reports.state()).await;
    let mut socket = Socket::begin(&server).await;
    socket.ask("1", json!({ "query": query, "variables": { "id": id } })).await;
    let first = socket.receive().await;
    assert_eq!(first["payload"]["data"]["report"]["state"], "QUEUED", "{first}");
    reports.start_worker();
    let mut last = first;
    loop {
        let next = socket.receive().await;
        if next["type"] == "complete" {
            break;
        }
        last = next;
    }
    let report = &last["payload"]["data"]["report"];
    assert_eq!(report["state"], "SUCCEEDED", "{last}");
    assert!(report["downloadUrl"].is_string(), "{last}");
    server.stop().await;
    reports.stop_worker().await;
}

#[tokio::test]
async fn a_queued_report_is_canceled_for_good() {
    let mut reports = without_worker().await;
    let all = Scope::everything();
    let requested = reports.request(&all, lines("canceled")).await;
    let id = &requested["report"]["id"];
    let cancel = "mutation($id: ID!) { cancelReport(input: {reportId: $id}) { report { state } } }";
    let canceled = reports.ask(&all, cancel, json!({ "id": id })).await;
    assert_eq!(canceled["data"]["cancelReport"]["report"]["state"], "CANCELED", "{canceled}");
    // The same request makes another.
    let other = reports.request(&all, lines("canceled")).await;
    assert_eq!((&other["reused"], &other["report"]["version"]), (&json!(false), &json!(2)));
    reports.start_worker();
    let made = reports.ended(&all, &other["report"]["id"]).await;
    assert_eq!(made["state"], "SUCCEEDED");
    assert_eq!(reports.report(&all, id).await["state"], "CANCELED");
    let late = reports.ask(&all, cancel, json!({ "id": made["id"] })).await;
    assert_eq!(late["data"]["cancelReport"]["report"]["state"], "SUCCEEDED", "it had ended");
    assert_eq!(reports.objects().await.len(), 2);
    reports.stop_worker().await;
}
