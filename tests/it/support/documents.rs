//! The orders of a sample as JSON documents.

use salesgraph::catalog;
use salesgraph::dataset::{self, Dataset, Kind};
use serde_json::Value;
use serde_json::value::RawValue;

use super::TestApp;
use super::sample::{DETAIL, HEADER, Sample};

/// An order with its lines.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub(crate) id: i32,
    /// Names and texts of its members.
    pub(crate) order: Vec<(String, String)>,
    /// Of each line.
    pub(crate) lines: Vec<Vec<(String, String)>>,
}

impl Document {
    /// The text of the document.
    pub(crate) fn json(&self) -> String {
        let lines: Vec<String> = self.lines.iter().map(|line| object(line, "")).collect();
        object(&self.order, &format!(",\"lines\":[{}]", lines.join(",")))
    }

    /// Puts another text in place of a member's.
    pub(crate) fn set(&mut self, name: &str, json: &str) -> &mut Self {
        put(&mut self.order, name, json);
        self
    }

    /// Likewise in a line.
    pub(crate) fn set_in_line(&mut self, line: usize, name: &str, json: &str) -> &mut Self {
        put(&mut self.lines[line], name, json);
        self
    }
}

fn put(members: &mut Vec<(String, String)>, name: &str, json: &str) {
    members.retain(|(own, _)| own != name);
    members.push((name.to_owned(), json.to_owned()));
}

fn object(members: &[(String, String)], more: &str) -> String {
    let member = |(name, json): &(String, String)| format!("\"{name}\":{json}");
    let members: Vec<String> = members.iter().map(member).collect();
    format!("{{{}{more}}}", members.join(","))
}

/// The orders of a sample, by their ids; every second one leaves out what is null, and the key
/// of its lines.
pub(crate) fn documents(sample: &Sample) -> Vec<Document> {
    let order = dataset::by_table("sales_order").expect("orders");
    let line = dataset::by_table("sales_order_line").expect("lines");
    let mut documents: Vec<Document> = Vec::new();
    for record in rows(sample, HEADER, order) {
        let id = id(&record);
        documents.push(Document { id, order: record, lines: Vec::new() });
    }
    documents.sort_by_key(|document| document.id);
    for record in rows(sample, DETAIL, line) {
        let id = id(&record);
        let at = documents.binary_search_by_key(&id, |document| document.id).expect("its order");
        documents[at].lines.push(record);
    }
    for document in documents.iter_mut().step_by(2) {
        document.order.retain(|(_, json)| json != "null");
        for line in &mut document.lines {
            line.retain(|(name, json)| json != "null" && name != "salesOrderId");
        }
    }
    documents
}

fn id(record: &[(String, String)]) -> i32 {
    let found = record.iter().find(|(name, _)| name == "salesOrderId").expect("a key");
    found.1.parse().expect("a number")
}

/// The rows of a file as members, in the notation of documents.
fn rows(sample: &Sample, key: &str, dataset: &Dataset) -> Vec<Vec<(String, String)>> {
    let text = std::str::from_utf8(sample.file(key)).expect("UTF-8");
    let header = text.trim_start_matches('\u{feff}').lines().next().expect("a header");
    let header: Vec<&str> = header.split(';').collect();
    let table = catalog::tables().find(|table| table.name == dataset.table).expect("a table");
    let places: Vec<_> = dataset
        .columns
        .iter()
        .map(|column| {
            let at = header.iter().position(|name| name.eq_ignore_ascii_case(column.source));
            (at.expect(column.source), column.kind, table.column(column.name).expect("a column"))
        })
        .collect();
    let row = |record: String| {
        let fields: Vec<&str> = record.split(';').collect();
        let member = |(at, kind, column): &(usize, Kind, &catalog::Column)| {
            let json = match (fields[*at], column.codes, kind) {
                ("NULL" | "", ..) => "null".to_owned(),
                (text, Some(codes), _) => {
                    format!("\"{}\"", codes.value(text.trim()).expect("a code").name)
                }
                (text, _, Kind::SmallInt { .. } | Kind::Integer { .. }) => text.to_owned(),
                (text, _, Kind::Decimal { .. }) => text.replace(',', "."),
                (text, _, Kind::Boolean) => if text == "1" { "true" } else { "false" }.to_owned(),
                (text, _, Kind::Timestamp) => format!("\"{}\"", text.replace(' ', "T")),
                (text, ..) => Value::from(text).to_string(),
            };
            serde_json::from_str::<&RawValue>(&json).expect("JSON");
            (column.api_name(), json)
        };
        places.iter().map(member).collect()
    };
    sample.records(key).into_iter().map(row).collect()
}

/// The key of the file of one document.
pub(crate) fn key(document: &Document) -> String {
    format!("orders/{:08}.json", document.id)
}

impl TestApp {
    /// Puts each document as an object of its own.
    pub(crate) async fn put_documents(&self, documents: &[Document]) {
        for document in documents {
            self.put(&key(document), document.json()).await;
        }
    }
}
