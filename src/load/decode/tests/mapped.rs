//! Files whose format a mapping gives: the same rows as from plain ones, positions and raw
//! text as in the file, and the same rows again from any checkpoint.

use super::*;
use crate::load::decode::encoding::Encoding;

const TERMINATED: &str = "1+|a \"quoted\" word+|line one\r\nline two&|\r\n\
                          2+|b+c|d+|&amp; é&|\r\nx+|no+|number&|\r\n3+||+|&|\r\n4+|last+|row&|";

fn format() -> Format {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Format {
        delimiters: texts(&["+|", "\t"]),
        terminators: texts(&["&|"]),
        quote: None,
        header: false,
        columns: texts(&["id", "head", "body"]),
        nulls: Some(texts(&[""])),
        ..Format::default()
    }
}

fn encoded(text: &str, encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Utf8 => text.as_bytes().to_vec(),
        Encoding::Utf16Le => utf16(text, Endian::Little).split_off(2),
        Encoding::Utf16Be => utf16(text, Endian::Big).split_off(2),
        Encoding::Windows1252 | Encoding::Latin1 => {
            text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect()
        }
    }
}

#[test]
fn long_separators_keep_lines_offsets_and_raw_text() {
    for encoding in [
        Encoding::Utf8,
        Encoding::Utf16Le,
        Encoding::Utf16Be,
        Encoding::Windows1252,
        Encoding::Latin1,
    ] {
        let told = Format { encoding: Some(encoding), ..format() };
        let bytes = encoded(TERMINATED, encoding);
        let output = decode_mapped(&NOTE, &told, bytes.as_slice(), LIMITS);
        output.end.as_ref().unwrap();
        let text = |text: &str| text.to_owned();
        assert_eq!(
            output.texts(),
            [
                (1, text("a \"quoted\" word"), text("line one\r\nline two")),
                (2, text("b+c|d"), text("&amp; é")),
                (3, text("|"), text("")),
                (4, text("last"), text("row")),
            ]
        );
        let rejects = output.rejects();
        assert_eq!(rejects.len(), 1);
        assert_eq!((rejects[0].line, rejects[0].raw.as_slice()), (4, &b"x+|no+|number"[..]));
        let lines: Vec<u64> = output.rows().iter().map(|row| row.line).collect();
        assert_eq!(lines, [1, 3, 5, 6], "the first row has two lines");
        for row in &output.batches[0].rows {
            let raw = output.batches[0].raw_of_row(row);
            let raw = encoded(std::str::from_utf8(&raw).unwrap(), encoding);
            let at = usize::try_from(row.offset).unwrap();
            assert!(bytes[at..].starts_with(&raw), "{encoding:?}, line {}", row.line);
        }
        assert_eq!(output.batches.last().unwrap().to_offset, bytes.len() as u64);
    }
}

#[test]
fn a_mapped_file_resumes_at_any_row() {
    for encoding in [Encoding::Utf8, Encoding::Utf16Le] {
        let bytes = encoded(TERMINATED, encoding);
        let limits = BatchLimits { rows: 1, ..LIMITS };
        let pieces = Dribble { input: bytes.as_slice(), dice: Dice(7), most: 5 };
        let whole = decode_mapped(&NOTE, &format(), pieces, limits);
        whole.end.as_ref().unwrap();
        assert_eq!(whole.batches.len(), 5);
        for done in 0..whole.batches.len() - 1 {
            let checkpoint = Checkpoint {
                dialect: whole.dialect(),
                offset: whole.batches[done].to_offset,
                line: whole.batches[done].to_line,
            };
            let from = usize::try_from(checkpoint.offset).unwrap();
            let rest = resume_with(&NOTE, &bytes[from..], &checkpoint, limits);
            let left: Vec<i32> = whole.batches[done + 1..]
                .iter()
                .flat_map(|batch| batch.rows.iter().map(|row| row.key[0]))
                .collect();
            assert_eq!(rest.ids(), left, "after batch {done}");
            let line = |output: &Output| output.rows().last().map(|row| (row.line, row.offset));
            assert_eq!(line(&rest), line(&whole), "after batch {done}");
        }
    }
}

