//! What is in a file.

use std::io::Read as _;

use salesgraph::auth::Scope;
use salesgraph::graphql::{ExportColumn, ExportRequest, OpenOptions};
use salesgraph::report::{CsvDialect, Encoding, Format};
use serde_json::{Value, json};

use crate::support::export::{collect, encoding, file, file_of, request, text_of, with_variables};
use crate::support::{Api, write};

#[tokio::test]
async fn columns_are_the_paths_of_response_keys_and_values_are_exact() {
    let api = Api::start().await;
    let document = "{ salesOrderLines(first: 1, filter: { salesOrderId: { eq: 1001 } }) {
        totalCount pageInfo { endCursor }
        edges { cursor node { __typename order: salesOrderId detail: salesOrderDetailId unitPrice lineTotal
            product { name number: productNumber productLine sellStartDate }
            carrierTrackingNumber } } nodes { o: order { customer { person { firstName } } } } } }";
    write(
        &api.db.pool,
        "UPDATE sales_order_line SET unit_price = 0.0001, unit_price_discount = 0.99,
        order_quantity = 1, line_total = 0.000001, carrier_tracking_number = ''",
    )
    .await;
    let text = text_of(&api.engine, document, Format::Csv).await;
    let header = "order,detail,unitPrice,lineTotal,product.name,product.number,product.productLine,\
                  product.sellStartDate,carrierTrackingNumber,o.customer.person.firstName";
    let data = api
        .data(
            "{ salesOrderLines(filter: { salesOrderId: { eq: 1001 } }) { nodes {
            salesOrderDetailId product { name productNumber productLine } } } }",
        )
        .await;
    let mut expected = format!("{header}\r\n");
    for node in data["salesOrderLines"]["nodes"].as_array().unwrap() {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        expected.push_str(&format!(
            "1001,{},0.0001,0.000001,{},{},{},2011-05-31T00:00:00,\"\",First1\r\n",
            node["salesOrderDetailId"],
            text(&node["product"]["name"]),
            text(&node["product"]["productNumber"]),
            text(&node["product"]["productLine"]),
        ));
    }
    assert_eq!(text, expected);
}

#[tokio::test]
async fn formats_have_the_same_rows() {
    let api = Api::start().await;
    let document = "{ customers(orderBy: [{ field: CUSTOMER_ID, direction: DESC }]) { nodes {
        id customerId person { firstName middleName } storeId accountNumber rowguid modifiedDate
        source { line loadedAt } } } }";
    let csv = file_of(&api.engine, document, Format::Csv).await;
    let mut unzipped = Vec::new();
    let gzip = file_of(&api.engine, document, Format::CsvGzip).await;
    flate2::read::MultiGzDecoder::new(gzip.as_slice()).read_to_end(&mut unzipped).unwrap();
    assert_eq!(csv, unzipped);
    let array: Vec<Value> =
        serde_json::from_slice(&file_of(&api.engine, document, Format::Json).await).unwrap();
    let lines = text_of(&api.engine, document, Format::Ndjson).await;
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(array, lines);
    let rows = csv::Reader::from_reader(csv.as_slice()).records().count();
    assert_eq!((rows, lines.len()), (60, 60));
    let answered = api.data(&document.replace("customers(", "customers(first: 1000, ")).await;
    for (line, node) in lines.iter().zip(answered["customers"]["nodes"].as_array().unwrap()) {
        let person = |name: &str| node["person"].get(name).cloned().unwrap_or(Value::Null);
        assert_eq!(
            *line,
            json!({
                "id": node["id"], "customerId": node["customerId"],
                "person.firstName": person("firstName"), "person.middleName": person("middleName"),
                "storeId": node["storeId"], "accountNumber": node["accountNumber"],
                "rowguid": node["rowguid"], "modifiedDate": node["modifiedDate"],
                "source.line": node["source"]["line"],
                "source.loadedAt": node["source"]["loadedAt"],
            })
        );
    }
}

