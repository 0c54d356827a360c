//! Gathers the rows of documents: each is a row of orders, and one of order lines for each of
//! its lines.

use std::ops::Range;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::object::{elements, length, members, not_json};
use super::record::{Ignored, Members, Record, pointer};
use super::split::{Broken, Piece};
use crate::error::{Error, Result};
use crate::load::decode::{Batch, BatchLimits, Compression, Dialect, PartAt, ValueRows};
use crate::load::rejects::reason::{Fault, Reason};

/// An order and its lines, or why it is none and the pointer to what is wrong.
type ReadOrder<'a> =
    std::result::Result<(Members<'a>, Option<&'a RawValue>), (Fault, Option<String>)>;

/// The part of a record that is a whole document.
pub(crate) const WHOLE: u32 = 0;
/// That of the order of a document; those of its lines follow.
pub(crate) const ORDER: u32 = 1;

const KEY: &str = "salesOrderId";
/// Every line has it.
const LINE_KEY: &str = "salesOrderDetailId";
/// Every order has it, no line does.
const ORDER_DATE: &str = "orderDate";
const LINES: &str = "lines";
/// Lines of an order. Each may become a row or a reject, which are held until they are merged;
/// and if all have the same key, their rounds are counted in 16 bits.
const MAX_LINES: usize = 25_000;
/// Bytes of documents that are stored again for each rejected line of a batch; beyond, a line is
/// stored by itself.
const COPIED: usize = 4 << 20;

/// Orders and their lines, which are merged together.
#[derive(Debug)]
pub(crate) struct DocumentBatch {
    /// With the range of the file, and its dialect if more is known of it than before.
    pub(crate) orders: Batch,
    pub(crate) lines: Batch,
    pub(crate) documents: usize,
}

impl DocumentBatch {
    /// The number of records read.
    pub(crate) fn records(&self) -> usize {
        self.orders.records() + self.lines.records()
    }

    /// The number of them that are rejected.
    pub(crate) fn rejected(&self) -> usize {
        self.orders.rejects.len() + self.lines.rejects.len()
    }
}

/// Builds batches of documents.
pub(super) struct Builder {
    order: Record,
    line: Record,
    orders: ValueRows,
    lines: ValueRows,
    /// The places of the order's key in both.
    keys: (usize, usize),
    ignored: Ignored,
    documents: usize,
    /// The text of the documents.
    raw: Vec<u8>,
    copied: usize,
    limits: BatchLimits,
}

/// A document in a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Document<'a> {
    text: &'a [u8],
    /// Where it begins; in a page, its number.
    line: u64,
    offset: u64,
    /// Where its text is kept.
    kept: usize,
}

impl<'a> Document<'a> {
    pub(super) fn new(text: &'a [u8], line: u64, offset: u64) -> Self {
        Self { text, line, offset, kept: 0 }
    }

    /// Where a part of its text is kept.
    fn range_of(&self, text: &[u8]) -> Range<usize> {
        let before = text.as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
        let start = self.kept + before.min(self.text.len());
        start..start + text.len()
    }

    fn part(&self, part: u32) -> PartAt {
        PartAt { line: self.line, part, offset: self.offset }
    }
}

impl Builder {
    pub(super) fn new(limits: BatchLimits) -> Result<Self> {
        let record = |table| {
            Record::of(table).ok_or_else(|| Error::internal(format!("{table} is no dataset")))
        };
        let (order, line) = (record("sales_order")?, record("sales_order_line")?);
        let keys = order.place(KEY).zip(line.place(KEY));
        let keys = keys.ok_or_else(|| Error::internal("orders have no key"))?;
        Ok(Self {
            orders: ValueRows::new(order.dataset)?,
            lines: ValueRows::new(line.dataset)?,
            order,
            line,
            keys,
            ignored: Ignored::default(),
            documents: 0,
            raw: Vec::new(),
            copied: 0,
            limits,
        })
    }

    /// Adds what was found in a file. In a page, `number` is that of the document.
    pub(super) fn add(&mut self, piece: &Piece<'_>, number: Option<u64>) {
        let line = number.unwrap_or(piece.line);
        let document = Document::new(piece.text, line, piece.offset);
        self.documents += 1;
        match piece.fault {
            None => self.add_whole(document),
            Some(broken) => self.add_broken(document, broken),
        }
    }

    fn add_broken(&mut self, document: Document<'_>, broken: Broken) {
        let kept = match broken {
            Broken::TooLong => document.text.len().min(self.limits.record_bytes),
            _ => document.text.len(),
        };
        let text = document.text.get(..kept).unwrap_or_default();
        let (reason, message) = broken.reason();
        let fault = fault(reason, message);
        let document = self.keep(Document { text, ..document });
        self.reject_order(document, WHOLE, fault, None);
    }

