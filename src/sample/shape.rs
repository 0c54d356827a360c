//! The files of rows in another shape than the plain one: as a mapping that comes with the
//! product expects them.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::sync::Arc;

use super::defects::FileSpec;
use super::options::Shape;
use super::row::Row;
use crate::dataset::{self, Kind};

/// Writes rows in a shape that is not plain.
pub(super) struct Shaped {
    shape: Shape,
    /// Kinds of the columns.
    kinds: Vec<Option<Kind>>,
    row: Row,
    /// Where rows go that are no CSV.
    text: BufWriter<Arc<File>>,
}

impl Shaped {
    /// A writer for a file; `None` if its shape is plain.
    pub(super) fn of(shape: Shape, spec: &FileSpec, file: &Arc<File>) -> Option<Self> {
        if shape == Shape::Plain {
            return None;
        }
        let columns = dataset::by_object_key(spec.path).map_or(&[][..], |dataset| dataset.columns);
        let kind = |name: &str| {
            columns.iter().find(|column| column.source == name).map(|column| column.kind)
        };
        Some(Self {
            shape,
            kinds: spec.columns().map(kind).collect(),
            row: Row::default(),
            text: BufWriter::new(Arc::clone(file)),
        })
    }

    /// Whether the file has a header.
    pub(super) const fn has_header(&self) -> bool {
        matches!(self.shape, Shape::Plain | Shape::ExcelDe)
    }

    /// Writes a row.
    pub(super) fn write(
        &mut self,
        row: &Row,
        csv: &mut csv::Writer<Arc<File>>,
    ) -> std::io::Result<()> {
        let Self { shape, kinds, row: shaped, text } = self;
        shaped.clear();
        for (field, kind) in row.fields().zip(kinds.iter()) {
            let out = shaped.field();
            match (field, kind) {
                (b"NULL", _) => {}
                (_, Some(Kind::Decimal { .. })) => {
                    let mark = if *shape == Shape::ExcelDe { b',' } else { b'.' };
                    let digits =
                        |byte: &u8| if matches!(*byte, b',' | b'.') { mark } else { *byte };
                    out.extend(field.iter().map(digits));
                }
                (b"1", Some(Kind::Boolean)) if *shape == Shape::ExcelDe => {
                    out.extend_from_slice(b"WAHR");
                }
                (b"0", Some(Kind::Boolean)) if *shape == Shape::ExcelDe => {
                    out.extend_from_slice(b"FALSCH");
                }
                (_, Some(Kind::Timestamp)) if *shape == Shape::ExcelDe => german(field, out),
                _ => out.extend_from_slice(field),
            }
        }
        if *shape == Shape::ExcelDe {
            return csv.write_record(shaped.fields()).map_err(Into::into);
        }
        for (index, field) in shaped.fields().enumerate() {
            if index > 0 {
                text.write_all(b"+|")?;
            }
            text.write_all(field)?;
        }
        text.write_all(b"&|\n")
    }

    /// Writes out what is kept back.
    pub(super) fn flush(&mut self) -> std::io::Result<()> {
        self.text.flush()
    }
}

/// `2011-05-31 00:00:00.000` as `31.05.2011 00:00:00,000`.
fn german(field: &[u8], out: &mut Vec<u8>) {
    let (day, time) = field.split_at(field.len().min(10));
    for (index, part) in day.rsplit(|byte| *byte == b'-').enumerate() {
        if index > 0 {
            out.push(b'.');
        }
        out.extend_from_slice(part);
    }
    out.extend(time.iter().map(|byte| if *byte == b'.' { b',' } else { *byte }));
}