#[tokio::test]
async fn groups_and_measures_of_rows_are_columns() {
    let api = Api::start().await;
    let document = "query($min: Int) { salesAggregate(groupBy: [TERRITORY, ORDER_YEAR],
        orderBy: [{ measure: LINE_TOTAL_SUM, direction: DESC }, { dimension: TERRITORY }, { dimension: ORDER_YEAR }]) { nodes {
        key { territoryId orderYear } measures { lineCount lineTotal { sum avg median } orderTotal }
        some: measures(filter: { orderQuantity: { gte: $min } }) { orderQuantity { sum min } } } } }";
    let wanted = with_variables(document, json!({ "min": 3 }));
    let export = api.engine.export(&wanted, &Scope::everything()).await.unwrap();
    let csv = file(export, Format::Csv).await;
    let answer = api.ask_with(document, json!({ "min": 3 })).await;
    assert_same(&csv, &answer["data"]["salesAggregate"]["nodes"]);

    let document = "{ customers(first: 1000) { nodes { customerId store { name }
        sales { lineCount lineTotal { sum avg } orderTotal unitPrice { percentile(p: 0.5) } }
        few: sales(filter: { orderQuantity: { gt: 2 } }) { orderQuantity { sum stddev } } } } }";
    let csv = file_of(&api.engine, document, Format::Csv).await;
    assert_same(&csv, &api.data(document).await["customers"]["nodes"]);
}

/// The records of a file are these nodes, in their order.
fn assert_same(csv: &[u8], nodes: &Value) {
    let mut reader = csv::Reader::from_reader(csv);
    let header = reader.headers().unwrap().clone();
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let nodes = nodes.as_array().unwrap();
    assert!(!nodes.is_empty());
    assert_eq!(records.len(), nodes.len());
    for (record, node) in records.iter().zip(nodes) {
        for (path, cell) in header.iter().zip(record) {
            let value = path.split('.').fold(node, |value, key| &value[key]);
            let expected = match value {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            assert_eq!(cell, expected, "{path} of {node}");
        }
    }
}

#[tokio::test]
async fn columns_are_chosen_renamed_and_written_for_other_locales() {
    let api = Api::start().await;
    let document = "{ products(filter: { productId: { lte: 2 } }) {
        nodes { productId name standardCost weight } } }";
    let column =
        |name: &str, path: &str| ExportColumn { name: name.to_owned(), path: path.to_owned() };
    let columns = Some(vec![column("Preis", "standardCost"), column("=Nr", "productId")]);
    let wanted = ExportRequest { columns, ..request(document) };
    let csv = CsvDialect { delimiter: b';', decimal_separator: b',', byte_order_mark: true };
    let export = api.engine.export(&wanted, &Scope::everything()).await.unwrap();
    let encoded =
        export.open(Encoding { format: Format::Csv, csv }, OpenOptions::default()).await.unwrap();
    let (bytes, rows) = collect(encoded).await.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(text, "\u{feff}Preis;'=Nr\r\n10,5000;1\r\n10,5000;2\r\n");
    assert_eq!(rows, 2);
}

#[tokio::test]
async fn a_file_without_rows_is_whole() {
    let api = Api::start().await;
    let document = "{ products(filter: { productId: { eq: 0 } }) { nodes { productId name } } }";
    assert_eq!(text_of(&api.engine, document, Format::Csv).await, "productId,name\r\n");
    assert_eq!(text_of(&api.engine, document, Format::Ndjson).await, "");
    let json = file_of(&api.engine, document, Format::Json).await;
    assert_eq!(serde_json::from_slice::<Value>(&json).unwrap(), json!([]));
    let gzip = file_of(&api.engine, document, Format::CsvGzip).await;
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(gzip.as_slice()).read_to_string(&mut text).unwrap();
    assert_eq!(text, "productId,name\r\n");
}

#[tokio::test]
async fn a_file_sees_one_moment() {
    let api = Api::start().await;
    let document = "{ customers { nodes { customerId sales { lineCount } } } }";
    let export = api.engine.export(&request(document), &Scope::everything()).await.unwrap();
    let before = file_of(&api.engine, document, Format::Csv).await;
    let encoded = export.open(encoding(Format::Csv), OpenOptions::default()).await.unwrap();
    let version = encoded.version;
    write(&api.db.pool, "DELETE FROM sales_order_line").await;
    let (bytes, _) = collect(encoded).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&bytes), String::from_utf8_lossy(&before));
    let now: i64 = sqlx::query_scalar("SELECT version FROM data_version")
        .fetch_one(&api.db.pool)
        .await
        .unwrap();
    assert_eq!(version.version, now - 1, "the version of the snapshot, not of now");
}
