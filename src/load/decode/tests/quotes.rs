//! A stray quote rejects its own record and no other.

use super::*;
use Reason::{FieldCount, RecordTooLong, StrayQuote, UnbalancedQuote};

fn notes(rows: &[&str]) -> Output {
    decode(format!("id;head;body\n{}\n", rows.join("\n")))
}

#[test]
fn an_unclosed_quote_rejects_one_row() {
    let good = ["1;a;b", "2;\"q\";b", "3;a;\"q\"", "4;a;b"];
    for bad in ["9;\"open;b", "9;a;\"open", "\"9;a;b", "9;a \"\"x;\"open", "9;\"\"\";b", "9;a;\""] {
        for at in 0..=good.len() {
            let mut rows = good.to_vec();
            rows.insert(at, bad);
            let output = notes(&rows);
            assert_eq!(output.ids(), [1, 2, 3, 4], "{bad} at {at}");
            assert_eq!(output.faults(), [(at as u64 + 2, UnbalancedQuote)], "{bad} at {at}");
            assert_eq!(output.rejects()[0].raw, bad.as_bytes());
            assert_eq!(output.batches[0].rejects[0].fault.column, None);
            assert!(output.batches[0].rejects[0].fault.message.contains("never closed"));
            let crlf = format!("id;head;body\r\n{}", rows.join("\r\n"));
            assert_eq!(decode(crlf).faults(), output.faults(), "{bad} at {at}");
            let cr = format!("id;head;body\r{}\r", rows.join("\r"));
            let cr = decode(cr);
            assert_eq!((cr.ids(), cr.faults()), (output.ids(), output.faults()), "{bad} at {at}");
        }
    }
}

#[test]
fn consecutive_bad_rows_are_rejected_separately() {
    let output = notes(&["1;a;b", "2;\"open;b", "3;\"open;b", "4;a;b"]);
    assert_eq!(output.ids(), [1, 4]);
    assert_eq!(output.faults(), [(3, UnbalancedQuote), (4, UnbalancedQuote)]);
    let output = notes(&["1;\"open;b", "2;too;many;fields", "3;a;b"]);
    assert_eq!(output.ids(), [3]);
    assert_eq!(output.faults(), [(2, UnbalancedQuote), (3, FieldCount)]);
}

#[test]
fn a_field_may_span_lines() {
    let output =
        decode("id;head;body\r\n1;\"a\r\nb\n\nc\";x\r\n2;\"cr\ralone\";x\r\n3;a;\"\n\"\r\n4;a;b");
    assert_eq!(
        output.texts().into_iter().map(|(_, head, _)| head).collect::<Vec<_>>(),
        ["a\r\nb\n\nc", "cr\ralone", "a", "a"]
    );
    let lines: Vec<_> = output.rows().iter().map(|row| row.line).collect();
    assert_eq!(lines, [2, 6, 8, 10]);
}

#[test]
fn quotes_are_text_in_an_unquoted_field_and_doubled_in_a_quoted_one() {
    let output =
        notes(&["1;5\" pipe;\"\"", "2;say \"\"hi\"\";b", "3;\"say \"\"hi\"\"\";b", "4;a;b"]);
    let heads: Vec<_> = output.texts().into_iter().map(|(_, head, _)| head).collect();
    assert_eq!(heads, ["5\" pipe", "say \"\"hi\"\"", "say \"hi\"", "a"]);
    let bad = ["\"Frame \"Pro\" 52\"", "\"Wheel 26\" rim\"", "\"Saddle\" ", "\"ab\"c"];
    for bad in bad.map(|field| format!("1;{field};b")) {
        let output = notes(&["0;a;b", &bad, "2;a;b"]);
        assert_eq!((output.ids(), output.faults()), (vec![0, 2], vec![(3, StrayQuote)]), "{bad}");
        assert_eq!(output.rejects()[0].raw, bad.as_bytes());
    }
    let output = notes(&["1;\"a\nb\"c;d", "2;a;b"]);
    assert_eq!(output.ids(), [2]);
    assert_eq!(output.faults(), [(2, UnbalancedQuote), (3, FieldCount)]);
    let output = notes(&["1;5\" pipe;\"two\nlines\"", "2;a;b"]);
    assert_eq!((output.ids(), output.faults()), (vec![1, 2], vec![]));
}

#[test]
fn a_wrong_field_count_is_rejected() {
    let output = notes(&["1;a", "2;a;b;c", "3", ";;;;;;;;;;;;;;;;;;;;;;;;;;;;;;", "   ", "5;a;b"]);
    assert_eq!(output.ids(), [5]);
    assert!(output.faults().iter().all(|(_, reason)| *reason == FieldCount));
    let messages: Vec<_> =
        output.batches[0].rejects.iter().map(|reject| reject.fault.message.as_str()).collect();
    let expected = [2, 4, 1, 31, 1].map(|found| format!("expected 3 fields, found {found}"));
    assert_eq!(messages, expected);
}

