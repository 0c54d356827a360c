//! The same content has the same rows in every dialect.

use std::fs;

use super::planted::sample;
use super::*;
use crate::dataset::by_object_key;

/// The files as lines, without those that are not UTF-8. Every record of a sample is one
/// line.
fn files() -> Vec<(&'static Dataset, Vec<String>)> {
    let out = tempfile::tempdir().unwrap();
    let summary = sample(out.path(), 0.005, 0.1);
    let read = |path: &String| {
        let bytes = fs::read(out.path().join(path)).unwrap();
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let lines = lines.filter_map(|line| String::from_utf8(line.to_vec()).ok());
        let plain = |line: String| line.trim_end_matches('\r').replace('\u{feff}', "");
        (by_object_key(path).unwrap(), lines.map(plain).collect())
    };
    summary.files.iter().map(|(path, _, _)| read(path)).collect()
}

/// The fields of a line, quotes included.
fn fields(line: &str) -> Vec<&str> {
    let mut quoted = false;
    line.split(|letter| {
        quoted ^= letter == '"';
        letter == ';' && !quoted
    })
    .collect()
}

fn delimited(lines: &[String], delimiter: char) -> Vec<String> {
    let written = |field: &str| {
        let bare = field.contains([delimiter, '"']) && !field.starts_with('"');
        if bare { format!("\"{}\"", field.replace('"', "\"\"")) } else { field.to_owned() }
    };
    let line = |line: &String| {
        fields(line).into_iter().map(written).collect::<Vec<_>>().join(&delimiter.to_string())
    };
    lines.iter().map(line).collect()
}

/// Rows, rejects without what depends on the dialect, and the dialect.
fn content(dataset: &'static Dataset, bytes: &[u8]) -> (Vec<Vec<u8>>, Vec<(u64, Reason)>, Dialect) {
    let output = decode_with(dataset, bytes, LIMITS);
    output.end.as_ref().unwrap();
    output.check_chain();
    let (dialect, faults) = (output.dialect(), output.faults());
    (output.batches.into_iter().map(|batch| batch.copy).collect(), faults, dialect)
}

#[test]
fn line_ends_compression_and_delimiters_do_not_change_rows() {
    for (dataset, lines) in files() {
        let crlf = lines.join("\r\n") + "\r\n";
        let (rows, faults, dialect) = content(dataset, crlf.as_bytes());
        assert!(!faults.is_empty() && rows[0].len() > 1000, "{}", dataset.table);
        assert_eq!((dialect.delimiter.as_str(), dialect.line_end.as_str()), (";", "crlf"));
        let middle = crlf.len() / 2;
        let (first, second) = crlf.as_bytes().split_at(middle);
        let lf = |lines: &[String]| (lines.join("\n") + "\n").into_bytes();
        for (name, bytes) in [
            ("lf", lf(&lines)),
            ("cr", (lines.join("\r") + "\r").into_bytes()),
            ("without last line end", lines.join("\r\n").into_bytes()),
            ("byte order mark", ["\u{feff}", &crlf].concat().into_bytes()),
            ("gzip", gzip(crlf.as_bytes())),
            ("two members", [gzip(first), gzip(second)].concat()),
            ("zstd", zstd(crlf.as_bytes())),
            ("two frames", [zstd(first), zstd(second)].concat()),
            ("comma", lf(&delimited(&lines, ','))),
            ("tab", lf(&delimited(&lines, '\t'))),
            ("bar", lf(&delimited(&lines, '|'))),
        ] {
            let other = content(dataset, &bytes);
            assert_eq!(other.1, faults, "{} as {name}", dataset.table);
            assert!(other.0 == rows, "{} as {name}", dataset.table);
        }
    }
}

#[test]
fn utf16_has_the_same_rows_at_its_own_offsets() {
    for (dataset, lines) in files() {
        let text = lines.join("\r\n") + "\r\n";
        let (rows, faults, _) = content(dataset, text.as_bytes());
        for endian in [Endian::Little, Endian::Big] {
            let bytes = utf16(&text, endian);
            for bytes in [bytes.clone(), gzip(&bytes)] {
                let other = content(dataset, &bytes);
                assert!(other.0 == rows, "{}", dataset.table);
                assert_eq!(other.1, faults, "{}", dataset.table);
            }
            let output = decode_with(dataset, bytes.as_slice(), LIMITS);
            let batch = &output.batches[0];
            for row in &batch.rows {
                let raw = String::from_utf8(batch.raw_of_row(row).into_owned()).unwrap();
                let at = usize::try_from(row.offset).unwrap();
                assert!(bytes[at..].starts_with(&utf16(&raw, endian)[2..]), "line {}", row.line);
            }
            assert_eq!(batch.to_offset, bytes.len() as u64);
        }
    }
}

#[test]
fn columns_may_be_reordered_renamed_in_case_and_added() {
    for (dataset, lines) in files() {
        let lf = |lines: Vec<String>| lines.join("\n") + "\n";
        let (rows, faults, _) = content(dataset, lf(lines.clone()).as_bytes());
        let count = fields(&lines[0]).len();
        let turned = lines.iter().enumerate().map(|(n, line)| {
            let mut fields = fields(line);
            if fields.len() == count {
                fields.reverse();
            }
            let line = fields.join(";");
            if n == 0 { line.to_uppercase() } else { line }
        });
        let other = content(dataset, lf(turned.collect()).as_bytes());
        assert_eq!(other.1, faults, "{}", dataset.table);
        assert!(other.0 == rows, "{}", dataset.table);

        let widened = lines.iter().enumerate().map(|(n, line)| {
            let mut fields = fields(line);
            fields.insert(1, if n == 0 { "Extra" } else { "\"more; of \"\"it\"\"\"" });
            fields.join(";")
        });
        let other = content(dataset, lf(widened.collect()).as_bytes());
        assert_eq!(other.2.ignored, ["Extra"]);
        assert_eq!(other.1, faults, "{}", dataset.table);
        assert!(other.0 == rows, "{}", dataset.table);
    }
}

#[test]
fn decimal_marks_are_recorded() {
    let mark = |price: &str| {
        let mut fields = vec!["1"; 25];
        fields[9] = price;
        let product = crate::dataset::by_table("product").unwrap();
        let header: Vec<_> = product.columns.iter().map(|column| column.source).collect();
        let text = format!("{}\n{}\n", header.join(";"), fields.join(";"));
        content(product, text.as_bytes()).2.decimal_mark
    };
    assert_eq!([mark("1,5"), mark("1.5"), mark("1")], ["comma", "dot", "none"]);
}
