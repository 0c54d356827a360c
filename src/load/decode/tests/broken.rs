//! Files that fail at once or before their end: the error names the cause.

use super::*;

fn failing(input: &[u8]) -> Output {
    let output = decode_with(&NOTE, input, LIMITS);
    assert_eq!(output.end.as_ref().unwrap_err().code(), Code::BadUserInput);
    output
}

#[test]
fn a_file_without_a_valid_header_reports_what_was_expected() {
    for (input, expected) in [
        (&b""[..], "the file is empty; expected a header row"),
        (b"\xef\xbb\xbf", "the file is empty; expected a header row"),
        (b"\xff\xfe", "the file is empty; expected a header row"),
        (&gzip(&gzip(b"id;head;body\n")), "the file is compressed twice"),
        (&zstd(&gzip(b"id;head;body\n")), "the file is compressed twice"),
        (&gzip(b""), "the file is empty; expected a header row"),
        (&zstd(b""), "the file is empty; expected a header row"),
        (b"\n1;a;b\n", "the first line is blank"),
        (b"\xff\xfe\0\0i\0\0\0", "UTF-32"),
        (b"\0\0\xfe\xff\0\0\0i", "UTF-32"),
        (b"i\0d\0;\0h\0e\0a\0d\0\n\0", "the encoding is unknown"),
        (b"\0i\0d\0;\0h\0e\0a\0d\0\n", "the encoding is unknown"),
        (b"id;body\n1;b\n", "the header lacks head; Test.Note expects id, head, body"),
        (b"1;a;b\n2;a;b\n", "the first line is no header: it names no column of Test.Note"),
        (b"sep=:\nid;head;body\n", "the delimiter \":\"; expected ; , | or a tab"),
        (b"id;head;body;HEAD\n", "names head more than once"),
    ] {
        let output = failing(input);
        assert!(output.message().contains(expected), "{:?} for {expected:?}", output.message());
        assert!(output.begun.is_none() && output.batches.is_empty());
    }
}

#[test]
fn a_header_alone_is_an_empty_file() {
    for text in [
        "id;head;body", "id;head;body\n", "id;head;body\r\n", "id;head;body\r",
        "\u{feff}id;head;body\n\n\n",
    ] {
        let output = decode(text);
        assert_eq!((output.batches.len(), output.batches[0].records()), (1, 0), "{text:?}");
        assert!(output.batches[0].last);
        assert_eq!(output.batches[0].rounds, 0);
    }
    let output = decode_with(&NOTE, utf16("id;head;body\r\n", Endian::Big).as_slice(), LIMITS);
    output.end.as_ref().unwrap();
    assert_eq!((output.batches.len(), output.batches[0].to_offset), (1, 30));
}

#[test]
fn a_nul_or_an_invalid_byte_rejects_its_row() {
    let output = decode(b"id;head;body\n1;a\0b;x\n2;a;b\n3;\xff;b\n\0\0\0\n4;a;b\n");
    assert_eq!(output.ids(), [2, 4]);
    let rejects = output.rejects();
    assert_eq!((rejects[0].line, rejects[0].column), (2, Some("head")));
    assert_eq!(
        (rejects[0].reason, rejects[1].reason),
        (Reason::InvalidEncoding, Reason::InvalidEncoding)
    );
    assert_eq!(rejects[2].reason, Reason::FieldCount);
}

#[test]
fn a_malformed_utf16_code_unit_rejects_its_row() {
    let text = utf16("id;head;body\n1;x!y;b\n2;!!;b\n3;𝄞;b\n4;!", Endian::Little);
    // Each `!` becomes an unpaired surrogate.
    let units = text
        .chunks(2)
        .flat_map(|unit| if unit == b"!\0" { [0x34, 0xd8] } else { [unit[0], unit[1]] });
    let bytes: Vec<u8> = units.collect();
    let output = decode_with(&NOTE, bytes.as_slice(), LIMITS);
    output.end.as_ref().unwrap();
    assert_eq!(output.texts(), [(3, "𝄞".to_owned(), "b".to_owned())]);
    assert_eq!(
        output.faults(),
        [(2, Reason::InvalidEncoding), (3, Reason::InvalidEncoding), (5, Reason::FieldCount)]
    );
    assert_eq!(
        output.rejects()[2].offset,
        2 + 2 * "id;head;body\n1;x!y;b\n2;!!;b\n3;12;b\n".len() as u64
    );
    assert_eq!(output.batches[0].to_offset, bytes.len() as u64);
    // Half a code unit at the end of the file.
    let mut cut = utf16("id;head;body\n1;a;b\n2;a;b", Endian::Little);
    cut.push(b'x');
    let output = decode_with(&NOTE, cut.as_slice(), LIMITS);
    assert_eq!((output.ids(), output.faults()), (vec![1], vec![(3, Reason::InvalidEncoding)]));
}

/// Rows that compress badly.
fn rows(count: usize) -> String {
    let mut dice = Dice(1);
    let mut text = "id;head;body\n".to_owned();
    for n in 0..count {
        text += &format!("{n};{:x};{:x}\n", dice.roll(), dice.roll());
    }
    text
}

#[test]
fn a_truncated_file_fails_after_its_valid_batches() {
    let text = rows(12_000);
    for packed in [gzip(text.as_bytes()), zstd(text.as_bytes())] {
        let whole = decode_with(&NOTE, packed.as_slice(), LIMITS);
        whole.account_for(text.as_bytes());
        let cut = &packed[..packed.len() * 2 / 3];
        let output = decode_with(&NOTE, cut, BatchLimits { rows: 500, ..LIMITS });
        assert!(output.message().contains("cannot be decompressed"), "{}", output.message());
        output.account_for(text.as_bytes());
        let rows = output.rows();
        assert!(rows.len() > 1_000 && rows.len() < 8_500, "{}", rows.len());
        assert!(rows.len() % 500 > 0, "rows of the last batch before the end count, too");
        assert_eq!(rows, whole.rows()[..rows.len()]);
        assert_eq!(output.end.unwrap_err().code(), Code::BadUserInput);
    }
}

