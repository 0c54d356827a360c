//! The same rows from every dialect of the files; and files that cannot be read.

use std::io::Read as _;

use salesgraph::load::Outcome;
use serde_json::{Value, json};

use crate::load::real::real_files;
use crate::support::TestApp;
use crate::support::dialects::{Compression, Encoding, USUAL, Written, encode, fields};
use crate::support::sample::{self, ALL, CUSTOMER, DETAIL, HEADER, OFFER, PERSON, PRODUCT};

/// Ways to write the files, each with its name and what the ledger records for the
/// file of orders: encoding and decimal mark.
const VARIANTS: [(&str, Written, &str, &str); 9] = [
    ("LF", Written { line_end: "\n", ..USUAL }, "utf-8", "comma"),
    (
        "comma, gzip",
        Written { delimiter: ',', compression: Compression::Gzip, ..USUAL },
        "utf-8",
        "comma",
    ),
    (
        "tab, dots, no BOM",
        Written { delimiter: '\t', decimal: Some('.'), encoding: Encoding::Utf8, ..USUAL },
        "utf-8",
        "dot",
    ),
    (
        "bar, commas, zstd",
        Written { delimiter: '|', decimal: Some(','), compression: Compression::Zstd, ..USUAL },
        "utf-8",
        "comma",
    ),
    ("UTF-16LE", Written { encoding: Encoding::Utf16Le, ..USUAL }, "utf-16le", "comma"),
    (
        "UTF-16BE, LF, empty for NULL",
        Written { encoding: Encoding::Utf16Be, line_end: "\n", null: "", ..USUAL },
        "utf-16be",
        "comma",
    ),
    (
        "empty for NULL, shuffled columns",
        Written { null: "", shuffled: true, ..USUAL },
        "utf-8",
        "comma",
    ),
    (
        "two gzip members of UTF-16",
        Written { encoding: Encoding::Utf16Le, compression: Compression::Gzips, ..USUAL },
        "utf-16le",
        "comma",
    ),
    (
        "everything else",
        Written {
            delimiter: ',',
            line_end: "\n",
            null: "",
            decimal: Some('.'),
            encoding: Encoding::Utf16Be,
            compression: Compression::Zstd,
            shuffled: true,
        },
        "utf-16be",
        "dot",
    ),
];

#[tokio::test]
async fn every_dialect_gives_the_same_rows() {
    let usual = TestApp::start().await;
    sample::clean().put(&usual, &ALL).await;
    assert_eq!(usual.load_small().await.outcome, Outcome::Succeeded);
    let expected = usual.snapshot().await.content;
    for (name, written, encoding, decimal_mark) in VARIANTS {
        let app = TestApp::start().await;
        for key in ALL {
            app.put(key, written.rewrite(sample::clean().file(key))).await;
        }
        let summary = app.load_small().await;
        assert_eq!(summary.outcome, Outcome::Succeeded, "{name}: {summary:?}");
        assert_eq!(app.snapshot().await.content, expected, "{name}");
        let detected = dialect(&app, HEADER).await;
        let compression = match written.compression {
            Compression::None => "none",
            Compression::Gzip | Compression::Gzips => "gzip",
            Compression::Zstd => "zstd",
        };
        let line_end = if written.line_end == "\n" { "lf" } else { "crlf" };
        let ignored: &[&str] = if written.shuffled { &["SURPLUS"] } else { &[] };
        for (part, value) in [
            ("compression", json!(compression)),
            ("encoding", json!(encoding)),
            ("delimiter", json!(written.delimiter)),
            ("line_end", json!(line_end)),
            ("decimal_mark", json!(decimal_mark)),
            ("ignored", json!(ignored)),
        ] {
            let found = if part == "ignored" {
                json!(
                    detected[part]
                        .as_array()
                        .expect("a list")
                        .iter()
                        .map(|name| name.as_str().expect("a name").to_uppercase())
                        .collect::<Vec<_>>()
                )
            } else {
                detected[part].clone()
            };
            assert_eq!(found, value, "{name}: {part}");
        }
    }
}

async fn dialect(app: &TestApp, key: &str) -> Value {
    sqlx::query_scalar("SELECT dialect FROM load_file WHERE object_key = $1")
        .bind(format!("incoming/{key}"))
        .fetch_one(&app.pool)
        .await
        .expect("the file's dialect")
}

/// The real files, without persons' long texts to save time.
fn real_file(key: &str) -> Option<Vec<u8>> {
    let file = std::fs::File::open(real_files()?.join(format!("{key}.gz"))).expect(key);
    let mut bytes = Vec::new();
    flate2::read::MultiGzDecoder::new(file).read_to_end(&mut bytes).expect("gzip");
    if key != PERSON {
        return Some(bytes);
    }
    let text = String::from_utf8(bytes).expect("UTF-8");
    let short = text.lines().enumerate().map(|(at, line)| {
        let mut values = fields(line);
        if at > 0 {
            // The two columns of XML.
            values[9..=10].fill("NULL".to_owned());
        }
        values.join(";") + "\r\n"
    });
    Some(short.collect::<String>().into_bytes())
}

