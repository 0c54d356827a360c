//! Files that cannot be taken, or not to their end: the error says what is wrong.

use super::*;

fn failing(input: &[u8]) -> Told {
    let told = decode_with(&NOTE, input, LIMITS);
    assert_eq!(told.end.as_ref().unwrap_err().code(), Code::BadUserInput);
    told
}

#[test]
fn a_file_without_a_usable_header_says_what_was_expected() {
    for (input, says) in [
        (&b""[..], "the file is empty; expected a header row"),
        (b"\xef\xbb\xbf", "the file is empty; expected a header row"),
        (b"\xff\xfe", "the file is empty; expected a header row"),
        (&gzip(b""), "the file is empty; expected a header row"),
        (&zstd(b""), "the file is empty; expected a header row"),
        (b"\n1;a;b\n", "the first line is blank"),
        (b"\xff\xfe\0\0i\0\0\0", "UTF-32"),
        (b"\0\0\xfe\xff\0\0\0i", "UTF-32"),
        (b"i\0d\0;\0h\0e\0a\0d\0\n\0", "the encoding is unknown"),
        (b"\0i\0d\0;\0h\0e\0a\0d\0\n", "the encoding is unknown"),
        (b"id;body\n1;b\n", "the header lacks head; Test.Note expects id, head, body"),
        (b"1;a;b\n2;a;b\n", "the header lacks id, head, body"),
        (b"id;head;body;HEAD\n", "names head more than once"),
    ] {
        let told = failing(input);
        assert!(told.message().contains(says), "{:?} for {says:?}", told.message());
        assert!(told.begun.is_none() && told.batches.is_empty());
    }
}

#[test]
fn a_header_alone_is_a_file_of_no_rows() {
    for text in [
        "id;head;body", "id;head;body\n", "id;head;body\r\n", "id;head;body\r",
        "\u{feff}id;head;body\n\n\n",
    ] {
        let told = decode(text);
        assert_eq!((told.batches.len(), told.batches[0].records()), (1, 0), "{text:?}");
        assert!(told.batches[0].last);
        assert_eq!(told.batches[0].rounds, 0);
    }
    let told = decode_with(&NOTE, utf16("id;head;body\r\n", Ends::Big).as_slice(), LIMITS);
    told.end.as_ref().unwrap();
    assert_eq!((told.batches.len(), told.batches[0].to_offset), (1, 30));
}

#[test]
fn a_nul_or_a_bad_byte_costs_its_row() {
    let told = decode(b"id;head;body\n1;a\0b;x\n2;a;b\n3;\xff;b\n\0\0\0\n4;a;b\n");
    assert_eq!(told.ids(), [2, 4]);
    let rejects = told.rejects();
    assert_eq!((rejects[0].line, rejects[0].column), (2, Some("head")));
    assert_eq!(
        (rejects[0].reason, rejects[1].reason),
        (Reason::InvalidEncoding, Reason::InvalidEncoding)
    );
    assert_eq!(rejects[2].reason, Reason::FieldCount);
}

#[test]
fn a_malformed_unit_of_utf16_costs_its_row() {
    let text = utf16("id;head;body\n1;x!y;b\n2;!!;b\n3;𝄞;b\n4;!", Ends::Little);
    // Each `!` becomes half of a surrogate pair.
    let units = text
        .chunks(2)
        .flat_map(|unit| if unit == b"!\0" { [0x34, 0xd8] } else { [unit[0], unit[1]] });
    let bytes: Vec<u8> = units.collect();
    let told = decode_with(&NOTE, bytes.as_slice(), LIMITS);
    told.end.as_ref().unwrap();
    assert_eq!(told.texts(), [(3, "𝄞".to_owned(), "b".to_owned())]);
    assert_eq!(
        told.faults(),
        [(2, Reason::InvalidEncoding), (3, Reason::InvalidEncoding), (5, Reason::FieldCount)]
    );
    assert_eq!(
        told.rejects()[2].offset,
        2 + 2 * "id;head;body\n1;x!y;b\n2;!!;b\n3;12;b\n".len() as u64
    );
    assert_eq!(told.batches[0].to_offset, bytes.len() as u64);
    // Half a unit at the end of the file.
    let mut cut = utf16("id;head;body\n1;a;b\n2;a;b", Ends::Little);
    cut.push(b'x');
    let told = decode_with(&NOTE, cut.as_slice(), LIMITS);
    assert_eq!((told.ids(), told.faults()), (vec![1], vec![(3, Reason::InvalidEncoding)]));
}

