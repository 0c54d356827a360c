//! `/q/NAME.csv` and the like, as programs ask for them.

use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::support::ledger::wait_until;
use crate::support::saved::{ALL, Caller, Saved};
use crate::support::write;

const LINES: &str = "query($order: Int, $min: Int) { salesOrderLines(filter: {
    salesOrderId: { eq: $order }, orderQuantity: { gte: $min } }) {
    nodes { salesOrderId salesOrderDetailId orderQuantity lineTotal product { name } } } }";

#[tokio::test]
async fn every_format_has_its_name_type_and_rows() {
    let saved = Saved::start().await;
    let acme = saved.caller(Some("acme"), ALL, None).await;
    acme.save("lines", LINES).await;
    let csv = acme.get("/q/lines.csv?order=1001&min=1").await;
    assert_eq!(csv.status, StatusCode::OK, "{}", csv.text);
    assert!(csv.header("content-type").starts_with("text/csv"));
    assert_eq!(csv.header("content-disposition"), "attachment; filename=\"lines.csv\"");
    assert!(csv.text.starts_with(
        "salesOrderId,salesOrderDetailId,orderQuantity,lineTotal,product.name\r\n1001,"
    ));
    let rows = csv.text.lines().count() - 1;
    assert!(rows > 0);
    let json = acme.get("/q/lines.json?order=1001").await.json();
    assert_eq!(json.as_array().unwrap().len(), rows);
    let ndjson = acme.get("/q/lines.ndjson?order=1001").await;
    assert_eq!(ndjson.text.lines().count(), rows);
    assert_eq!(ndjson.header("content-type"), "application/x-ndjson");
    let parquet = acme.get("/q/lines.parquet?order=1001").await;
    assert!(parquet.bytes.starts_with(b"PAR1") && parquet.bytes.ends_with(b"PAR1"));
    let gzip = acme.get("/q/lines.csv.gz?order=1001").await;
    assert!(gzip.bytes.starts_with(&[0x1f, 0x8b]));
    assert_eq!(gzip.header("content-encoding"), "");
    let excel = acme.get("/q/lines.csv?order=1001&delimiter=%3B&decimalSeparator=,&bom=true").await;
    assert!(excel.text.starts_with("\u{feff}salesOrderId;"), "{}", excel.text);
    let head = acme.request("HEAD", "/q/lines.csv?order=1001", &[]).await;
    assert_eq!((head.status, head.bytes.len()), (StatusCode::OK, 0));
    assert_eq!(head.header("etag"), acme.get("/q/lines.csv?order=1001").await.header("etag"));
}

#[tokio::test]
async fn an_unchanged_file_is_not_sent_again() {
    let saved = Saved::start().await;
    let acme = saved.caller(Some("acme"), ALL, None).await;
    let partner = saved.caller(Some("acme"), ALL, Some(vec![1])).await;
    acme.save("lines", LINES).await;
    acme.save("saved", "{ savedQueries { nodes { name } } }").await;
    let path = "/q/lines.csv?order=1001";
    let first = acme.get(path).await;
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with('"') && tag.len() > 10, "{tag}");
    let condition = [("if-none-match", tag.as_str())];
    let again = acme.request("GET", path, &condition).await;
    assert_eq!((again.status, again.bytes.len()), (StatusCode::NOT_MODIFIED, 0));
    for other in [
        "/q/lines.csv?order=1002",
        "/q/lines.ndjson?order=1001",
        "/q/lines.csv?order=1001&bom=true",
    ] {
        assert_eq!(acme.request("GET", other, &condition).await.status, StatusCode::OK, "{other}");
    }
    assert_eq!(partner.request("GET", path, &condition).await.status, StatusCode::OK);
    write(&saved.app.pool, "UPDATE product SET name = name || '!'").await;
    let changed = acme.request("GET", path, &condition).await;
    assert_eq!(changed.status, StatusCode::OK);
    assert_ne!(changed.text, first.text);
    // What changes without the version of the data has no tag.
    let volatile = acme.get("/q/saved.csv").await;
    assert_eq!((volatile.header("etag"), volatile.header("cache-control")), ("", "no-store"));
    assert_eq!(volatile.text, "name\r\nsaved\r\nlines\r\n");
}

