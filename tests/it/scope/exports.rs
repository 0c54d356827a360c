//! Files of random documents under random scopes: they have the rows and values of the pages
//! of the same documents, and nothing of what the caller may not see.

use salesgraph::auth::{Grant, Grants};
use salesgraph::report::format::{Column, Type};
use serde_json::Value;

use super::filters::Filters;
use super::sdl::{Member, Sdl};
use super::twins::Whole;
use crate::support::draw::Draw;

const DOCUMENTS: usize = 80;
/// More than any list of the database has, so that one page has it all.
const ALL: usize = 1_000;

struct Author<'a> {
    sdl: &'a Sdl,
    filters: Filters<'a>,
    draw: Draw,
}

impl Author<'_> {
    /// One list. The fields of its nodes are those of the rows, under paths that are all
    /// different.
    fn document(&mut self) -> String {
        let lists: Vec<&Member> =
            self.sdl.roots().iter().filter(|root| root.arg("filter").is_some()).collect();
        let root = *self.draw.one(&lists);
        let mut given = vec![format!("first: {ALL}")];
        if root.arg("from").is_some() {
            given.push("from: \"2011-06-01\", to: \"2013-06-01\"".to_owned());
        }
        if let Some(group) = root.arg("groupBy") {
            let dimension = self.draw.one(&self.sdl.ty(&group.ty).values);
            given.push(format!("groupBy: [{dimension}]"));
        }
        if let Some(filter) = root.arg("filter").filter(|_| self.draw.flip()) {
            let all = self.filters.of(&filter.ty, 1);
            given.push(format!("filter: {}", self.draw.one(&all)));
        }
        let order = root.arg("orderBy").filter(|_| root.arg("groupBy").is_none());
        if let Some(order) = order.filter(|_| self.draw.flip()) {
            let field = self.sdl.ty(&order.ty).inputs.iter().find(|it| it.name == "field");
            let keys = &self.sdl.ty(&field.expect("a field to order by").ty).values;
            given.push(format!("orderBy: [{{ field: {}, direction: DESC }}]", self.draw.one(keys)));
        }
        let node = self.sdl.node_of(&root.ty).unwrap_or_default().to_owned();
        let selection = self.selection(&node, 2);
        format!("{{ list: {}({}) {{ nodes {{ {selection} }} }} }}", root.name, given.join(", "))
    }

    /// Without lists and links, which are no columns.
    fn selection(&mut self, ty: &str, depth: usize) -> String {
        let mut out = String::from("__typename");
        for field in &self.sdl.ty(ty).fields {
            if field.ty.ends_with("Connection") || field.name == "downloadUrl" {
                continue;
            }
            let is_far = self.sdl.is_entity(&field.ty);
            if is_far && (depth == 0 || !self.draw.once_in(3)) || !is_far && self.draw.flip() {
                continue;
            }
            out.push(' ');
            if is_far {
                let inner = self.selection(&field.ty, depth - 1);
                out.push_str(&format!("{} {{ {inner} }}", field.name));
            } else {
                out.push_str(&self.sdl.field(field, 0).unwrap_or_default());
            }
        }
        out
    }
}

#[tokio::test]
async fn files_have_the_rows_and_values_of_pages() {
    let (whole, sdl) = (Whole::start().await, Sdl::read().await);
    let values = whole.values(&sdl).await;
    let (mut compared, mut refused) = (0, 0);
    for seed in 11..=14_u64 {
        let mut draw = Draw::new(seed);
        let territories: Vec<i32> = [1, 2, 3, 7, 9].into_iter().filter(|_| draw.flip()).collect();
        let mut grants: Vec<Grant> = Grant::ALL.into_iter().filter(|_| !draw.once_in(4)).collect();
        grants.push(Grant::SalesRead);
        let grants: Grants = grants.into_iter().collect();
        let mut twins = whole.part(grants, &territories).await;
        let filters = Filters { sdl: &sdl, values: &values };
        let mut author = Author { sdl: &sdl, filters, draw };
        for _ in 0..DOCUMENTS {
            let document = author.document();
            let answer = twins.ask(&document).await;
            match twins.export(&document).await {
                Ok((columns, file)) => {
                    assert_eq!(answer["errors"], Value::Null, "{document}");
                    assert_same(&document, &columns, &file, &answer["data"]["list"]["nodes"]);
                    compared += 1;
                }
                Err(message) => {
                    let why = ["no column", "scope", "territories"];
                    assert!(why.iter().any(|why| message.contains(why)), "{document}: {message}");
                    refused += 1;
                }
            }
        }
    }
    assert!(compared > 50 && refused > 10, "{compared} were compared, {refused} refused");
}

fn assert_same(document: &str, columns: &[Column], file: &[u8], nodes: &Value) {
    let nodes = nodes.as_array().expect("a list");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(file);
    let mut records = reader.records().map(|record| record.expect("CSV"));
    let header = records.next().expect("a header");
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(header.iter().collect::<Vec<_>>(), names);
    let records: Vec<csv::StringRecord> = records.collect();
    assert_eq!(records.len(), nodes.len(), "{document}");
    for (record, node) in records.iter().zip(nodes) {
        for (column, cell) in columns.iter().zip(record) {
            let value = column.name.split('.').fold(node, |value, key| &value[key]);
            if value.is_object() {
                // The file keeps the order of members and every digit, a `Value` does not.
                let found: Value = serde_json::from_str(cell).expect("a JSON document");
                assert_eq!(found, *value, "{} of {document}", column.name);
                continue;
            }
            let expected = match value {
                Value::Null => String::new(),
                Value::String(text) if column.ty == Type::Text => {
                    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
                    if is_formula { format!("'{text}") } else { text.clone() }
                }
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            assert_eq!(cell, expected, "{} of {document}", column.name);
        }
    }
}