    /// Keeps the text of a document.
    fn keep<'a>(&mut self, document: Document<'a>) -> Document<'a> {
        let kept = self.raw.len();
        self.raw.extend_from_slice(document.text);
        Document { kept, ..document }
    }

    /// Adds an order with its lines.
    pub(super) fn add_whole(&mut self, document: Document<'_>) {
        let document = self.keep(document);
        let (found, list) = match self.read_order(document.text) {
            Ok(read) => read,
            Err((fault, at)) => return self.reject_order(document, WHOLE, fault, at),
        };
        let Some(key) = self.order.key(&found, self.keys.0) else {
            let fault = fault(Reason::MissingValue, "the key of an order is an integer from 1 on");
            return self.reject_order(document, WHOLE, fault, Some(pointer(KEY)));
        };
        self.add_order(document, &found);
        let mut part = ORDER;
        if let Some(list) = list {
            let each = |line: &RawValue| {
                part += 1;
                self.add_line(document, part, Some(key), line.get().as_bytes());
            };
            // It is an array.
            let _ = elements(list, each);
        }
    }

    /// Adds the order of a document without its lines.
    pub(super) fn add_order_alone(&mut self, document: Document<'_>) {
        let document = self.keep(document);
        match self.read_order(document.text) {
            Ok((found, _)) => self.add_order(document, &found),
            Err((fault, at)) => self.reject_order(document, ORDER, fault, at),
        }
    }

    /// Adds one line of a document, of which either the document or the line is given: always
    /// the line with its order's key, and without that where it has one of its own.
    pub(super) fn add_line_alone(&mut self, document: Document<'_>, part: u32, key: Option<i32>) {
        let document = self.keep(document);
        let (mut of_line, mut of_order) = (false, false);
        // What is no object is not read as one below either.
        let _ = members(document.text, |name, _| {
            of_line |= name == LINE_KEY;
            of_order |= name == ORDER_DATE;
        });
        if key.is_some() || (of_line && !of_order) {
            return self.add_line(document, part, key, document.text);
        }
        let Ok((found, Some(list))) = self.read_order(document.text) else {
            // A text that is no object is neither.
            return self.add_line(document, part, key, document.text);
        };
        let key = self.order.key(&found, self.keys.0);
        let (mut at, mut line) = (ORDER, None);
        let _ = elements(list, |element| {
            at += 1;
            if at == part {
                line = Some(element);
            }
        });
        match line {
            Some(line) => {
                self.add_line(document, part, key, line.get().as_bytes());
            }
            None => {
                let fault = fault(Reason::MissingValue, "the document has no such line");
                self.reject_line(document, part, fault, None, document.range_of(document.text));
            }
        }
    }

    /// The members of an order, and its array of lines.
    fn read_order<'a>(&mut self, text: &'a [u8]) -> ReadOrder<'a> {
        let Self { order, ignored, .. } = self;
        let (mut found, mut list) = (order.members(), None);
        let mut twice = None;
        let each = |name: &str, value| {
            if name == LINES {
                twice = list.replace(value).map(|_| LINES);
            } else if !found.take(order, name, value) {
                ignored.add("", name);
            }
        };
        members(text, each).map_err(|error| (not_json(text, &error), None))?;
        twice = twice.or(found.has_twice(KEY).then_some(KEY));
        if let Some(name) = twice {
            let fault = fault(Reason::DuplicateMember, "the object has this member twice");
            return Err((fault, Some(pointer(name))));
        }
        let Some(lines) = list.filter(|list| list.get() != "null") else {
            return Ok((found, None));
        };
        let fault = match lines.get() {
            text if !text.starts_with('[') => {
                fault(Reason::WrongType, "expected an array of lines")
            }
            // A line has a byte at least, and a comma.
            text if text.len() > 2 * MAX_LINES && length(lines) > MAX_LINES => {
                fault(Reason::TooLong, &format!("an order has at most {MAX_LINES} lines"))
            }
            _ => return Ok((found, Some(lines))),
        };
        Err((fault, Some(pointer(LINES))))
    }

    fn add_order(&mut self, document: Document<'_>, found: &Members<'_>) {
        let done = self.order.cells(found, None).and_then(|cells| {
            let cells: Vec<Option<&[u8]>> = cells.iter().map(Option::as_deref).collect();
            let raw = document.range_of(document.text);
            let added = self.orders.add(document.part(ORDER), &cells, raw);
            added.map_err(|fault| {
                let at = self.order.member_at_fault(&fault);
                (fault, at)
            })
        });
        if let Err((fault, at)) = done {
            let at = at.map(|name| pointer(&name));
            self.reject_order(document, ORDER, fault, at);
        }
    }

    fn reject_order(
        &mut self,
        document: Document<'_>,
        part: u32,
        fault: Fault,
        at: Option<String>,
    ) {
        let raw = document.range_of(document.text);
        self.orders.reject(document.part(part), fault, at, raw);
    }

    fn add_line(&mut self, document: Document<'_>, part: u32, key: Option<i32>, text: &[u8]) {
        let Self { line, ignored, .. } = self;
        let mut found = line.members();
        let each = |name: &str, value| {
            if !found.take(line, name, value) {
                ignored.add("/lines/*", name);
            }
        };
        if let Err(error) = members(text, each) {
            let fault = not_json(text, &error);
            return self.reject_line(document, part, fault, None, document.range_of(text));
        }
        let key = key.map(|key| key.to_string());
        let given = key.as_deref().map(|key| (self.keys.1, key));
        let done = self.line.cells(&found, given).and_then(|cells| {
            let cells: Vec<Option<&[u8]>> = cells.iter().map(Option::as_deref).collect();
            let added = self.lines.add(document.part(part), &cells, document.range_of(text));
            added.map_err(|fault| {
                let at = self.line.member_at_fault(&fault);
                (fault, at)
            })
        });
        if let Err((fault, at)) = done {
            let own = found.get(self.keys.1).is_some();
            let kept = match key.filter(|_| !own && !self.keeps_whole(document)) {
                Some(key) => self.keep_with_key(text, &key),
                None => document.range_of(text),
            };
            self.reject_line(document, part, fault, at, kept);
        }
    }

    /// Whether a rejected line of this document is stored with all of it.
    fn keeps_whole(&self, document: Document<'_>) -> bool {
        let length = document.text.len();
        length <= self.limits.record_bytes && self.copied + length <= COPIED
    }

    /// Keeps a line by itself, with the key of its order in front.
    fn keep_with_key(&mut self, text: &[u8], key: &str) -> Range<usize> {
        let start = self.raw.len();
        match text.strip_prefix(b"{") {
            Some(rest) => {
                let is_empty = rest.trim_ascii_start().starts_with(b"}");
                let comma = if is_empty { "" } else { "," };
                self.raw.extend_from_slice(format!("{{\"{KEY}\":{key}{comma}").as_bytes());
                self.raw.extend_from_slice(rest);
            }
            None => self.raw.extend_from_slice(text),
        }
        start..self.raw.len()
    }

    /// Rejects a line: with its document, if that is not too much to store again.
    fn reject_line(
        &mut self,
        document: Document<'_>,
        part: u32,
        fault: Fault,
        member: Option<String>,
        line: Range<usize>,
    ) {
        let raw = match self.keeps_whole(document) {
            true => {
                self.copied += document.text.len();
                document.range_of(document.text)
            }
            false => line,
        };
        let at = part.saturating_sub(ORDER + 1);
        let member = member.map(|name| pointer(&name)).unwrap_or_default();
        let pointer = format!("/{LINES}/{at}{member}");
        self.lines.reject(document.part(part), fault, Some(pointer), raw);
    }

    /// The records since the last batch.
    pub(super) fn records(&self) -> usize {
        self.orders.records() + self.lines.records()
    }

    pub(super) fn documents(&self) -> usize {
        self.documents
    }

    /// Whether the batch should end here: by its records, or the bytes of its documents.
    pub(super) fn is_full(&self, bytes: usize) -> bool {
        self.records() >= self.limits.rows
            || self.raw.len() >= bytes
            || self.orders.repeats()
            || self.lines.repeats()
    }

    /// Names of members that are no columns, of all batches so far.
    pub(super) fn ignored(&self) -> &Ignored {
        &self.ignored
    }

    /// What is known of the file so far.
    pub(super) fn dialect(&self, compression: Compression) -> Dialect {
        Dialect::undelimited(compression, Vec::new(), self.ignored.names())
    }

    /// The batch of the documents so far; the next ones are of another.
    pub(super) fn take(&mut self) -> DocumentBatch {
        self.copied = 0;
        let mut raw = std::mem::take(&mut self.raw);
        raw.shrink_to_fit();
        let raw = Arc::new(raw);
        DocumentBatch {
            orders: self.orders.take(&raw),
            lines: self.lines.take(&raw),
            documents: std::mem::take(&mut self.documents),
        }
    }
}

/// The fault of what is no column.
fn fault(reason: Reason, message: &str) -> Fault {
    Fault { column: None, reason, message: message.to_owned() }
}

#[cfg(test)]
mod tests;