#[test]
fn a_small_file_that_is_cut_off_fails_after_its_whole_rows() {
    let text = rows(60);
    // A block of zstd is there as a whole or not at all.
    for (packed, expected) in [(gzip(text.as_bytes()), 59), (zstd(text.as_bytes()), 0)] {
        let mut most = 0;
        for length in 20..packed.len() {
            let output = failing(&packed[..length]);
            assert!(output.message().contains("cannot be decompressed"), "{}", output.message());
            most = most.max(output.rows().len());
        }
        assert!(most >= expected, "{most} rows, with only the end missing");
    }
}

#[test]
fn a_damaged_file_fails() {
    let text = rows(2_000);
    let packed = gzip(text.as_bytes());
    for length in [2, 3, 10, packed.len() / 2, packed.len() - 1] {
        assert!(
            failing(&packed[..length]).message().contains("cannot be decompressed"),
            "{length}"
        );
    }
    let frame = zstd(text.as_bytes());
    for length in [4, 5, frame.len() / 2, frame.len() - 1] {
        assert!(failing(&frame[..length]).message().contains("cannot be decompressed"), "{length}");
    }
    for garbage in [&b"garbage"[..], b"\x1f\x8b", b"\0\0x"] {
        failing(&[packed.as_slice(), garbage].concat());
    }
    failing(&[frame.as_slice(), b"garbage"].concat());
    let mut flipped = packed;
    let at = flipped.len() - 6;
    flipped[at] ^= 1;
    assert!(failing(&flipped).message().contains("cannot be decompressed"));
}

#[test]
fn padding_ends_a_file_and_other_bytes_are_reported_after_all_rows() {
    // The last record has no line end.
    let text = rows(3).trim_end().to_owned();
    for packed in [gzip(text.as_bytes()), zstd(text.as_bytes())] {
        for padding in [1, 3, 200_000] {
            let padded = [packed.as_slice(), &vec![0; padding]].concat();
            let output = decode_with(&NOTE, padded.as_slice(), LIMITS);
            output.end.as_ref().unwrap();
            output.account_for(text.as_bytes());
            let more = [padded, packed.clone()].concat();
            assert_eq!(decode_with(&NOTE, more.as_slice(), LIMITS).rows().len(), 5, "it goes on");
        }
        for garbage in [&b"garbage"[..], b"\0\0\0garbage"] {
            let output = failing(&[packed.as_slice(), garbage].concat());
            assert_eq!(output.ids(), [0, 1, 2]);
            assert!(output.message().contains("the data before them are whole"));
            assert!(!output.batches[0].last, "the file is not loaded");
        }
    }
}

#[test]
fn frames_that_are_to_be_skipped_are_skipped() {
    let (first, second) = ("id;head;body\n1;a;b\n2;a", ";b\n3;a;b\n");
    let skipped = b"\x50\x2a\x4d\x18\x04\0\0\0\x01\x02\x03\x04";
    let frames = [skipped, zstd(first.as_bytes()).as_slice(), skipped, skipped].concat();
    let packed = [frames, zstd(second.as_bytes()), skipped.to_vec()].concat();
    for most in [1, 7, 5_000] {
        let dribble = Dribble { input: packed.as_slice(), dice: Dice(1), most };
        let output = decode_with(&NOTE, dribble, LIMITS);
        output.end.as_ref().unwrap();
        assert_eq!(output.ids(), [1, 2, 3]);
        assert_eq!(output.dialect().compression, Compression::Zstd);
    }
}

#[test]
fn a_zstd_window_beyond_the_limit_is_named() {
    let packed = |window_log| {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(window_log).unwrap();
        encoder.write_all(rows(10).as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    assert_eq!(decode_with(&NOTE, packed(23).as_slice(), LIMITS).ids().len(), 10);
    let output = failing(&packed(24));
    assert!(output.message().contains("window"), "{}", output.message());
}

#[test]
fn a_file_shorter_than_its_checkpoint_fails() {
    let text = rows(10);
    let output = decode(&text);
    let checkpoint =
        Checkpoint { dialect: output.dialect(), offset: text.len() as u64 + 1, line: 12 };
    let packed = gzip(text.as_bytes());
    let dialect = decode_with(&NOTE, packed.as_slice(), LIMITS).dialect();
    let output =
        resume_with(&NOTE, packed.as_slice(), &Checkpoint { dialect, ..checkpoint }, LIMITS);
    assert!(output.message().contains("shorter than what was already loaded"));
}

#[test]
fn a_read_error_keeps_its_code_and_the_batches_before() {
    let text = rows(12_000);
    let (chunks, from) = mpsc::channel(1 << 10);
    for chunk in text.as_bytes()[..text.len() / 2].chunks(8000) {
        chunks.try_send(Ok(bytes::Bytes::copy_from_slice(chunk))).unwrap();
    }
    let lost = Error::new(Code::Unavailable, "the store does not answer");
    chunks.try_send(Err(io::Error::other(lost))).unwrap();
    let limits = BatchLimits { rows: 500, ..LIMITS };
    let output = decode_with(&NOTE, ChannelReader::new(from), limits);
    output.account_for(text.as_bytes());
    assert!(output.batches.len() > 5);
    assert!(output.batches.iter().all(|batch| !batch.last));
    let error = output.end.unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::Unavailable, "the store does not answer"));
}
