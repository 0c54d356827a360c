//! What stands before the first record.

use super::*;
use crate::dataset::by_table;

#[test]
fn a_header_cell_may_have_line_ends() {
    for line_end in ["\n", "\r\n", "\r"] {
        let text = format!("id;\"Note{line_end}from; \"\"shop\"\"\";head;body\n1;x;a;b\n");
        let output = decode(&text);
        assert_eq!(output.dialect().ignored, [format!("Note{line_end}from; \"shop\"")]);
        let rows = output.rows();
        assert_eq!((rows.len(), rows[0].line), (1, 3));
        let output = decode(format!("sep=;{line_end}{text}"));
        assert_eq!(output.rows()[0].line, 4);
    }
}

#[test]
fn a_stray_quote_in_the_header_does_not_take_the_rows_in() {
    let output = decode("id;head;body;\"note\n1;a;b;x\n2;a;b;\"y\"\n");
    assert_eq!(output.ids(), [1, 2]);
}

#[test]
fn cells_may_have_blanks_around_their_quotes() {
    let output = decode("\"id\", \"head\" ,  \"body\"\n1,a,b\n");
    assert_eq!(output.texts(), [(1, "a".to_owned(), "b".to_owned())]);
}

#[test]
fn a_first_line_for_spreadsheets_tells_the_delimiter() {
    for (line, delimiter) in [
        ("sep=;\r\n", ';'),
        ("SEP=,\n", ','),
        ("\"sep=|\"\r\n", '|'),
        ("sep=\t\n", '\t'),
        ("sep=; \r", ';'),
        ("\u{feff}sep=;\r\n", ';'),
    ] {
        let text = format!("{line}id;head;body\n7;a;b\n").replace(';', &delimiter.to_string());
        let output = decode(&text);
        assert_eq!(output.dialect().delimiter, delimiter.to_string(), "{line:?}");
        assert_eq!((output.ids(), output.rows()[0].line), (vec![7], 3), "{line:?}");
        let bytes = utf16(text.trim_start_matches('\u{feff}'), Endian::Little);
        let output = decode_with(&NOTE, bytes.as_slice(), LIMITS);
        assert_eq!(output.batches[0].to_offset, bytes.len() as u64, "{line:?}");
    }
}

#[test]
fn somebody_may_be_called_null() {
    let dataset = by_table("person").unwrap();
    let header = dataset.columns.iter().map(|column| column.source).collect::<Vec<_>>().join(";");
    let row = |id: i32, title: &str, last: &str| {
        let guid = "00000000-0000-4000-8000-000000000001";
        format!("\n{id};IN;0;{title};F;;{last};;0;;;{guid};2020-01-01")
    };
    let text = [
        header,
        row(1, "\"NULL\"", "\"NULL\""),
        row(2, "NULL", "NULL"),
        row(3, "\"a;b\"", "\"NULL\""),
    ];
    let output = decode_with(dataset, text.concat().as_bytes(), LIMITS);
    let rows = output.rows();
    assert_eq!(output.ids(), [1, 3]);
    assert_eq!((&rows[0].values[3], &rows[0].values[6]), (&None, &Some(b"NULL".to_vec())));
    assert_eq!(output.faults(), [(3, Reason::MissingValue)]);
}