#[test]
fn blank_lines_are_skipped_but_counted() {
    let output = decode("id;head;body\n\n\n1;a;b\n\r\n\r\n2;a;b\n\n");
    let lines: Vec<_> = output.rows().iter().map(|row| row.line).collect();
    assert_eq!(lines, [4, 7]);
    assert_eq!(output.batches[0].to_line, 9);
}

#[test]
fn a_lone_cr_ends_a_record() {
    let output = decode("id;head;body\r1;a;b\r2;\"x\ny\rz\";b\r\r3;a;b");
    assert_eq!(output.dialect().line_end, "cr");
    assert_eq!(output.ids(), [1, 2, 3]);
    assert_eq!(output.texts()[1].1, "x\ny\rz");
    let lines: Vec<_> = output.rows().iter().map(|row| row.line).collect();
    assert_eq!(lines, [2, 3, 7]);
}

#[test]
fn a_byte_order_mark_between_rows_is_text() {
    let output = decode("\u{feff}body;head;id\n\u{feff}b;a;1\n\u{feff}\nb;a;2\n");
    assert_eq!(output.ids(), [1, 2]);
    assert_eq!(output.texts()[0].2, "\u{feff}b");
    assert_eq!(output.faults(), [(3, FieldCount)]);
}

fn bounded(text: &str, record_bytes: usize) -> Output {
    let limits = BatchLimits { record_bytes, ..LIMITS };
    let output = decode_with(&NOTE, text.as_bytes(), limits);
    output.end.as_ref().unwrap();
    output.account_for(text.as_bytes());
    // The limit does not depend on how far the reader has read ahead.
    for most in [50, 60_000] {
        let dribble = Dribble { input: text.as_bytes(), dice: Dice(3), most };
        let cut = decode_with(&NOTE, dribble, BatchLimits { rows: 1, ..limits });
        for (n, batch) in cut.batches.iter().enumerate() {
            let checkpoint =
                Checkpoint { dialect: cut.dialect(), offset: batch.to_offset, line: batch.to_line };
            let rest = &text.as_bytes()[usize::try_from(batch.to_offset).unwrap()..];
            let resumed = resume_with(&NOTE, rest, &checkpoint, limits);
            let before: usize = cut.batches[..=n].iter().map(|batch| batch.rejects.len()).sum();
            assert_eq!(resumed.rejects(), output.rejects()[before..]);
        }
        assert_eq!(cut.rows(), output.rows());
        assert_eq!(cut.rejects(), output.rejects());
    }
    output
}

#[test]
fn the_record_limit_is_exact() {
    for bound in [100, 70_000, 140_000] {
        let fits = format!("2;{};b", "é".repeat((bound - 4) / 2));
        assert_eq!(fits.len(), bound);
        for end in ["\n", "\r\n"] {
            let over = fits.replace("2;", "22;");
            let text = ["id;head;body", "1;a;b", &fits, &over, &over, "3;a;b", ""].join(end);
            let output = bounded(&text, bound);
            assert_eq!(output.ids(), [1, 2, 3], "{bound}");
            assert_eq!(output.faults(), [(4, RecordTooLong), (5, RecordTooLong)], "{bound}");
            assert_eq!(output.rejects()[0].raw, over.as_bytes()[..bound]);
            let message = &output.batches[0].rejects[0].fault.message;
            assert!(message.contains(&bound.to_string()), "{message}");
            let open_ended = text.split(end).take(4).collect::<Vec<_>>().join(end);
            assert_eq!(bounded(&open_ended, bound).faults(), [(4, RecordTooLong)], "{bound}");
        }
    }
}

#[test]
fn a_quote_open_beyond_the_limit_rejects_its_line() {
    let rows: String = (2..300).map(|n| format!("{n};some;text\n")).collect();
    let output = bounded(&format!("id;head;body\n1;\"open;b\n{rows}"), 200);
    assert_eq!(output.ids(), (2..300).collect::<Vec<_>>());
    assert_eq!(output.faults(), [(2, UnbalancedQuote)]);
    let long = "x".repeat(300);
    let output = bounded(&format!("id;head;body\n1;\"{long};b\n{rows}"), 200);
    assert_eq!(output.ids(), (2..300).collect::<Vec<_>>());
    assert_eq!(output.faults(), [(2, RecordTooLong)]);
}

#[test]
fn utf16_offsets_are_correct_after_a_long_record() {
    let long = "€é𝄞x".repeat(30_000);
    let text = format!("id;head;body\r\n1;{long};b\r\n2;a;b\r\n");
    let bytes = utf16(&text, Endian::Little);
    let limits = BatchLimits { record_bytes: 1000, ..LIMITS };
    let output = decode_with(&NOTE, bytes.as_slice(), limits);
    assert_eq!(output.faults(), [(2, RecordTooLong)]);
    let row = &output.rows()[0];
    let at = usize::try_from(row.offset).unwrap();
    assert_eq!(bytes[at..], utf16("2;a;b\r\n", Endian::Little)[2..]);
}
