//! A stray quote costs its own record and no other.

use super::*;
use Reason::{FieldCount, RecordTooLong, UnbalancedQuote};

fn notes(rows: &[&str]) -> Told {
    decode(format!("id;head;body\n{}\n", rows.join("\n")))
}

#[test]
fn an_unclosed_quote_costs_one_row_wherever_it_stands() {
    let good = ["1;a;b", "2;\"q\";b", "3;a;\"q\"", "4;a;b"];
    for bad in ["9;\"open;b", "9;a;\"open", "\"9;a;b", "9;a \"\"x;\"open", "9;\"\"\";b", "9;a;\""] {
        for at in 0..=good.len() {
            let mut rows = good.to_vec();
            rows.insert(at, bad);
            let told = notes(&rows);
            assert_eq!(told.ids(), [1, 2, 3, 4], "{bad} at {at}");
            assert_eq!(told.faults(), [(at as u64 + 2, UnbalancedQuote)], "{bad} at {at}");
            assert_eq!(told.rejects()[0].raw, bad.as_bytes());
            assert_eq!(told.batches[0].rejects[0].fault.column, None);
            assert!(told.batches[0].rejects[0].fault.message.contains("never closed"));
            let crlf = format!("id;head;body\r\n{}", rows.join("\r\n"));
            assert_eq!(decode(crlf).faults(), told.faults(), "{bad} at {at}");
            let cr = format!("id;head;body\r{}\r", rows.join("\r"));
            let cr = decode(cr);
            assert_eq!((cr.ids(), cr.faults()), (told.ids(), told.faults()), "{bad} at {at}");
        }
    }
}

#[test]
fn two_bad_rows_in_a_row_cost_two() {
    let told = notes(&["1;a;b", "2;\"open;b", "3;\"open;b", "4;a;b"]);
    assert_eq!(told.ids(), [1, 4]);
    assert_eq!(told.faults(), [(3, UnbalancedQuote), (4, UnbalancedQuote)]);
    let told = notes(&["1;\"open;b", "2;too;many;fields", "3;a;b"]);
    assert_eq!(told.ids(), [3]);
    assert_eq!(told.faults(), [(2, UnbalancedQuote), (3, FieldCount)]);
}

#[test]
fn a_field_may_span_lines() {
    let told =
        decode("id;head;body\r\n1;\"a\r\nb\n\nc\";x\r\n2;\"cr\ralone\";x\r\n3;a;\"\n\"\r\n4;a;b");
    assert_eq!(
        told.texts().into_iter().map(|(_, head, _)| head).collect::<Vec<_>>(),
        ["a\r\nb\n\nc", "cr\ralone", "a", "a"]
    );
    let lines: Vec<_> = told.rows().iter().map(|row| row.line).collect();
    assert_eq!(lines, [2, 6, 8, 10]);
}

#[test]
fn quotes_that_cannot_mislead_are_taken_as_they_are() {
    let told = notes(&["1;5\" pipe;b", "2;\"ab\"c;b", "3;\"say \"\"hi\"\"\";b", "4;a;b"]);
    let heads: Vec<_> = told.texts().into_iter().map(|(_, head, _)| head).collect();
    assert_eq!(heads, ["5\" pipe", "abc", "say \"hi\"", "a"]);
    let told = notes(&["1;\"a\nb\"c;d", "2;a;b"]);
    assert_eq!(told.ids(), [2]);
    assert_eq!(told.faults(), [(2, UnbalancedQuote), (3, FieldCount)]);
}

#[test]
fn a_wrong_number_of_fields_is_told() {
    let told = notes(&["1;a", "2;a;b;c", "3", ";;;;;;;;;;;;;;;;;;;;;;;;;;;;;;", "   ", "5;a;b"]);
    assert_eq!(told.ids(), [5]);
    assert!(told.faults().iter().all(|(_, reason)| *reason == FieldCount));
    let messages: Vec<_> =
        told.batches[0].rejects.iter().map(|reject| reject.fault.message.as_str()).collect();
    let expected =
        [2, 4, 1, 31, 1].map(|found| format!("expected 3 fields as in the header, found {found}"));
    assert_eq!(messages, expected);
}

#[test]
fn blank_lines_are_passed_over_but_counted() {
    let told = decode("id;head;body\n\n\n1;a;b\n\r\n\r\n2;a;b\n\n");
    let lines: Vec<_> = told.rows().iter().map(|row| row.line).collect();
    assert_eq!(lines, [4, 7]);
    assert_eq!(told.batches[0].to_line, 9);
}

