//! Random input: well-formed rows are decoded exactly, and every byte of garbage is
//! accounted for.

use super::*;

/// Without digits: no line within a field reads as a record.
const PIECES: &[&str] = &[
    "a", "Z", "o", " ", "\"", "\"\"", ";", ",", "\t", "|", "\n", "\r\n", "\r", "'", "é", "𝄞",
    "\u{feff}", "\u{2028}", "NULL", "\\", "\\\"", "plain text",
];

fn field(dice: &mut Dice) -> String {
    (0..dice.below(7)).map(|_| dice.pick(PIECES)).collect()
}

/// As in RFC 4180, with some unneeded quotes.
fn written(field: &str, delimiter: &str, dice: &mut Dice) -> String {
    let needed = field.contains(['"', '\n', '\r']) || field.contains(delimiter);
    if needed || dice.below(4) == 0 {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[test]
fn well_formed_rows_are_decoded_exactly() {
    for seed in 0..60 {
        let mut dice = Dice(seed);
        let delimiter = dice.pick(&[";", ",", "\t", "|"]);
        let line_end = dice.pick(&["\n", "\r\n", "\r"]);
        let mut text = dice.pick(&["", "\u{feff}"]).to_owned();
        text += &["id", "head", "body"].join(delimiter);
        let mut rows = Vec::new();
        for id in 0..40 {
            let (head, body) = (field(&mut dice), field(&mut dice));
            let cells = [&head, &body].map(|cell| written(cell, delimiter, &mut dice));
            text += &format!("{line_end}{id}{delimiter}{}", cells.join(delimiter));
            let null = |text: String| if text == "NULL" { String::new() } else { text };
            rows.push((id, null(head), null(body)));
        }
        let output = decode(&text);
        assert_eq!(output.faults(), [], "seed {seed}");
        assert_eq!(output.texts(), rows, "seed {seed}");

        let limits = BatchLimits { rows: 1 + dice.below(9), ..LIMITS };
        let bytes = utf16(text.trim_start_matches('\u{feff}'), Endian::Big);
        let most = 1 + dice.below(200);
        let dribble = Dribble { input: bytes.as_slice(), dice, most };
        let output = decode_with(&NOTE, dribble, limits);
        output.check_chain();
        assert_eq!(output.texts(), rows, "seed {seed} as UTF-16");
        assert_eq!(output.batches.last().unwrap().to_offset, bytes.len() as u64);
    }
}

#[test]
fn every_byte_of_garbage_is_accounted_for() {
    const BYTES: &[&[u8]] = &[
        b"\"",
        b"\"",
        b";",
        b";",
        b"\n",
        b"\n",
        b"\r",
        b"\r\n",
        b"1",
        b"x",
        b"\0",
        b"\xff",
        b"\xef\xbb\xbf",
        "é".as_bytes(),
        b"1;a;b\n",
        b"\n2;\"a\";b\n",
        b"\xc3",
    ];
    for seed in 0..150 {
        let mut dice = Dice(seed);
        let mut text = b"id;head;body\n".to_vec();
        for _ in 0..dice.below(400) {
            text.extend_from_slice(dice.pick(BYTES));
        }
        let limits = BatchLimits {
            rows: 1 + dice.below(20),
            bytes: 1 + dice.below(300),
            record_bytes: dice.below(60),
        };
        let most = 1 + dice.below(100);
        let dribble = Dribble { input: text.as_slice(), dice, most };
        let output = decode_with(&NOTE, dribble, limits);
        output.end.as_ref().unwrap();
        output.account_for(&text);

        let dialect = output.dialect();
        let Some(batch) = output.batches.get(output.batches.len() / 2) else { continue };
        let checkpoint = Checkpoint { dialect, offset: batch.to_offset, line: batch.to_line };
        let rest = &text[usize::try_from(batch.to_offset).unwrap()..];
        let resumed = resume_with(&NOTE, rest, &checkpoint, limits);
        let rows = output.rows();
        assert_eq!(resumed.rows(), rows[rows.len() - resumed.rows().len()..], "seed {seed}");
        let records = |batches: &[Batch]| batches.iter().map(Batch::records).sum::<usize>();
        let after = &output.batches[output.batches.len() / 2 + 1..];
        assert_eq!(records(&resumed.batches), records(after), "seed {seed}");
    }
}

#[test]
fn garbage_never_panics() {
    for seed in 0..400 {
        let mut dice = Dice(seed);
        let start: &[u8] = dice.pick(&[
            b"",
            b"\x1f\x8b\x08\0",
            b"\x28\xb5\x2f\xfd",
            b"\xff\xfe",
            b"\xfe\xff",
            b"\xef\xbb\xbf",
            b"\xff\xfei\0d\0;\0h\0e\0a\0d\0;\0b\0o\0d\0y\0\n\0",
        ]);
        let mut input = start.to_vec();
        let length = dice.below(600);
        input.extend((0..length).map(|_| dice.roll().to_le_bytes()[0]));
        let output = decode_with(&NOTE, input.as_slice(), BatchLimits { rows: 5, ..LIMITS });
        if output.begun.is_some() {
            output.check_chain();
        }
    }
}
