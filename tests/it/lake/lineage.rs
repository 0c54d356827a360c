//! From a row to the bytes that it came from.

use crate::support::TestApp;
use crate::support::dialects::{Compression, Encoding, Written, compress};
use crate::support::documents;
use crate::support::mirrored::person;
use crate::support::sample::{self, ALL, DETAIL, HEADER, PERSON, PRODUCT};

/// The bytes that the command writes.
async fn bytes(app: &TestApp, of: &str, key: &str) -> Vec<u8> {
    let output = app.lake_command().args(["lineage", of, key, "--bytes"]).output().await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    output.stdout
}

/// What the command says: the bytes, and the text.
async fn lineage(app: &TestApp, of: &str, key: &str) -> (std::ops::Range<usize>, String, String) {
    let done = app.run_with_lake(&["lineage", of, key]).await.expect(0);
    let (head, text) = done.out.split_once("\n\n").expect("two parts");
    let bytes = head.lines().find_map(|line| line.strip_prefix("bytes")).expect("bytes").trim();
    let (range, _) = bytes.split_once(' ').unwrap_or((bytes, ""));
    let (from, to) = range.split_once('-').expect("a range");
    let range = from.parse().unwrap()..to.parse().unwrap();
    (range, text.trim_end_matches('\n').to_owned(), done.out.clone())
}

#[tokio::test]
async fn a_row_of_a_compressed_file_with_line_breaks_in_quotes() {
    let app = TestApp::start().await;
    let clean = sample::clean();
    let mut records: Vec<String> = (1..=300).map(|id| person(id, "Ana", 1)).collect();
    for at in [3, 70, 150] {
        records[at] = records[at].replacen("Ana", "\"A\r\nn;\"\"a\"\"\n\"", 1);
    }
    // One that is rejected counts as well.
    records[100] = "no person".to_owned();
    let plain = clean.with_records(PERSON, &records);
    app.put(&format!("{PERSON}.gz"), compress(&plain, Compression::Gzip)).await;
    app.load_and_keep().await;
    for id in [1, 4, 5, 71, 102, 151, 152, 300] {
        let (range, text, out) = lineage(&app, "Person", &id.to_string()).await;
        assert_eq!(text, records[id - 1], "{out}");
        assert_eq!(plain[range], *records[id - 1].as_bytes(), "{out}");
        assert_eq!(bytes(&app, "Person", &id.to_string()).await, records[id - 1].as_bytes());
        assert!(out.contains("of the decompressed text"), "{out}");
    }
    let (_, _, out) = lineage(&app, "person", "152").await;
    assert!(out.contains("line      159\n"), "{out}");
    let none = app.run_with_lake(&["lineage", "Person", "7777"]).await.expect(1);
    assert!(none.err.contains("person 7777"), "{}", none.err);
    app.run_with_lake(&["lineage", "Persons", "1"]).await.expect(2);
}

#[tokio::test]
async fn a_row_of_a_plain_file_in_another_encoding() {
    let app = TestApp::start().await;
    let clean = sample::clean();
    let written = Written { encoding: Encoding::Utf16Le, ..crate::support::dialects::USUAL };
    let all = written.rewrite(clean.file(PRODUCT));
    app.put(PRODUCT, all.clone()).await;
    app.load_and_keep().await;
    let units: Vec<u16> =
        all[2..].chunks(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
    let text = String::from_utf16(&units).unwrap();
    let records: Vec<&str> = text.lines().skip(1).collect();
    for record in [records[0], records[7], records[records.len() - 1]] {
        let id = record.split_once(';').unwrap().0.trim_matches('"');
        let expected: Vec<u8> = record.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(bytes(&app, "product", id).await, expected, "{record}");
        let (range, ..) = lineage(&app, "product", id).await;
        assert_eq!(all[range], expected, "{record}");
    }
}

#[tokio::test]
async fn an_order_of_a_document() {
    let app = TestApp::start().await;
    let clean = sample::clean();
    let others: Vec<&str> = ALL.into_iter().filter(|key| ![HEADER, DETAIL].contains(key)).collect();
    clean.put(&app, &others).await;
    let documents = documents::documents(clean);
    app.put_documents(&documents[..20]).await;
    let array: Vec<String> = documents[20..40].iter().map(documents::Document::json).collect();
    let array = format!("[\n{}{}]", array.join(",\n"), " ".repeat(200 * 1024));
    app.put("orders/all.json", array.clone()).await;
    app.load_and_keep().await;
    for document in [&documents[0], &documents[19], &documents[20], &documents[39]] {
        let (_, text, out) = lineage(&app, "SalesOrder", &document.id.to_string()).await;
        assert_eq!(text, document.json(), "{out}");
        assert_eq!(bytes(&app, "SalesOrder", &document.id.to_string()).await, text.as_bytes());
    }
}
