//! Small files that are decoded as a group.

use super::*;

const HEADER: &str = "id;head;body\n";

fn group(limits: BatchLimits) -> GroupDecoder {
    GroupDecoder::new(&NOTE, None, limits)
}

fn decode_next(group: &mut GroupDecoder, rows: &str) -> Option<WholeFile> {
    group.decode(format!("{HEADER}{rows}").as_bytes())
}

#[test]
fn keys_are_counted_over_all_files() {
    let mut group = group(LIMITS);
    let staged: [Vec<(u64, i16)>; 3] =
        ["1;a;\n2;b;\n", "3;c;\n", "2;d;\n1;e;\n1;f;\n"].map(|rows| {
            let whole = decode_next(&mut group, rows).unwrap();
            assert!(whole.batch.last);
            copied(&whole.batch.copy).into_iter().map(|(line, round, _)| (line, round)).collect()
        });
    let expected = [vec![(2, 0), (3, 0)], vec![(2, 0)], vec![(2, 1), (3, 1), (4, 2)]];
    assert_eq!(staged, expected);
}

#[test]
fn rows_are_of_the_place_of_their_file_and_bad_files_have_none() {
    let mut group = group(LIMITS);
    let mut file_of = |rows: &str| {
        let whole = decode_next(&mut group, rows)?;
        // The first field of the first row, after its count and length.
        whole.batch.copy.get(6..8).map(|bytes| [bytes[0], bytes[1]])
    };
    assert_eq!(file_of("1;a;\n"), Some([0, 1]));
    assert_eq!(file_of("2;a;\n"), Some([0, 2]));
    let mut bad = gzip(b"id;head;body\n7;a;\n");
    bad.truncate(bad.len() - 3);
    for bytes in [&b""[..], b"head;body\na;b\n", &bad] {
        assert!(group.decode(bytes).is_none());
    }
    let next = decode_next(&mut group, "3;a;\n").unwrap();
    assert_eq!(next.batch.copy.get(6..8), Some(&[0, 3][..]));
}

#[test]
fn a_group_is_full_at_the_limits_of_a_batch() {
    let limits = BatchLimits { rows: 4, ..LIMITS };
    let mut group = group(limits);
    assert!(decode_next(&mut group, "1;a;\n2;a;\n3;a;\n").is_some());
    assert!(!group.is_full());
    assert!(decode_next(&mut group, "4;a;\n5;a;\n6;a;\n7;a;\n8;a;\n").is_none(), "two batches");
    assert!(decode_next(&mut group, "4;a;\n").is_some());
    assert!(group.is_full());
}