#[test]
fn a_rejected_row_is_replayed_in_its_format() {
    let output = decode_mapped(&NOTE, &format(), TERMINATED.as_bytes(), LIMITS);
    let rejected = &output.rejects()[0];
    let corrected = RawRecord {
        line: rejected.line,
        offset: rejected.offset,
        raw: b"9+|yes+|a\nb".to_vec(),
        ..RawRecord::default()
    };
    let batch = decode_records(&NOTE, &output.dialect(), &[corrected], LIMITS).unwrap();
    assert_eq!((batch.rows.len(), batch.rows[0].key[0]), (1, 9));
    let two =
        RawRecord { line: 1, offset: 0, raw: b"9+|a+|b&|8+|a+|b".to_vec(), ..RawRecord::default() };
    assert!(decode_records(&NOTE, &output.dialect(), &[two], LIMITS).is_err());
}

#[test]
fn separators_in_quotes_are_text() {
    let format = Format {
        delimiters: vec!["||".to_owned()],
        terminators: vec!["@@".to_owned()],
        ..Format::default()
    };
    let text = "id||head||body@@\n1||\"a||b@@c\"||\"d \"\"e\"\"\"@@\n2||x||\"open@@\n3||y||z@@\n";
    let output = decode_mapped(&NOTE, &format, text.as_bytes(), LIMITS);
    output.end.as_ref().unwrap();
    let texts = output.texts();
    assert_eq!(texts[0], (1, "a||b@@c".to_owned(), "d \"e\"".to_owned()));
    assert_eq!(output.ids(), [1, 3], "a stray quote takes no other row along");
    assert_eq!(output.faults(), [(3, Reason::UnbalancedQuote)]);
    assert_eq!(output.rejects()[0].raw, b"2||x||\"open");
}

#[test]
fn names_constants_defaults_and_skipped_rows() {
    let one = |name: &str, value: &str| [(name.to_owned(), value.to_owned())].into();
    let format = Format {
        skip: 2,
        skip_after_header: 1,
        footers: vec!["(* rows)".to_owned()],
        names: one("Nummer", "id"),
        constants: one("body", "fixed"),
        defaults: one("head", "none"),
        quote: Some('\''),
        ..Format::default()
    };
    let text = "report\nof today\nNummer;Body;Head\n---;---;---\n1;x;'a;b'\n2;y;\n\n(2 rows)\n";
    let output = decode_mapped(&NOTE, &format, text.as_bytes(), LIMITS);
    output.end.as_ref().unwrap();
    assert_eq!(output.faults(), []);
    let rows: Vec<(i32, &str, &str)> = vec![(1, "a;b", "fixed"), (2, "none", "fixed")];
    let found = output.texts();
    let found: Vec<(i32, &str, &str)> =
        found.iter().map(|(id, head, body)| (*id, head.as_str(), body.as_str())).collect();
    assert_eq!(found, rows);
    assert_eq!(output.rows()[0].line, 5);
    assert_eq!(output.dialect().ignored, ["Body"], "the constant is the column's value");
}

#[test]
fn a_file_that_does_not_fit_its_mapping_says_why() {
    for (text, part) in
        [("1+|a&|", "the first row has 2 fields between"), ("", "the file is empty")]
    {
        let output = decode_mapped(&NOTE, &format(), text.as_bytes(), LIMITS);
        assert!(output.message().contains(part), "{}", output.message());
    }
    let format = Format { skip: 1, ..Format::default() };
    let output = decode_mapped(&NOTE, &format, &b"id;head;body\n1;a;b\n"[..], LIMITS);
    assert!(output.message().contains("the first row is no header"), "{}", output.message());
}

