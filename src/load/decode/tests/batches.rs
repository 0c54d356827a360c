//! Batch limits, read sizes and the point of resumption do not change the rows.

use super::*;

/// Long texts, line ends in fields, blank lines, and every kind of bad row.
fn text() -> String {
    let mut text = "id;head;body\r\n".to_owned();
    for n in 0..240 {
        text += &match n % 12 {
            3 => format!("{n};\"two\r\nlines; and \"\"quotes\"\"\";é{n}\r\n"),
            5 => format!("{n};only two\r\n"),
            6 => format!("x{n};not;a number\r\n"),
            7 => format!("{n};\"never closed;b\r\n"),
            9 => format!("\r\n\r\n{n};after;blank lines\r\n"),
            10 => format!("{n};{};𝄞 long\r\n", "é".repeat(700)),
            11 => format!("{};repeated;key\n", n / 24),
            _ => format!("{n};head {n};NULL\r\n"),
        };
    }
    text + "240;\"open to the end;b\r\n241;the;last"
}

fn rows_of(limit: usize) -> BatchLimits {
    BatchLimits { rows: limit, ..LIMITS }
}

#[test]
fn batch_limits_do_not_change_rows() {
    let text = text();
    let whole = decode(&text);
    assert_eq!((whole.batches.len(), whole.rejects().len()), (1, 61));
    let limits = [
        rows_of(1),
        rows_of(2),
        rows_of(7),
        BatchLimits { bytes: 1, ..LIMITS },
        BatchLimits { bytes: 1000, ..LIMITS },
    ];
    for limits in limits {
        let output = decode_with(&NOTE, text.as_bytes(), limits);
        output.account_for(text.as_bytes());
        assert!(output.batches.len() > 20, "{limits:?}");
        assert!(output.batches.iter().all(|batch| batch.records() <= limits.rows));
        assert_eq!(output.rows(), whole.rows(), "{limits:?}");
        assert_eq!(output.rejects(), whole.rejects(), "{limits:?}");
    }
}

#[test]
fn a_file_can_be_resumed_after_every_batch() {
    let text = text();
    let little = utf16(&text, Endian::Little);
    let files = [
        ("plain", text.clone().into_bytes(), None),
        ("marked", ["\u{feff}", &text].concat().into_bytes(), None),
        ("utf-16le", little.clone(), None),
        ("utf-16be", utf16(&text, Endian::Big), None),
        ("gzip", text.clone().into_bytes(), Some(gzip(text.as_bytes()))),
        ("zstd of utf-16", little.clone(), Some(zstd(&little))),
    ];
    for (name, plain, packed) in files {
        let input = packed.as_ref().unwrap_or(&plain);
        let output = decode_with(&NOTE, input.as_slice(), rows_of(7));
        let mut rows: Vec<_> = output.rows().into_iter().map(Some).collect();
        let mut rejects: Vec<_> = output.rejects().into_iter().map(Some).collect();
        rows.reverse();
        rejects.reverse();
        for batch in &output.batches {
            rows.truncate(rows.len() - batch.rows.len());
            rejects.truncate(rejects.len() - batch.rejects.len());
            let checkpoint = Checkpoint {
                dialect: output.dialect(),
                offset: batch.to_offset,
                line: batch.to_line,
            };
            let at = usize::try_from(batch.to_offset).unwrap();
            let rest = packed.as_deref().unwrap_or(&plain[at..]);
            let resumed = resume_with(&NOTE, rest, &checkpoint, LIMITS);
            resumed.end.as_ref().unwrap();
            assert!(resumed.begun.is_none());
            let left: Vec<_> = resumed.rows().into_iter().map(Some).rev().collect();
            assert!(left == rows, "{name} from {at}");
            let left: Vec<_> = resumed.rejects().into_iter().map(Some).rev().collect();
            assert!(left == rejects, "{name} from {at}");
            let last = resumed.batches.last().unwrap();
            assert_eq!((last.last, last.to_offset), (true, plain.len() as u64), "{name}");
        }
    }
}

#[test]
fn read_sizes_do_not_change_rows() {
    let text = text();
    let whole = decode(&text);
    for (input, same_offsets) in [
        (text.clone().into_bytes(), true),
        (gzip(text.as_bytes()), true),
        (zstd(text.as_bytes()), true),
        (utf16(&text, Endian::Big), false),
    ] {
        for most in [1, 7, 5000] {
            let dribble = Dribble { input: input.as_slice(), dice: Dice(most as u64), most };
            let output = decode_with(&NOTE, dribble, LIMITS);
            output.end.as_ref().unwrap();
            assert_eq!(output.texts(), whole.texts());
            assert_eq!(output.faults(), whole.faults());
            if same_offsets {
                output.account_for(text.as_bytes());
            }
        }
    }
}

#[test]
fn a_batch_ends_before_one_key_occurs_too_often() {
    let text = "id;head;body\n".to_owned() + &"5;a;b\n".repeat(132) + "6;a;b\n7;a;b\n";
    let output = decode(&text);
    let rounds: Vec<_> =
        output.batches.iter().map(|batch| (batch.rounds, batch.rows.len())).collect();
    assert_eq!(rounds, [(64, 64), (64, 64), (4, 6)]);
    let staged: Vec<_> =
        copied(&output.batches[2].copy).into_iter().map(|(_, round, _)| round).collect();
    assert_eq!(staged, [0, 1, 2, 3, 0, 0]);
    assert_eq!(output.batches[2].key_range, None);
    let output = decode("id;head;body\n3;a;b\n5;a;b\n9;a;b\n");
    assert_eq!(output.batches[0].key_range, Some(([3, 0], [9, 0])));
}

#[test]
fn stored_records_keep_their_positions() {
    let output = decode("id;head;body\n1;a;b\n");
    let stored = [
        (7, 70, "1;\"two\nlines\";b"),
        (12, 200, "2;\"never closed;b"),
        (14, 333, "3;é;b"),
        (20, 400, "1;again;b"),
    ]
    .map(|(line, offset, raw)| RawRecord {
        line,
        offset,
        raw: raw.into(),
        ..RawRecord::default()
    });
    let batch = decode_records(&NOTE, &output.dialect(), &stored, rows_of(1)).unwrap();
    let output = Output { begun: None, batches: vec![batch], end: Ok(()) };
    let positions: Vec<_> =
        output.rows().iter().map(|row| (row.line, row.offset, row.key[0])).collect();
    assert_eq!(positions, [(7, 70, 1), (14, 333, 3), (20, 400, 1)]);
    assert_eq!(output.texts()[0].1, "two\nlines");
    let rejects = output.rejects();
    assert_eq!((rejects[0].line, rejects[0].offset), (12, 200));
    assert_eq!(rejects[0].raw, stored[1].raw);
    assert_eq!(output.batches[0].rounds, 2);
}

#[test]
fn dropping_the_receiver_ends_the_decoding() {
    let (out, received) = mpsc::channel(1);
    drop(received);
    assert!(decode_from_start(&NOTE, None, io::repeat(b'x').take(1 << 30), LIMITS, &out).is_err());
    let text = text();
    assert!(decode_from_start(&NOTE, None, text.as_bytes(), LIMITS, &out).is_ok());
}
