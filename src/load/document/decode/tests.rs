use std::io::Write as _;

use flate2::write::GzEncoder;
use tokio::sync::mpsc;

use super::{Builder, DecodedDocuments, Layout, SMALL_DOCUMENTS, Small, decode_file, decode_small};
use crate::error::Error;
use crate::load::decode::{BatchLimits, Checkpoint};

fn limits(rows: usize) -> BatchLimits {
    BatchLimits { rows, bytes: 1 << 20, record_bytes: 1 << 20 }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// Reads on from a checkpoint. Returns the next one, the places of all rejects, and the error.
fn run(
    bytes: &[u8],
    checkpoint: Option<Checkpoint>,
    rows: usize,
) -> (Checkpoint, Vec<(u64, u32)>, Option<Error>) {
    let (out, mut decoded) = mpsc::channel(1_000);
    let from = checkpoint.as_ref();
    let error = decode_file(Layout::Json, bytes, from, limits(rows), &out).err();
    drop(out);
    let (mut next, mut places) = (checkpoint, Vec::new());
    while let Some(decoded) = decoded.blocking_recv() {
        match decoded {
            DecodedDocuments::Begun(first) => next = Some(first),
            DecodedDocuments::Batch(batch) => {
                let batch = batch.orders;
                places.extend(batch.rejects.iter().map(|reject| batch.place(reject.line)));
                let dialect = next.map(|next| next.dialect).expect("it has begun");
                next = Some(Checkpoint { dialect, offset: batch.to_offset, line: batch.to_line });
            }
        }
    }
    (next.expect("it has begun"), places, error)
}

#[test]
fn an_array_with_a_faulty_end_fails_alike_each_time() {
    let array = format!("[{}]", ["{}"; 50].join(","));
    let followed = [gzip(&array), b"no gzip".to_vec()].concat();
    let mut cut = gzip(&array);
    cut.truncate(cut.len() - 4);
    for bytes in [followed, cut] {
        for rows in [1, 7, 1_000] {
            let (mut checkpoint, mut places, first) = run(&bytes, None, rows);
            let first = first.expect("an error").to_string();
            for again in 0..2 {
                let (next, more, error) = run(&bytes, Some(checkpoint), rows);
                assert_eq!(error.expect("an error").to_string(), first, "{again}, {rows} rows");
                checkpoint = next;
                places.extend(more);
            }
            let read: Vec<_> = (1..=places.len() as u64).map(|number| (number, 0)).collect();
            assert_eq!(places, read, "each document once, {rows} rows");
        }
    }
}

#[test]
fn a_small_file_has_few_documents() {
    let small = |text: &str, layout| {
        let mut builder = Builder::new(limits(1_000)).unwrap();
        let added = match decode_small(layout, text.as_bytes(), 1, &mut builder).unwrap() {
            Small::Added { documents, .. } => Some(documents),
            Small::Large => None,
        };
        assert_eq!(added.unwrap_or_default(), builder.documents() as u64, "all or none");
        added
    };
    let array = |count| format!("[{}]", vec!["1"; count].join(","));
    assert_eq!(small(&array(SMALL_DOCUMENTS), Layout::Json), Some(1_000));
    assert_eq!(small(&array(SMALL_DOCUMENTS + 1), Layout::Json), None);
    assert_eq!(small(&"{}\n".repeat(SMALL_DOCUMENTS), Layout::Lines), Some(1_000));
    assert_eq!(small(&"{}\n".repeat(SMALL_DOCUMENTS + 1), Layout::Lines), None);
    let lines = format!("{{\"salesOrderId\":1,\"lines\":{}}}\n", array(20_000));
    assert_eq!(small(&lines.repeat(2), Layout::Lines), Some(2));
    assert_eq!(small(&lines.repeat(6), Layout::Lines), None, "of few documents, many lines");
}
