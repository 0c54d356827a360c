//! However a file is cut into batches and reads, and wherever it is taken up
//! again, its rows are the same.

use super::*;

/// A file with everything in it: long texts, line ends in fields, blank lines,
/// bad rows of each kind.
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
fn batch_limits_change_nothing_but_the_cut() {
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
        let told = decode_with(&NOTE, text.as_bytes(), limits);
        told.account_for(text.as_bytes());
        assert!(told.batches.len() > 20, "{limits:?}");
        assert!(told.batches.iter().all(|batch| batch.records() <= limits.rows));
        assert_eq!(told.rows(), whole.rows(), "{limits:?}");
        assert_eq!(told.rejects(), whole.rejects(), "{limits:?}");
    }
}

#[test]
fn every_batch_can_be_the_last_before_a_stop() {
    let text = text();
    let little = utf16(&text, Ends::Little);
    let files = [
        ("plain", text.clone().into_bytes(), None),
        ("marked", ["\u{feff}", &text].concat().into_bytes(), None),
        ("utf-16le", little.clone(), None),
        ("utf-16be", utf16(&text, Ends::Big), None),
        ("gzip", text.clone().into_bytes(), Some(gzip(text.as_bytes()))),
        ("zstd of utf-16", little.clone(), Some(zstd(&little))),
    ];
    for (name, plain, packed) in files {
        let input = packed.as_ref().unwrap_or(&plain);
        let told = decode_with(&NOTE, input.as_slice(), rows_of(7));
        let mut rows: Vec<_> = told.rows().into_iter().map(Some).collect();
        let mut rejects: Vec<_> = told.rejects().into_iter().map(Some).collect();
        rows.reverse();
        rejects.reverse();
        for batch in &told.batches {
            rows.truncate(rows.len() - batch.rows.len());
            rejects.truncate(rejects.len() - batch.rejects.len());
            let resume =
                Resume { dialect: told.dialect(), offset: batch.to_offset, line: batch.to_line };
            let at = usize::try_from(batch.to_offset).unwrap();
            let rest = packed.as_deref().unwrap_or(&plain[at..]);
            let resumed = resume_with(&NOTE, rest, &resume, LIMITS);
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
fn reads_of_any_size_change_nothing() {
    let text = text();
    let whole = decode(&text);
    for (input, same_offsets) in [
        (text.clone().into_bytes(), true),
        (gzip(text.as_bytes()), true),
        (zstd(text.as_bytes()), true),
        (utf16(&text, Ends::Big), false),
    ] {
        for most in [1, 7, 5000] {
            let dribble = Dribble { input: input.as_slice(), dice: Dice(most as u64), most };
            let told = decode_with(&NOTE, dribble, LIMITS);
            told.end.as_ref().unwrap();
            assert_eq!(told.texts(), whole.texts());
            assert_eq!(told.faults(), whole.faults());
            if same_offsets {
                told.account_for(text.as_bytes());
            }
        }
    }
}

#[test]
fn a_batch_ends_before_one_key_makes_too_many_rounds() {
    let text = "id;head;body\n".to_owned() + &"5;a;b\n".repeat(20) + "6;a;b\n7;a;b\n";
    let told = decode(&text);
    let rounds: Vec<_> =
        told.batches.iter().map(|batch| (batch.rounds, batch.rows.len())).collect();
    assert_eq!(rounds, [(8, 8), (8, 8), (4, 6)]);
    let staged: Vec<_> =
        copied(&told.batches[2].copy).into_iter().map(|(_, round, _)| round).collect();
    assert_eq!(staged, [0, 1, 2, 3, 0, 0]);
    assert_eq!(told.batches[2].rising_keys, None);
    let told = decode("id;head;body\n3;a;b\n5;a;b\n9;a;b\n");
    assert_eq!(told.batches[0].rising_keys, Some(([3, 0], [9, 0])));
}

#[test]
fn kept_records_are_packed_with_the_places_they_had() {
    let told = decode("id;head;body\n1;a;b\n");
    let kept = [
        (7, 70, b"1;\"two\nlines\";b".to_vec()),
        (12, 200, b"2;\"never closed;b".to_vec()),
        (14, 333, "3;é;b".into()),
        (20, 400, b"1;again;b".to_vec()),
    ];
    let batch = decode_kept(&NOTE, &told.dialect(), &kept, rows_of(1)).unwrap();
    let told = Told { begun: None, batches: vec![batch], end: Ok(()) };
    let places: Vec<_> = told.rows().iter().map(|row| (row.line, row.offset, row.key[0])).collect();
    assert_eq!(places, [(7, 70, 1), (14, 333, 3), (20, 400, 1)]);
    assert_eq!(told.texts()[0].1, "two\nlines");
    let rejects = told.rejects();
    assert_eq!((rejects[0].line, rejects[0].offset), (12, 200));
    assert_eq!(rejects[0].raw, kept[1].2);
    assert_eq!(told.batches[0].rounds, 2);
}

#[test]
fn a_reader_that_goes_away_ends_the_decoding() {
    let (out, told) = mpsc::channel(1);
    drop(told);
    assert!(decode_from_start(&NOTE, io::repeat(b'x').take(1 << 30), LIMITS, &out).is_err());
    let text = text();
    assert!(decode_from_start(&NOTE, text.as_bytes(), LIMITS, &out).is_ok());
}