#[test]
fn line_ends_of_cr_alone_end_records() {
    let told = decode("id;head;body\r1;a;b\r2;\"x\ny\rz\";b\r\r3;a;b");
    assert_eq!(told.dialect().line_end, "cr");
    assert_eq!(told.ids(), [1, 2, 3]);
    assert_eq!(told.texts()[1].1, "x\ny\rz");
    let lines: Vec<_> = told.rows().iter().map(|row| row.line).collect();
    assert_eq!(lines, [2, 3, 7]);
}

#[test]
fn a_byte_order_mark_between_rows_is_text() {
    let told = decode("\u{feff}body;head;id\n\u{feff}b;a;1\n\u{feff}\nb;a;2\n");
    assert_eq!(told.ids(), [1, 2]);
    assert_eq!(told.texts()[0].2, "\u{feff}b");
    assert_eq!(told.faults(), [(3, FieldCount)]);
}

fn bounded(text: &str, record_bytes: usize) -> Told {
    let limits = BatchLimits { record_bytes, ..LIMITS };
    let told = decode_with(&NOTE, text.as_bytes(), limits);
    told.end.as_ref().unwrap();
    told.account_for(text.as_bytes());
    // The bound does not depend on how far the reader happened to look ahead.
    for most in [50, 60_000] {
        let dribble = Dribble { input: text.as_bytes(), dice: Dice(3), most };
        let cut = decode_with(&NOTE, dribble, BatchLimits { rows: 1, ..limits });
        for (n, batch) in cut.batches.iter().enumerate() {
            let resume =
                Resume { dialect: cut.dialect(), offset: batch.to_offset, line: batch.to_line };
            let rest = &text.as_bytes()[usize::try_from(batch.to_offset).unwrap()..];
            let resumed = resume_with(&NOTE, rest, &resume, limits);
            let before: usize = cut.batches[..=n].iter().map(|batch| batch.rejects.len()).sum();
            assert_eq!(resumed.rejects(), told.rejects()[before..]);
        }
        assert_eq!(cut.rows(), told.rows());
        assert_eq!(cut.rejects(), told.rejects());
    }
    told
}

#[test]
fn a_record_beyond_the_bound_is_refused_to_the_byte() {
    for bound in [100, 70_000, 140_000] {
        let fits = format!("2;{};b", "é".repeat((bound - 4) / 2));
        assert_eq!(fits.len(), bound);
        for end in ["\n", "\r\n"] {
            let over = fits.replace("2;", "22;");
            let text = ["id;head;body", "1;a;b", &fits, &over, &over, "3;a;b", ""].join(end);
            let told = bounded(&text, bound);
            assert_eq!(told.ids(), [1, 2, 3], "{bound}");
            assert_eq!(told.faults(), [(4, RecordTooLong), (5, RecordTooLong)], "{bound}");
            assert_eq!(told.rejects()[0].raw, over.as_bytes()[..bound]);
            let message = &told.batches[0].rejects[0].fault.message;
            assert!(message.contains(&bound.to_string()), "{message}");
            let open_ended = text.split(end).take(4).collect::<Vec<_>>().join(end);
            assert_eq!(bounded(&open_ended, bound).faults(), [(4, RecordTooLong)], "{bound}");
        }
    }
}

#[test]
fn a_quote_that_stays_open_beyond_the_bound_costs_its_line() {
    let rows: String = (2..300).map(|n| format!("{n};some;text\n")).collect();
    let told = bounded(&format!("id;head;body\n1;\"open;b\n{rows}"), 200);
    assert_eq!(told.ids(), (2..300).collect::<Vec<_>>());
    assert_eq!(told.faults(), [(2, UnbalancedQuote)]);
    let long = "x".repeat(300);
    let told = bounded(&format!("id;head;body\n1;\"{long};b\n{rows}"), 200);
    assert_eq!(told.ids(), (2..300).collect::<Vec<_>>());
    assert_eq!(told.faults(), [(2, RecordTooLong)]);
}

#[test]
fn offsets_in_utf16_go_on_right_after_a_long_record() {
    let long = "€é𝄞x".repeat(30_000);
    let text = format!("id;head;body\r\n1;{long};b\r\n2;a;b\r\n");
    let bytes = utf16(&text, Ends::Little);
    let limits = BatchLimits { record_bytes: 1000, ..LIMITS };
    let told = decode_with(&NOTE, bytes.as_slice(), limits);
    assert_eq!(told.faults(), [(2, RecordTooLong)]);
    let row = &told.rows()[0];
    let at = usize::try_from(row.offset).unwrap();
    assert_eq!(bytes[at..], utf16("2;a;b\r\n", Ends::Little)[2..]);
}
