use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use chrono::NaiveDate;

use super::files::FILES;
use super::*;
use crate::error::Code;

fn write(out: &Path, scale: f64, seed: u64, defects: f64) -> SampleSummary {
    generate(&options(out, scale, seed, defects), &mut |_, _| {}).unwrap()
}

fn options(out: &Path, scale: f64, seed: u64, defects: f64) -> SampleOptions {
    SampleOptions {
        out: out.to_owned(),
        scale,
        seed,
        defects,
        optional: true,
        orders: OrderFiles::Csv,
        shape: Shape::Plain,
    }
}

/// The files of every sample.
static REQUIRED: [&FileSpec; 6] = [
    &files::PERSON,
    &files::PRODUCT,
    &files::CUSTOMER,
    &files::OFFER,
    &files::HEADER,
    &files::DETAIL,
];

fn bytes(out: &Path) -> Vec<Vec<u8>> {
    bytes_of(out, &FILES)
}

fn bytes_of(out: &Path, files: &[&FileSpec]) -> Vec<Vec<u8>> {
    files.iter().map(|file| fs::read(out.join(file.path)).unwrap()).collect()
}

/// The records of a file by column name, unquoted.
fn records(out: &Path, file: &FileSpec) -> Vec<BTreeMap<&'static str, String>> {
    let text = fs::read_to_string(out.join(file.path)).unwrap();
    let body = text.strip_prefix('\u{feff}').unwrap().strip_suffix("\r\n").unwrap();
    let mut lines = body.split("\r\n");
    assert_eq!(lines.next().unwrap(), file.header);
    lines.map(|line| record(line, file)).collect()
}

fn record(line: &str, file: &FileSpec) -> BTreeMap<&'static str, String> {
    let mut quoted = false;
    let fields: Vec<String> = line
        .split(|letter| {
            quoted ^= letter == '"';
            letter == ';' && !quoted
        })
        .map(|field| match field.strip_prefix('"') {
            Some(field) => field.strip_suffix('"').unwrap().replace("\"\"", "\""),
            None => field.to_owned(),
        })
        .collect();
    assert_eq!(fields.len(), file.columns().count(), "{line}");
    file.columns().zip(fields).collect()
}

/// A decimal with comma or dot, in millionths.
fn decimal(text: &str) -> i64 {
    let (whole, places) = text.split_once([',', '.']).unwrap();
    assert!((2..=6).contains(&places.len()), "{text}");
    format!("{whole}{places:0<6}").parse().unwrap()
}

fn date(text: &str) -> NaiveDate {
    NaiveDate::parse_from_str(text, "%Y-%m-%d 00:00:00.000").unwrap()
}

#[test]
fn the_bytes_depend_on_the_seed_only() {
    let [one, two, other] = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let summary = write(one.path(), 0.01, 42, 0.01);
    assert_eq!(summary, write(two.path(), 0.01, 42, 0.01));
    write(other.path(), 0.01, 43, 0.01);
    assert_eq!(bytes(one.path()), bytes(two.path()));
    for (mine, others) in bytes(one.path()).iter().zip(bytes(other.path())) {
        assert_ne!(*mine, others);
    }
}

#[test]
fn scale_one_has_the_row_counts_of_the_real_files() {
    let out = tempfile::tempdir().unwrap();
    let mut last = (0, 0);
    let options = options(out.path(), 1.0, 42, 0.0);
    let summary = generate(&options, &mut |done, all| last = (done, all)).unwrap();
    let rows: Vec<u64> = summary.files.iter().map(|(_, rows, _)| *rows).collect();
    assert_eq!(rows, [19_972, 504, 19_820, 538, 1_069, 10, 701, 13_532, 31_465, 121_317]);
    assert_eq!(last, (208_928, 208_928));
    for ((path, rows, size), file) in summary.files.iter().zip(bytes(out.path())) {
        assert_eq!(*size, u64::try_from(file.len()).unwrap(), "{path}");
        let lines = file.iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(*rows + 1, u64::try_from(lines).unwrap(), "{path}");
    }
}