/// The small files in every dialect, the large ones in the one that differs most.
#[tokio::test]
async fn every_dialect_of_the_real_files_gives_the_same_rows() {
    const LARGE: [&str; 3] = [PERSON, CUSTOMER, HEADER];
    let delivered = TestApp::start().await;
    for key in [PRODUCT, OFFER].into_iter().chain(LARGE) {
        let Some(file) = real_file(key) else { return };
        delivered.put(key, file).await;
    }
    let summary = delivered.load().await;
    assert_eq!(summary.outcome, Outcome::Succeeded, "as delivered: {summary:?}");
    let expected = delivered.snapshot().await.content;
    assert_eq!(expected["sales_order"].0, 31_465);
    for (name, written, ..) in VARIANTS {
        let app = TestApp::start().await;
        let large = if name == "everything else" { &LARGE[..] } else { &[] };
        for key in [PRODUCT, OFFER].iter().chain(large) {
            app.put(key, written.rewrite(&real_file(key).expect("it was there"))).await;
        }
        let summary = app.load().await;
        assert_eq!(summary.outcome, Outcome::Succeeded, "{name}: {summary:?}");
        for (table, content) in app.snapshot().await.content {
            if !large.is_empty() || ["product", "special_offer_product"].contains(&table) {
                assert_eq!(content, expected[table], "{name}: {table}");
            }
        }
    }
}

#[tokio::test]
async fn an_unreadable_file_fails_alone_and_says_what_was_expected() {
    let clean = sample::clean();
    let app = TestApp::start().await;
    clean.put(&app, &[PERSON, CUSTOMER]).await;
    let text = |key: &str| String::from_utf8(clean.file(key)[3..].to_vec()).expect("UTF-8");
    let without_column = text(PRODUCT).replacen("ListPrice", "Price", 1);
    app.put(PRODUCT, without_column.into_bytes()).await;
    app.put(OFFER, Vec::new()).await;
    app.put(HEADER, encode(&text(HEADER), Encoding::Utf16Le)[2..].to_vec()).await;
    let utf32: Vec<u8> =
        "\u{feff}SalesOrderID".chars().flat_map(|one| u32::from(one).to_le_bytes()).collect();
    app.put(DETAIL, utf32).await;

    let summary = app.load_small().await;

    assert_eq!(summary.outcome, Outcome::Failed);
    for (key, expected) in [
        (
            PRODUCT,
            &["lacks ListPrice", "Production.Product expects ProductID, Name", "found ProductID"][..],
        ),
        (OFFER, &["the file is empty", "expected a header row"]),
        (HEADER, &["the encoding is unknown", "expected UTF-8, or UTF-16 with a BOM"]),
        (DETAIL, &["the file is UTF-32", "expected UTF-8, or UTF-16 with a BOM"]),
    ] {
        let file = summary.files.iter().find(|file| file.key.ends_with(key)).expect(key);
        let error = file.error.as_ref().expect(key);
        assert_eq!(error.code, "BAD_USER_INPUT", "{key}");
        for part in expected {
            assert!(
                error.message.contains(part),
                "{key}: '{}' does not say '{part}'",
                error.message
            );
        }
        let (state, message): (String, String) =
            sqlx::query_as("SELECT state, error_message FROM load_file WHERE object_key = $1")
                .bind(format!("incoming/{key}"))
                .fetch_one(&app.pool)
                .await
                .expect(key);
        assert_eq!((state.as_str(), &message), ("failed", &error.message), "{key}");
    }
    let (state, code): (String, String) = sqlx::query_as("SELECT state, error_code FROM load_run")
        .fetch_one(&app.pool)
        .await
        .expect("one run");
    assert_eq!((state.as_str(), code.as_str()), ("failed", "BAD_USER_INPUT"));
    let state = app.snapshot().await;
    assert_eq!(state.rows("person"), clean.count(PERSON), "the good files are loaded");
    assert_eq!(state.rows("customer"), clean.count(CUSTOMER), "the good files are loaded");

    clean.put(&app, &ALL).await;
    let summary = app.load_small().await;
    assert_eq!((summary.outcome, summary.files_skipped), (Outcome::Succeeded, 2), "{summary:?}");
    let usual = TestApp::start().await;
    clean.put(&usual, &ALL).await;
    usual.load_small().await;
    assert_eq!(app.snapshot().await.content, usual.snapshot().await.content);
}

#[tokio::test]
async fn a_bad_row_in_utf_16_is_found_at_its_bytes_and_stored_as_utf_8() {
    let header = "CustomerID;PersonID;StoreID;TerritoryID;AccountNumber;rowguid;ModifiedDate\r\n";
    let row = |id: &str, account: &str| {
        format!(
            "{id};NULL;7;1;{account};5B9A9BE4-61D8-4E3B-96C2-9A9F1F6B0A5E;2014-09-12 11:15:07.253\r\n"
        )
    };
    let good = row("1", "AWé🚲ß");
    let bad = row("2", "🚲🚲🚲🚲🚲🚲🚲🚲🚲🚲🚲");
    let app = TestApp::start().await;
    let text = [header, &good, &row("3", "x"), &bad, &row("4", "y")].concat();
    app.put(CUSTOMER, encode(&text, Encoding::Utf16Be)).await;
    // A batch for each row, for checkpoints at every record.
    let summary = app.loader(|options| options.limits.rows = 1).await.run().await.expect("ends");
    assert_eq!(summary.outcome, Outcome::SucceededWithRejects, "{summary:?}");
    assert_eq!((summary.totals.inserted, summary.totals.rejected), (3, 1));
    let found: (i64, i64, String, String, Vec<u8>) =
        sqlx::query_as("SELECT line, byte_offset, column_name, reason, raw FROM load_reject")
            .fetch_one(&app.pool)
            .await
            .expect("one reject");
    let before = text.find(&bad).expect("it is there");
    let offset = 2 + 2 * text[..before].encode_utf16().count();
    let expected = (
        4,
        i64::try_from(offset).expect("few"),
        "AccountNumber".to_owned(),
        "too_long".to_owned(),
        bad.trim_end().as_bytes().to_vec(),
    );
    assert_eq!(found, expected);
    let end: i64 = app.value("SELECT byte_offset FROM load_checkpoint").await;
    assert_eq!(end, app.value::<i64>("SELECT byte_size FROM load_file").await);
}
