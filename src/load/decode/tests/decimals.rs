//! A column has one decimal mark in a file, wherever the file is cut into batches.

use super::*;
use crate::load::decode::dialect::HEAD;

static PRICE: Dataset = Dataset {
    carried: &[],
    table: "price",
    file_stem: "Test.Price",
    columns: &[
        column("id", Kind::Integer { min: 0, max: i32::MAX }, true),
        column("net", MONEY, false),
        column("gross", MONEY, false),
    ],
    key: &["id"],
    parents: &[],
    checks: &[],
};

const MONEY: Kind =
    Kind::Decimal { precision: 19, scale: 4, range: crate::dataset::DecimalRange::NotNegative };

fn prices(rows: &[&str], limits: BatchLimits) -> Output {
    let text = format!("id;net;gross\n{}\n", rows.join("\n"));
    let output = decode_with(&PRICE, text.as_bytes(), limits);
    output.end.as_ref().unwrap();
    output
}

fn ambiguous(output: &Output) -> Vec<u64> {
    let faults = output.faults();
    assert!(faults.iter().all(|(_, reason)| *reason == Reason::AmbiguousDecimal), "{faults:?}");
    faults.into_iter().map(|(line, _)| line).collect()
}

#[test]
fn values_with_the_other_mark_are_rejected() {
    let rows = ["1;999.99;1249.00", "2;1,250;1,899", "3;12,500.75;20,000.00", "4;1,898.0944;7"];
    let output = prices(&rows, LIMITS);
    assert_eq!((output.ids(), ambiguous(&output)), (vec![1, 3, 4], vec![3]));
    let rows = ["1;7887186,7882;0", "2;1.500;0", "3;1.500.000;0", "4;2.250.000,50;0"];
    let output = prices(&rows, LIMITS);
    assert_eq!((output.ids(), ambiguous(&output)), (vec![1, 3, 4], vec![3]));
}

#[test]
fn each_column_has_its_own_mark() {
    let output = prices(&["1;2024,994;2024.994000", "2;1,250;2.250", "3;1;1"], LIMITS);
    assert_eq!((output.ids(), ambiguous(&output)), (vec![1, 2, 3], vec![]));
    assert_eq!(output.dialect().decimal_mark, "mixed");
    // The most values count, not the first.
    let output = prices(&["1;1,5;", "2;1.5;", "3;2.5;", "4;1,250;"], LIMITS);
    assert_eq!((output.ids(), ambiguous(&output)), (vec![2, 3], vec![2, 5]));
}

#[test]
fn a_column_that_tells_nothing_has_the_mark_of_the_others() {
    let output = prices(&["1;1,250;9,99", "2;1.250;9,99"], LIMITS);
    assert_eq!((output.ids(), ambiguous(&output)), (vec![1], vec![3]));
    let output = prices(&["1;1,250;", "2;1.250;"], LIMITS);
    assert_eq!((output.ids(), ambiguous(&output)), (vec![], vec![2, 3]));
}

#[test]
fn a_number_that_the_examined_part_cuts_off_tells_nothing() {
    let mut text = "id;net;gross\n".to_owned();
    while text.len() < HEAD - 64 {
        text += "1;1;1\n";
    }
    // Cut off, the last one reads 1,25.
    let row = format!("{};1;", "1".repeat(HEAD - 8 - text.len() + 1));
    text += &format!("{row}1,250\n");
    assert_eq!(text.len(), HEAD + 2, "its last digit is beyond");
    let output = decode_with(&PRICE, text.as_bytes(), LIMITS);
    assert_eq!(output.dialect().decimal_mark, "none");
}

/// What is learned after the first rows stays, in every batch and when a file is resumed.
#[test]
fn a_mark_is_learned_once() {
    let mut text = "id;net;gross\n".to_owned();
    // More than is examined in advance.
    let before = 9_000;
    (0..before).for_each(|id| text += &format!("{id};1;7\n"));
    for row in ["1,250;1", "12,50;x", "1,250;1", "9.75;1", "1,250;1", "1.250;1", "1.5;1"] {
        text += &format!("{before};{row}\n");
    }
    let whole = decode_with(&PRICE, text.as_bytes(), LIMITS);
    let lines: Vec<u64> = whole.faults().into_iter().map(|(line, _)| line - before - 2).collect();
    assert_eq!(lines, [0, 1, 2, 4], "{:?}", whole.faults());
    assert_eq!(whole.rows().len() as u64, before + 3);
    for rows in [3, 4_000] {
        let limits = BatchLimits { rows, ..LIMITS };
        let output = decode_with(&PRICE, text.as_bytes(), limits);
        assert_eq!(output.faults(), whole.faults());
        let mut dialect = output.dialect();
        for (at, batch) in output.batches.iter().enumerate() {
            dialect = batch.dialect.clone().unwrap_or(dialect);
            if batch.to_line < before || batch.last {
                continue;
            }
            let dialect = dialect.clone();
            let checkpoint = Checkpoint { dialect, offset: batch.to_offset, line: batch.to_line };
            let rest = &text.as_bytes()[usize::try_from(batch.to_offset).unwrap()..];
            let resumed = resume_with(&PRICE, rest, &checkpoint, limits);
            let faulty: usize = output.batches[at + 1..].iter().map(|it| it.rejects.len()).sum();
            let faults = output.faults();
            assert_eq!(resumed.faults(), faults[faults.len() - faulty..]);
        }
    }
}