/// Rows that do not compress well.
fn rows(count: usize) -> String {
    let mut dice = Dice(1);
    let mut text = "id;head;body\n".to_owned();
    for n in 0..count {
        text += &format!("{n};{:x};{:x}\n", dice.roll(), dice.roll());
    }
    text
}

#[test]
fn a_truncated_file_fails_after_its_good_batches() {
    let text = rows(12_000);
    for packed in [gzip(text.as_bytes()), zstd(text.as_bytes())] {
        let whole = decode_with(&NOTE, packed.as_slice(), LIMITS);
        whole.account_for(text.as_bytes());
        let cut = &packed[..packed.len() * 2 / 3];
        let told = decode_with(&NOTE, cut, BatchLimits { rows: 500, ..LIMITS });
        assert!(told.message().contains("cannot be decompressed"), "{}", told.message());
        told.account_for(text.as_bytes());
        let rows = told.rows();
        assert!(rows.len() > 1_000 && rows.len() < 8_500, "{}", rows.len());
        assert_eq!(rows, whole.rows()[..rows.len()]);
        assert_eq!(told.end.unwrap_err().code(), Code::BadUserInput);
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
    for garbage in [&b"garbage"[..], b"\0\0\0", b"\x1f\x8b"] {
        assert!(failing(&[packed.as_slice(), garbage].concat()).message().contains("cannot be"));
    }
    assert!(failing(&[frame.as_slice(), b"garbage"].concat()).message().contains("cannot be"));
    let mut flipped = packed;
    let at = flipped.len() - 6;
    flipped[at] ^= 1;
    assert!(failing(&flipped).message().contains("cannot be decompressed"));
}

#[test]
fn a_zstd_window_beyond_the_bound_is_refused_by_name() {
    let packed = |window_log| {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(window_log).unwrap();
        encoder.write_all(rows(10).as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    assert_eq!(decode_with(&NOTE, packed(23).as_slice(), LIMITS).ids().len(), 10);
    let told = failing(&packed(24));
    assert!(told.message().contains("window"), "{}", told.message());
}

#[test]
fn a_file_shorter_than_its_checkpoint_is_refused() {
    let text = rows(10);
    let told = decode(&text);
    let resume = Resume { dialect: told.dialect(), offset: text.len() as u64 + 1, line: 12 };
    let packed = gzip(text.as_bytes());
    let dialect = decode_with(&NOTE, packed.as_slice(), LIMITS).dialect();
    let told = resume_with(&NOTE, packed.as_slice(), &Resume { dialect, ..resume }, LIMITS);
    assert!(told.message().contains("shorter than what was already loaded"));
}

#[test]
fn a_failure_to_read_keeps_its_own_code_and_the_batches_before() {
    let text = rows(12_000);
    let (chunks, from) = mpsc::channel(1 << 10);
    for chunk in text.as_bytes()[..text.len() / 2].chunks(8000) {
        chunks.try_send(Ok(bytes::Bytes::copy_from_slice(chunk))).unwrap();
    }
    let lost = Error::new(Code::Unavailable, "the store does not answer");
    chunks.try_send(Err(io::Error::other(lost))).unwrap();
    let limits = BatchLimits { rows: 500, ..LIMITS };
    let told = decode_with(&NOTE, ChannelReader::new(from), limits);
    told.account_for(text.as_bytes());
    assert!(told.batches.len() > 5);
    assert!(told.batches.iter().all(|batch| !batch.last));
    let error = told.end.unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::Unavailable, "the store does not answer"));
}
