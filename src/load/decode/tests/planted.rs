//! Generated files with known bad rows.

use std::fs;
use std::path::Path;

use super::*;
use crate::dataset::by_object_key;
use crate::sample::{OrderFiles, SampleOptions, SampleSummary, Shape, generate};

pub(super) fn sample(out: &Path, scale: f64, defects: f64) -> SampleSummary {
    let options = SampleOptions {
        out: out.to_owned(),
        scale,
        seed: 42,
        defects,
        optional: true,
        orders: OrderFiles::Csv,
        shape: Shape::Plain,
    };
    generate(&options, &mut |_, _| {}).unwrap()
}

/// The planted rows of one file; the decoder does not detect orphans.
fn expected(list: &str, path: &str, bytes: &[u8]) -> Vec<(u64, u64, String, String, Vec<u8>)> {
    let rows = list.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    rows.filter(|row| row["file"] == path && row["reason"] != "missing_parent")
        .map(|row| {
            let number = |name: &str| row[name].as_u64().unwrap();
            let text = |name: &str| row[name].as_str().unwrap().to_owned();
            let from = usize::try_from(number("offset")).unwrap();
            let to = from + usize::try_from(number("length")).unwrap();
            let raw = bytes[from..to].to_vec();
            (number("line"), number("offset"), text("column"), text("reason"), raw)
        })
        .collect()
}

#[test]
fn exactly_the_planted_rows_are_rejected() {
    let out = tempfile::tempdir().unwrap();
    let summary = sample(out.path(), 0.05, 0.05);
    let list = fs::read_to_string(out.path().join("defects.jsonl")).unwrap();
    let mut reasons = std::collections::BTreeSet::new();
    for (path, rows, _) in &summary.files {
        let bytes = fs::read(out.path().join(path)).unwrap();
        let output = decode_with(by_object_key(path).unwrap(), bytes.as_slice(), LIMITS);
        output.end.as_ref().unwrap();
        output.account_for(&bytes);
        let found: Vec<_> = output
            .rejects()
            .into_iter()
            .map(|rejected| {
                let column = rejected.column.unwrap_or_default().to_owned();
                let reason = rejected.reason.as_str().to_owned();
                (rejected.line, rejected.offset, column, reason, rejected.raw)
            })
            .collect();
        let planted = expected(&list, path, &bytes);
        for (found, planted) in found.iter().zip(&planted) {
            assert_eq!(found, planted, "{path}");
        }
        assert_eq!(found.len(), planted.len(), "{path}");
        assert_eq!(output.rows().len() as u64, rows - found.len() as u64, "{path}");
        reasons.extend(found.into_iter().map(|(_, _, _, reason, _)| reason));
    }
    assert_eq!(reasons.len(), 14, "{reasons:?}");
}