#[test]
fn orders_agree_with_their_lines_and_dates() {
    let out = tempfile::tempdir().unwrap();
    write(out.path(), 0.02, 7, 0.0);
    let mut sums = BTreeMap::<String, i64>::new();
    for line in records(out.path(), &files::DETAIL) {
        let total = decimal(&line["LineTotal"]);
        let quantity: i64 = line["OrderQty"].parse().unwrap();
        let (price, discount) =
            (decimal(&line["UnitPrice"]) / 100, decimal(&line["UnitPriceDiscount"]) / 10_000);
        assert_eq!(total, quantity * price * (100 - discount), "{line:?}");
        *sums.entry(line["SalesOrderID"].clone()).or_default() += total;
    }
    let orders = records(out.path(), &files::HEADER);
    assert_eq!(orders.len(), sums.len());
    for order in &orders {
        let [sub_total, tax, freight, due] =
            ["SubTotal", "TaxAmt", "Freight", "TotalDue"].map(|column| decimal(&order[column]));
        assert!((sums[&order["SalesOrderID"]] - sub_total).abs() <= 50, "{order:?}");
        assert_eq!(due, sub_total + tax + freight, "{order:?}");
        let [ordered, due, shipped] =
            ["OrderDate", "DueDate", "ShipDate"].map(|column| date(&order[column]));
        let days = ((due - ordered).num_days(), (shipped - ordered).num_days());
        assert!(days == (12, 7) || days == (13, 8), "{order:?}");
        assert_eq!(order["ModifiedDate"], order["ShipDate"]);
    }
    assert!(
        orders.windows(2).all(|pair| date(&pair[0]["OrderDate"]) <= date(&pair[1]["OrderDate"]))
    );
}

#[test]
fn every_reference_exists() {
    let out = tempfile::tempdir().unwrap();
    write(out.path(), 0.02, 7, 0.0);
    let column = |file, name: &str| -> Vec<String> {
        records(out.path(), file).into_iter().map(|mut row| row.remove(name).unwrap()).collect()
    };
    let keys = |file, name: &str| column(file, name).into_iter().collect::<BTreeSet<_>>();
    let all_in = |mut values: Vec<String>, keys: &BTreeSet<String>| {
        values.retain(|value| value != "NULL" && !keys.contains(value));
        assert!(values.is_empty(), "{values:?}");
    };
    let persons = keys(&files::PERSON, "BusinessEntityID");
    let customers = keys(&files::CUSTOMER, "CustomerID");
    let stores = keys(&STORE, "BusinessEntityID");
    let territories = keys(&TERRITORY, "TerritoryID");
    all_in(column(&files::CUSTOMER, "PersonID"), &persons);
    all_in(column(&files::CUSTOMER, "StoreID"), &stores);
    all_in(column(&files::CUSTOMER, "TerritoryID"), &territories);
    all_in(column(&STORE, "SalesPersonID"), &persons);
    assert!(stores.is_disjoint(&persons));
    all_in(column(&files::HEADER, "TerritoryID"), &territories);
    all_in(column(&files::HEADER, "CurrencyRateID"), &keys(&RATE, "CurrencyRateID"));
    all_in(column(&INVENTORY, "ProductID"), &keys(&files::PRODUCT, "ProductID"));
    all_in(column(&files::HEADER, "SalesPersonID"), &persons);
    all_in(column(&files::HEADER, "CustomerID"), &customers);
    all_in(column(&files::OFFER, "ProductID"), &keys(&files::PRODUCT, "ProductID"));
    let pairs = |file| {
        let rows = records(out.path(), file).into_iter();
        rows.map(|row| (row["SpecialOfferID"].clone(), row["ProductID"].clone()))
            .collect::<BTreeSet<_>>()
    };
    assert!(pairs(&files::DETAIL).is_subset(&pairs(&files::OFFER)));
    assert!(column(&files::CUSTOMER, "PersonID").len() > customers.len() / 2);
}

#[test]
fn the_list_locates_all_invalid_rows_and_the_rest_is_a_valid_sample() {
    let [clean, spoiled] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    write(clean.path(), 0.05, 42, 0.0);
    let summary = write(spoiled.path(), 0.05, 42, 0.05);
    let mut files: BTreeMap<&str, Vec<u8>> =
        FILES.iter().map(|file| file.path).zip(bytes(spoiled.path())).collect();
    let mut starts = BTreeMap::new();
    for (path, file) in &files {
        let ends = (1_usize..).zip(file).filter(|(_, byte)| **byte == b'\n').map(|(end, _)| end);
        starts.insert(*path, std::iter::once(0).chain(ends).collect::<Vec<_>>());
    }
    let list = fs::read_to_string(spoiled.path().join("defects.jsonl")).unwrap();
    let planted: Vec<serde_json::Value> =
        list.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let number = |value: &serde_json::Value| usize::try_from(value.as_u64().unwrap()).unwrap();
    for row in planted.iter().rev() {
        let path = row["file"].as_str().unwrap();
        let (offset, length) = (number(&row["offset"]), number(&row["length"]));
        assert_eq!(starts[path][number(&row["line"]) - 1], offset, "{row}");
        let file = files.get_mut(path).unwrap();
        assert_eq!(&file[offset + length..offset + length + 2], b"\r\n");
        let raw: Vec<u8> = file.drain(offset..offset + length + 2).collect();
        let raw = String::from_utf8_lossy(&raw[..length]);
        assert_eq!(row["raw"].as_str().unwrap(), raw);
        assert_eq!(raw.contains('\u{fffd}'), row["reason"] == "invalid_encoding");
    }
    let clean = bytes(clean.path());
    for (file, clean) in FILES.iter().zip(clean) {
        assert!(files[file.path] == clean, "{} keeps its valid rows", file.path);
    }
    assert_eq!(summary.defects.len(), 15, "{:?}", summary.defects);
    let counted: u64 = summary.defects.iter().map(|(_, rows)| rows).sum();
    assert_eq!(counted, u64::try_from(planted.len()).unwrap());
}

