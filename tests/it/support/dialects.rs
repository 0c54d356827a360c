//! Rewrites a file of the usual dialect into another one.

use std::io::Write as _;

/// Columns that hold decimals.
const DECIMALS: [&str; 16] = [
    "StandardCost", "ListPrice", "Weight", "SubTotal", "TaxAmt", "Freight", "TotalDue",
    "UnitPrice", "UnitPriceDiscount", "LineTotal", "SalesYTD", "SalesLastYear", "CostYTD",
    "CostLastYear", "AverageRate", "EndOfDayRate",
];

/// How a file is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written {
    pub(crate) delimiter: char,
    pub(crate) line_end: &'static str,
    pub(crate) null: &'static str,
    /// The decimal mark; `None` leaves decimals as they are.
    pub(crate) decimal: Option<char>,
    pub(crate) encoding: Encoding,
    pub(crate) compression: Compression,
    /// Columns backwards, in other case, and one more.
    pub(crate) shuffled: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Encoding {
    Utf8,
    Utf8Bom,
    Utf16Le,
    Utf16Be,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Compression {
    None,
    Gzip,
    /// Two members, one after the other.
    Gzips,
    Zstd,
}

/// The dialect in which the files are delivered.
pub(crate) const USUAL: Written = Written {
    delimiter: ';',
    line_end: "\r\n",
    null: "NULL",
    decimal: None,
    encoding: Encoding::Utf8Bom,
    compression: Compression::None,
    shuffled: false,
};

impl Written {
    /// The file of the usual dialect, rewritten.
    pub(crate) fn rewrite(&self, usual: &[u8]) -> Vec<u8> {
        let text = std::str::from_utf8(usual).expect("UTF-8").trim_start_matches('\u{feff}');
        let mut lines = text.lines();
        let header = fields(lines.next().expect("a header"));
        let mut written = self.line(header.clone(), true);
        for line in lines {
            let values = header.iter().zip(fields(line)).map(|(name, value)| {
                let decimal = self.decimal.filter(|_| DECIMALS.contains(&name.as_str()));
                match decimal {
                    _ if value == "NULL" => self.null.to_owned(),
                    Some(mark) => value.replace([',', '.'], &mark.to_string()),
                    None => value,
                }
            });
            written.push_str(&self.line(values.collect(), false));
        }
        compress(&encode(&written, self.encoding), self.compression)
    }

    fn line(&self, mut values: Vec<String>, header: bool) -> String {
        if self.shuffled {
            if header {
                values.iter_mut().for_each(|name| *name = name.to_uppercase());
            }
            values.insert(1, if header { "Surplus" } else { "what, ever" }.to_owned());
            values.reverse();
        }
        let quoted: Vec<String> = values.iter().map(|value| self.quoted(value)).collect();
        quoted.join(&self.delimiter.to_string()) + self.line_end
    }

    fn quoted(&self, value: &str) -> String {
        if value.contains([self.delimiter, '"', '\n']) {
            return format!("\"{}\"", value.replace('"', "\"\""));
        }
        value.to_owned()
    }
}

/// The fields of a record of the usual dialect, unquoted.
pub(crate) fn fields(record: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let (mut quoted, mut bytes) = (false, record.chars().peekable());
    while let Some(next) = bytes.next() {
        let field = fields.last_mut().expect("there is one");
        match next {
            '"' if quoted && bytes.peek() == Some(&'"') => {
                field.push('"');
                bytes.next();
            }
            '"' => quoted = !quoted,
            ';' if !quoted => fields.push(String::new()),
            other => field.push(other),
        }
    }
    fields
}

pub(crate) fn encode(text: &str, encoding: Encoding) -> Vec<u8> {
    let units = || "\u{feff}".encode_utf16().chain(text.encode_utf16());
    match encoding {
        Encoding::Utf8 => text.as_bytes().to_vec(),
        Encoding::Utf8Bom => format!("\u{feff}{text}").into_bytes(),
        Encoding::Utf16Le => units().flat_map(u16::to_le_bytes).collect(),
        Encoding::Utf16Be => units().flat_map(u16::to_be_bytes).collect(),
    }
}

pub(crate) fn compress(bytes: &[u8], compression: Compression) -> Vec<u8> {
    match compression {
        Compression::None => bytes.to_vec(),
        Compression::Gzip => gzip(bytes),
        Compression::Gzips => {
            let (head, tail) = bytes.split_at(bytes.len() / 3);
            [gzip(head), gzip(tail)].concat()
        }
        Compression::Zstd => zstd::encode_all(bytes, 3).expect("zstd"),
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).expect("gzip");
    gzip.finish().expect("gzip")
}
