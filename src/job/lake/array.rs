//! Rows of arrays in Postgres' text format of COPY.

use crate::lake::engine::Texts;

/// Adds a line for each row of a batch: the answer, its keys, and its totals, each at its place
/// among all of them.
pub(super) fn write(
    lines: &mut Vec<u8>,
    answer: &str,
    batch: &Texts,
    keys: usize,
    places: &[usize],
    totals: usize,
) {
    for row in 0..batch.rows {
        lines.extend_from_slice(answer.as_bytes());
        lines.extend_from_slice(b"\t{");
        for column in 0..keys {
            comma(lines, column);
            element(lines, batch.value(column, row));
        }
        lines.extend_from_slice(b"}\t{");
        for total in 0..totals {
            comma(lines, total);
            let column = places.iter().position(|place| *place == total);
            element(lines, column.and_then(|column| batch.value(keys + column, row)));
        }
        lines.extend_from_slice(b"}\n");
    }
}

fn comma(lines: &mut Vec<u8>, index: usize) {
    if index > 0 {
        lines.push(b',');
    }
}

/// An element of an array: quoted, and then once more escaped for COPY.
fn element(lines: &mut Vec<u8>, value: Option<&str>) {
    let Some(value) = value else {
        lines.extend_from_slice(b"NULL");
        return;
    };
    lines.push(b'"');
    for byte in value.bytes() {
        match byte {
            b'"' => lines.extend_from_slice(b"\\\\\""),
            b'\\' => lines.extend_from_slice(b"\\\\\\\\"),
            b'\t' => lines.extend_from_slice(b"\\t"),
            b'\n' => lines.extend_from_slice(b"\\n"),
            b'\r' => lines.extend_from_slice(b"\\r"),
            other => lines.push(other),
        }
    }
    lines.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped_twice() {
        let mut lines = Vec::new();
        let texts = |values: &[Option<&str>]| {
            values.iter().map(|value| value.map(str::to_owned)).collect::<Vec<_>>()
        };
        let batch = Texts {
            rows: 2,
            columns: vec![
                texts(&[Some("a\"b\\c\td"), None]),
                texts(&[Some("NULL"), Some("")]),
                texts(&[Some("1.50"), None]),
            ],
        };
        write(&mut lines, "id", &batch, 2, &[1], 2);
        let written = String::from_utf8(lines).unwrap();
        let expected = "id\t{\"a\\\\\"b\\\\\\\\c\\td\",\"NULL\"}\t{NULL,\"1.50\"}\n\
                        id\t{NULL,\"\"}\t{NULL,NULL}\n";
        assert_eq!(written, expected);
    }
}
