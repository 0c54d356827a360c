//! Orders as JSON documents, each with its lines.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

use serde_json::json;

use crate::catalog::{self, Column, Kind};
use crate::dataset;
use crate::error::{Error, Result};

use super::defects::FileSpec;
use super::files::{DETAIL, HEADER};
use super::options::OrderFiles;
use super::row::Row;
use super::target::{Target, cannot_write};

/// The folder of the documents.
pub(super) const FOLDER: &str = "orders";

/// Documents that are being written.
pub(super) struct Documents<'a> {
    target: &'a mut Target,
    form: OrderFiles,
    order: Vec<Member>,
    line: Vec<Member>,
    /// The lines of the order that comes next, as they are in its document.
    lines: Vec<u8>,
    /// The file of all documents, where they are in one.
    all: Option<(PathBuf, BufWriter<File>)>,
    documents: u64,
    bytes: u64,
}

/// A column as a member of a document.
struct Member {
    /// With quotes and colon.
    key: String,
    column: &'static Column,
}

impl<'a> Documents<'a> {
    /// Begins documents of this form.
    pub(super) fn open(target: &'a mut Target, form: OrderFiles) -> Result<Self> {
        let name = match form {
            OrderFiles::Ndjson => Some("orders.ndjson"),
            OrderFiles::Array => Some("orders.json"),
            OrderFiles::Csv | OrderFiles::Documents => None,
        };
        let all = match name {
            Some(name) => {
                let path = target.path(&format!("{FOLDER}/{name}"))?;
                let file = File::create(&path).map_err(|error| cannot_write(&path, error))?;
                Some((path, BufWriter::new(file)))
            }
            None => None,
        };
        Ok(Self {
            all,
            target,
            form,
            order: members(&HEADER, "sales_order", &[])?,
            line: members(&DETAIL, "sales_order_line", &["sales_order_id"])?,
            lines: Vec::new(),
            documents: 0,
            bytes: 0,
        })
    }

    /// A line of the order that comes next.
    pub(super) fn line(&mut self, row: &Row) -> Result<()> {
        if !self.lines.is_empty() {
            self.lines.push(b',');
        }
        self.lines.push(b'{');
        write_members(&mut self.lines, &self.line, row)?;
        self.lines.push(b'}');
        Ok(())
    }

    /// An order after its lines.
    pub(super) fn order(&mut self, id: u64, row: &Row) -> Result<()> {
        let mut document = b"{".to_vec();
        write_members(&mut document, &self.order, row)?;
        document.extend_from_slice(b",\"lines\":[");
        document.append(&mut self.lines);
        document.extend_from_slice(b"]}");
        let is_first = self.documents == 0;
        self.documents += 1;
        match &mut self.all {
            Some((path, file)) => {
                let before: &[u8] = match (self.form, is_first) {
                    (OrderFiles::Array, true) => b"[\n",
                    (OrderFiles::Array, false) => b",\n",
                    _ => b"",
                };
                let after: &[u8] = if self.form == OrderFiles::Array { b"" } else { b"\n" };
                for part in [before, &document, after] {
                    file.write_all(part).map_err(|error| cannot_write(path, error))?;
                    self.bytes += part.len() as u64;
                }
            }
            None => {
                document.push(b'\n');
                let path = self.target.path(&format!("{FOLDER}/SO{id}.json"))?;
                std::fs::write(&path, &document).map_err(|error| cannot_write(&path, error))?;
                self.bytes += document.len() as u64;
            }
        }
        Ok(())
    }

    /// Completes the last file; returns what was written: name, documents, bytes.
    pub(super) fn finish(mut self) -> Result<(String, u64, u64)> {
        let Some((path, mut file)) = self.all.take() else {
            return Ok((format!("{FOLDER}/*.json"), self.documents, self.bytes));
        };
        if self.form == OrderFiles::Array {
            let end: &[u8] = if self.documents == 0 { b"[]\n" } else { b"\n]\n" };
            file.write_all(end).map_err(|error| cannot_write(&path, error))?;
            self.bytes += end.len() as u64;
        }
        file.flush().map_err(|error| cannot_write(&path, error))?;
        let name = path.with_extension("");
        let name = name.file_name().unwrap_or_default().to_string_lossy();
        Ok((format!("{FOLDER}/{name}"), self.documents, self.bytes))
    }
}

/// The members of a table's columns, in the order of its file.
fn members(file: &FileSpec, table: &str, without: &[&str]) -> Result<Vec<Member>> {
    let lost = || Error::internal("a column of the sample has no table").with_source(file.path);
    let dataset = dataset::by_table(table).ok_or_else(lost)?;
    let table = catalog::tables().find(|known| known.name == table).ok_or_else(lost)?;
    let member = |source: &str| {
        let column = dataset.columns.iter().find(|column| column.source == source);
        let column = column.and_then(|column| table.column(column.name)).ok_or_else(lost)?;
        Ok(Member { key: format!("{}:", json!(column.api_name())), column })
    };
    let mut members = file.columns().map(member).collect::<Result<Vec<_>>>()?;
    members.iter_mut().filter(|it| without.contains(&it.column.name)).for_each(|member| {
        member.key.clear();
    });
    Ok(members)
}

fn write_members(out: &mut Vec<u8>, members: &[Member], row: &Row) -> Result<()> {
    let shown = members.iter().zip(row.fields()).filter(|(member, _)| !member.key.is_empty());
    for (index, (member, field)) in shown.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(member.key.as_bytes());
        write_value(out, member.column, field)?;
    }
    Ok(())
}

/// A field of the files as JSON, with all its digits.
fn write_value(out: &mut Vec<u8>, column: &Column, field: &[u8]) -> Result<()> {
    let text = str::from_utf8(field)
        .map_err(|error| Error::internal("a sample is not UTF-8").with_source(error))?;
    if text == "NULL" {
        out.extend_from_slice(b"null");
        return Ok(());
    }
    if let Some(value) = column.codes.and_then(|codes| codes.value(text.trim_end())) {
        out.extend_from_slice(json!(value.name).to_string().as_bytes());
        return Ok(());
    }
    match column.kind {
        Kind::Boolean => out.extend_from_slice(if text == "1" { b"true" } else { b"false" }),
        Kind::Small | Kind::Int | Kind::Long => out.extend_from_slice(field),
        Kind::Decimal => {
            out.extend(field.iter().map(|byte| if *byte == b',' { b'.' } else { *byte }));
        }
        Kind::LocalDateTime => {
            let time = text.strip_suffix(".000").unwrap_or(text).replacen(' ', "T", 1);
            out.extend_from_slice(json!(time).to_string().as_bytes());
        }
        Kind::Uuid => out.extend_from_slice(json!(text.to_lowercase()).to_string().as_bytes()),
        _ => out.extend_from_slice(json!(text).to_string().as_bytes()),
    }
    Ok(())
}