#[test]
fn strict_line_ends_leave_others_in_the_text() {
    let format = Format { terminators: vec!["\r\n".to_owned()], quote: None, ..Format::default() };
    let text = "id\thead\tbody\r\n1\ta\nb\tc\r\n2\td\te\r\n";
    let output = decode_mapped(&NOTE, &format, text.as_bytes(), LIMITS);
    output.end.as_ref().unwrap();
    assert_eq!(output.texts()[0], (1, "a\nb".to_owned(), "c".to_owned()));
    let lines: Vec<u64> = output.rows().iter().map(|row| row.line).collect();
    assert_eq!(lines, [2, 4]);
    let last = output.batches.last().unwrap();
    assert_eq!((last.to_offset, last.to_line), (text.len() as u64, 5));
}

#[test]
fn a_quoted_null_may_be_a_text() {
    let format =
        Format { nulls: Some(vec![String::new()]), null_in_quotes: false, ..Format::default() };
    let output = decode_mapped(&NOTE, &format, &b"id,head,body\n1,,\"\"\n2,NULL,x\n"[..], LIMITS);
    output.end.as_ref().unwrap();
    let rows = output.rows();
    assert_eq!(rows[0].values[1..], [None, Some(Vec::new())]);
    assert_eq!(rows[1].values[1], Some(b"NULL".to_vec()));
}

#[test]
fn texts_and_presets_are_stored_in_form_c() {
    let (composed, decomposed) = ("Jos\u{e9}", "Jose\u{301}");
    let map = |key: &str, value: &str| [(key.to_owned(), value.to_owned())].into();
    for delimiter in ["~|~", ";"] {
        let told = Format {
            delimiters: vec![delimiter.to_owned()],
            nulls: Some(vec!["n\u{e3}o".to_owned()]),
            names: map("Ti\u{301}tulo", "head"),
            constants: map("body", decomposed),
            ..Format::default()
        };
        let rows = format!("1{delimiter}{decomposed}\n2{delimiter}na\u{303}o\n");
        let text = format!("id{delimiter}T\u{ed}tulo\n{rows}");
        let output = decode_mapped(&NOTE, &told, text.as_bytes(), LIMITS);
        output.end.as_ref().unwrap();
        let text = |text: &str| text.to_owned();
        assert_eq!(
            output.texts(),
            [(1, text(composed), text(composed)), (2, text(""), text(composed))]
        );
        assert_eq!(output.rows()[1].values[1], None, "the word for null");
        let raw = output.batches[0].raw_of_row(&output.batches[0].rows[0]);
        assert_eq!(*raw, *format!("1{delimiter}{decomposed}").as_bytes(), "as in the file");
    }
}

/// Without line ends each record is a line: rows are told apart by their lines.
#[test]
fn terminators_without_line_ends_number_the_records() {
    let told = Format {
        delimiters: vec!["||".to_owned()],
        terminators: vec!["@@".to_owned()],
        skip: 1,
        ..Format::default()
    };
    let text = "report@@id||head||body@@1||a||b@@x||a||b@@@@2||\"a@@b\"||b@@3||a@@4||a\nb||c@@\n\
                5||a||b@@6||a||b";
    let whole = decode_mapped(&NOTE, &told, text.as_bytes(), LIMITS);
    whole.end.as_ref().unwrap();
    let lines = |output: &Output| output.rows().iter().map(|row| row.line).collect::<Vec<_>>();
    assert_eq!(whole.ids(), [1, 2, 4, 5, 6]);
    assert_eq!(lines(&whole), [3, 5, 7, 9, 10]);
    let rejected: Vec<u64> = whole.faults().iter().map(|(line, _)| *line).collect();
    assert_eq!(rejected, [4, 6]);

    let limits = BatchLimits { rows: 1, ..LIMITS };
    let by_row = decode_mapped(&NOTE, &told, text.as_bytes(), limits);
    for done in 0..by_row.batches.len() - 1 {
        let Batch { to_offset, to_line, .. } = by_row.batches[done];
        let checkpoint = Checkpoint { dialect: by_row.dialect(), offset: to_offset, line: to_line };
        let from = usize::try_from(to_offset).unwrap();
        let rest = resume_with(&NOTE, &text.as_bytes()[from..], &checkpoint, limits);
        let all = lines(&whole);
        assert!(all.ends_with(&lines(&rest)), "after batch {done}: {:?}", lines(&rest));
    }
}