#[tokio::test]
async fn each_caller_gets_its_own_rows_or_a_refusal() {
    let saved = Saved::start().await;
    let acme = saved.caller(Some("acme"), ALL, None).await;
    let one = saved.caller(Some("acme"), ALL, Some(vec![1])).await;
    let two = saved.caller(Some("acme"), ALL, Some(vec![2])).await;
    let sales = saved.caller(Some("acme"), "sales:read reports:read", None).await;
    let without = saved.caller(Some("acme"), "sales:read", None).await;
    acme.save("customers", "{ customers { nodes { customerId territoryId } } }").await;
    acme.save("persons", "{ persons { nodes { lastName } } }").await;
    let rows =
        async |caller: &Caller<'_>| caller.get("/q/customers.csv").await.text.lines().count() - 1;
    assert_eq!([rows(&acme).await, rows(&one).await, rows(&two).await], [60, 20, 20]);
    assert!(
        one.get("/q/customers.csv").await.text.lines().skip(1).all(|line| line.ends_with(",1"))
    );
    let refused = sales.get("/q/persons.csv").await;
    assert_eq!((refused.status, refused.code()), (StatusCode::FORBIDDEN, "FORBIDDEN".to_owned()));
    let refused = without.get("/q/customers.csv").await;
    assert_eq!((refused.status, refused.code()), (StatusCode::FORBIDDEN, "FORBIDDEN".to_owned()));
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said() {
    let saved = Saved::start().await;
    let acme = saved.caller(Some("acme"), ALL, None).await;
    acme.save("lines", &LINES.replace("$order: Int,", "$order: Int!,")).await;
    for (path, status, code, part) in [
        ("/q/lines.csv", 400, "GRAPHQL_VALIDATION_FAILED", "$order"),
        ("/q/lines.csv?order=x", 400, "BAD_USER_INPUT", "order: \"x\" is no Int"),
        ("/q/lines.csv?order=1&colour=red", 400, "BAD_USER_INPUT", "colour: no such parameter"),
        ("/q/lines.csv?order=1&delimiter=x", 400, "BAD_USER_INPUT", "delimiter"),
        ("/q/lines.xlsx?order=1", 404, "NOT_FOUND", ".csv"),
        ("/q/nothing.csv", 404, "NOT_FOUND", "nothing"),
    ] {
        let answer = acme.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{path}");
        let message = answer.json()["errors"][0]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(part), "{path}: {message}");
        assert!(answer.header("content-type").starts_with("application/json"), "{path}");
    }
    let anyone = saved.server.get("/q/lines.csv?order=1").await;
    assert_eq!(
        (anyone.status, anyone.code()),
        (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED".to_owned())
    );
    let challenges: Vec<_> = anyone.headers.get_all("www-authenticate").iter().collect();
    assert!(challenges.iter().any(|it| it.as_bytes().starts_with(b"Basic ")), "{challenges:?}");
    let post = acme.request("POST", "/q/lines.csv?order=1", &[]).await;
    assert_eq!(post.status, StatusCode::METHOD_NOT_ALLOWED);
}

const MANY: &str =
    "INSERT INTO product_inventory (product_id, location_id, shelf, bin, quantity, rowguid,
    modified_date, source_file_id, source_line)
    SELECT product_id, l, 'A', 1, 1, rowguid, modified_date, 1, l
    FROM product, generate_series(10, 10010) l";
const STOCK: &str = "{ productInventories { nodes { productId locationId shelf quantity rowguid
    modifiedDate product { name productNumber listPrice } } } }";
const IS_READ: &str = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()
    AND state = 'active' AND query LIKE '%FROM product_inventory%' AND pid <> pg_backend_pid()";

/// A response of which nothing but the head was taken.
async fn begin(saved: &Saved, caller: &Caller<'_>) -> hyper::Response<hyper::body::Incoming> {
    let stream = TcpStream::connect(saved.server.address).await.unwrap();
    let (mut client, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get("/q/stock.csv")
        .header("host", "localhost")
        .header("authorization", format!("Bearer {}", caller.key))
        .body(Full::<bytes::Bytes>::default())
        .unwrap();
    let response = client.send_request(request).await.unwrap();
    // The connection lives as long as the body.
    std::mem::forget(client);
    response
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_in_the_middle_is_a_failure_and_no_shorter_file() {
    let saved = Saved::start().await;
    let acme = saved.caller(Some("acme"), ALL, None).await;
    write(&saved.app.pool, MANY).await;
    acme.save("stock", STOCK).await;
    let response = begin(&saved, &acme).await;
    assert_eq!(response.status(), StatusCode::OK);
    wait_until(&saved.app.pool, &format!("EXISTS ({IS_READ})")).await;
    let kill = format!("(SELECT bool_and(pg_terminate_backend(pid)) FROM ({IS_READ}) AS it)");
    wait_until(&saved.app.pool, &kill).await;
    let ended = response.into_body().collect().await;
    assert!(ended.is_err(), "the client must see that the file is not whole");
    let whole = acme.get("/q/stock.csv").await;
    assert_eq!(whole.text.lines().count(), 1 + 38 + 20 * 10_001);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_cancels_the_statement() {
    let saved = Saved::start().await;
    let acme = saved.caller(Some("acme"), ALL, None).await;
    write(&saved.app.pool, MANY).await;
    acme.save("stock", STOCK).await;
    let response = begin(&saved, &acme).await;
    let waits = format!("EXISTS ({IS_READ} AND wait_event = 'ClientWrite')");
    wait_until(&saved.app.pool, &waits).await;
    drop(response);
    tokio::time::timeout(
        Duration::from_secs(20),
        wait_until(&saved.app.pool, &format!("NOT EXISTS ({IS_READ})")),
    )
    .await
    .expect("the statement is cancelled");
}