#[test]
fn a_directory_that_is_not_a_sample_is_not_touched() {
    let out = tempfile::tempdir().unwrap();
    fs::write(out.path().join("notes.txt"), "mine").unwrap();
    let options = options(out.path(), 0.001, 1, 0.0);
    let error = generate(&options, &mut |_, _| {}).unwrap_err();
    assert_eq!(error.code(), Code::BadUserInput);
    assert!(error.message().contains("is not empty"), "{error}");
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 1);
}

#[test]
fn a_sample_replaces_all_files_of_an_earlier_one() {
    let out = tempfile::tempdir().unwrap();
    write(out.path(), 0.001, 1, 0.01);
    assert!(out.path().join("defects.jsonl").exists());
    write(out.path(), 0.0005, 2, 0.0);
    let mut names: Vec<_> =
        fs::read_dir(out.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["person", "production", "sales", "sample.json"]);
    let files = |folder| fs::read_dir(out.path().join(folder)).unwrap().count();
    assert_eq!((files("production"), files("sales")), (2, 7));

    let required = bytes_of(out.path(), &REQUIRED);
    let options = SampleOptions { optional: false, ..options(out.path(), 0.0005, 2, 0.0) };
    generate(&options, &mut |_, _| {}).unwrap();
    assert_eq!((files("production"), files("sales")), (1, 4), "optional files are removed");
    assert!(required == bytes_of(out.path(), &REQUIRED), "the others are unchanged");
}

#[test]
fn documents_hold_the_rows_of_the_files() {
    let [csv, documents, ndjson, array] = std::array::from_fn(|_| tempfile::tempdir().unwrap());
    write(csv.path(), 0.001, 3, 0.0);
    let of = |out: &Path, orders| {
        generate(&SampleOptions { orders, ..options(out, 0.001, 3, 0.0) }, &mut |_, _| {}).unwrap()
    };
    let summary = of(documents.path(), OrderFiles::Documents);
    of(ndjson.path(), OrderFiles::Ndjson);
    of(array.path(), OrderFiles::Array);
    let parsed: Vec<serde_json::Value> =
        fs::read_to_string(ndjson.path().join("orders/orders.ndjson"))
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
    let elements = fs::read(array.path().join("orders/orders.json")).unwrap();
    assert_eq!(serde_json::from_slice::<Vec<serde_json::Value>>(&elements).unwrap(), parsed);
    let headers = records(csv.path(), &files::HEADER);
    assert_eq!(parsed.len(), headers.len());
    let (_, count, _) = summary.files.last().unwrap();
    assert_eq!(usize::try_from(*count).unwrap(), headers.len());
    let mut lines = records(csv.path(), &files::DETAIL).into_iter();
    for (document, header) in parsed.iter().zip(&headers) {
        let id = &header["SalesOrderID"];
        let path = documents.path().join(format!("orders/SO{id}.json"));
        let alone: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        assert_eq!(alone, *document);
        assert_eq!(document["salesOrderId"].to_string(), *id);
        assert_eq!(document["status"], "SHIPPED");
        assert_eq!(document["onlineOrderFlag"], header["OnlineOrderFlag"] == "1");
        assert_eq!(
            document["orderDate"],
            header["OrderDate"].replace(' ', "T").replace(".000", "")
        );
        for line in document["lines"].as_array().unwrap() {
            let record = lines.next().unwrap();
            assert_eq!(record["SalesOrderID"], *id);
            assert_eq!(line["salesOrderDetailId"].to_string(), record["SalesOrderDetailID"]);
            assert_eq!(line.get("salesOrderId"), None);
            assert_eq!(line["rowguid"], record["rowguid"].to_lowercase());
        }
    }
    assert!(lines.next().is_none());
    // Every digit, also zeros at the end.
    let text = fs::read_to_string(ndjson.path().join("orders/orders.ndjson")).unwrap();
    let total = headers[0]["TotalDue"].replace(',', ".");
    assert!(text.contains(&format!("\"totalDue\":{total},")), "{total}");
    // A sample in another form leaves none of the other's files.
    of(documents.path(), OrderFiles::Array);
    let left = fs::read_dir(documents.path().join("orders")).unwrap().count();
    assert_eq!(left, 1);
    assert!(!documents.path().join(files::HEADER.path).exists());
}