#[test]
fn a_record_swallowed_without_line_ends_is_named_by_its_number() {
    let told = Format {
        delimiters: vec!["||".to_owned()],
        terminators: vec!["@@".to_owned()],
        ..Format::default()
    };
    for end in ["", "\r\n"] {
        let text = format!(
            "id||head||body@@{end}1||\"a||b@@{end}2||b||c@@{end}3||x\"||y@@{end}4||b||c@@{end}"
        );
        let output = decode_mapped(&NOTE, &told, text.as_bytes(), LIMITS);
        output.end.as_ref().unwrap();
        let lines: Vec<u64> = output.rows().iter().map(|row| row.line).collect();
        assert_eq!((output.ids(), lines), (vec![2, 3, 4], vec![3, 4, 5]), "{end:?}");
        assert_eq!(output.faults(), [(2, Reason::UnbalancedQuote)], "{end:?}");
        let message = &output.batches[0].rejects[0].fault.message;
        assert!(message.contains("line 3"), "{message}");
    }
}

#[test]
fn a_constant_is_one_in_a_file_without_a_header_too() {
    let told = Format {
        header: false,
        columns: ["id", "Head", "body"].map(str::to_owned).to_vec(),
        constants: [("head".to_owned(), "fixed".to_owned())].into(),
        ..Format::default()
    };
    let output = decode_mapped(&NOTE, &told, &b"1;a;b\n"[..], LIMITS);
    output.end.as_ref().unwrap();
    assert_eq!(output.texts(), [(1, "fixed".to_owned(), "b".to_owned())]);
}

#[test]
fn rows_to_skip_beyond_the_head_are_refused() {
    let long = format!("{}\nid;head;body\n1;a;b\n", "x".repeat(70_000));
    for (skip, skip_after_header) in [(1, 0), (0, 1)] {
        let told = Format { skip, skip_after_header, ..Format::default() };
        let text = if skip == 1 { long.clone() } else { format!("id;head;body\n{long}") };
        let output = decode_mapped(&NOTE, &told, text.as_bytes(), LIMITS);
        assert!(output.message().contains("longer than 64 KiB"), "{}", output.message());
    }
    let told = Format { header: false, skip: 1, ..format() };
    let text = format!("{}&|1+|a+|b&|", "x".repeat(70_000));
    let output = decode_mapped(&NOTE, &told, text.as_bytes(), LIMITS);
    assert!(output.message().contains("longer than 64 KiB"), "{}", output.message());
}

#[test]
fn a_header_with_a_nul_is_refused() {
    let output = decode_mapped(
        &NOTE,
        &Format { loose_names: true, ..Format::default() },
        &b"id;head;body;a\0b\n1;a;b;c\n"[..],
        LIMITS,
    );
    assert!(output.message().contains("the header has a NUL"), "{}", output.message());
}

#[test]
fn utf_8_that_begins_after_the_head_is_not_read_as_another_encoding() {
    let rows: String = (1..=9_000).map(|id| format!("{id};plain;text\n")).collect();
    let text = format!("id;head;body\n{rows}9001;caf\u{e9};x\n");
    for encoding in [Encoding::Windows1252, Encoding::Latin1] {
        let told = Format { encoding: Some(encoding), ..Format::default() };
        let output = decode_mapped(&NOTE, &told, text.as_bytes(), LIMITS);
        assert!(output.message().contains("the file is UTF-8"), "{}", output.message());
        assert!(!output.ids().contains(&9_001), "{encoding:?}");
        let bytes = encoded(&text, encoding);
        let pieces = Dribble { input: bytes.as_slice(), dice: Dice(3), most: 9_000 };
        let output = decode_mapped(&NOTE, &told, pieces, LIMITS);
        output.end.as_ref().unwrap();
        assert_eq!(output.texts()[9_000].1, "caf\u{e9}", "{encoding:?}");
    }
}
