//! Files of other shapes: the same rows through each mapping that comes with the product as
//! from plain files, and what the ledger knows of mappings.

use std::process::Stdio;
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use salesgraph::dataset::Kind;
use salesgraph::load::{BUILTINS, LoadOptions, Mapping, Outcome};
use sqlx::postgres::PgPoolCopyExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::support::TestApp;
use crate::support::dialects::{Compression, Encoding, compress, encode};
use crate::support::python::python;
use crate::support::sample::{self, ALL, CUSTOMER, PERSON, PRODUCT};
use crate::support::shapes::{Locale, Row, Rows, Value, quoted};
use crate::support::snapshot::Snapshot;

/// The options of a load with a mapping.
fn mapped(mapping: &str) -> impl FnOnce(&mut LoadOptions) {
    let mapping = Arc::new(Mapping::open(mapping).expect("a mapping"));
    |options| options.mapping = Some(mapping)
}

pub(super) fn texts(text: &str, name: &str) -> impl FnOnce(&mut LoadOptions) + use<> {
    let mapping = Arc::new(Mapping::parse(name, text).expect("a mapping"));
    |options| options.mapping = Some(mapping)
}

/// The sample as plain files give it.
pub(super) async fn plain() -> Snapshot {
    let app = TestApp::start().await;
    sample::clean().put(&app, &ALL).await;
    assert_eq!(app.load_small().await.outcome, Outcome::Succeeded);
    app.snapshot().await
}

/// Loads the files by a mapping, and compares all rows with those of the plain ones.
pub(super) async fn same_rows(
    mapping: &str,
    what: &str,
    files: &[(String, Vec<u8>)],
    expected: &Snapshot,
) {
    let app = TestApp::start().await;
    for (key, bytes) in files {
        app.put(key, bytes.clone()).await;
    }
    let checked = app.loader(mapped(mapping)).await.check().await.expect("the check ends");
    assert_eq!(checked.outcome, Outcome::Succeeded, "{mapping}, {what}: {checked:#?}");
    let summary = app.loader(mapped(mapping)).await.run().await.expect("the run ends");
    assert_eq!(summary.outcome, Outcome::Succeeded, "{mapping}, {what}: {summary:#?}");
    assert_eq!(summary.files.len(), ALL.len(), "{mapping}, {what}");
    assert_eq!(app.snapshot().await.content, expected.content, "{mapping}, {what}");
    let again = app.loader(mapped(mapping)).await.run().await.expect("the run ends");
    assert_eq!((again.files_skipped, again.totals.read), (ALL.len(), 0), "{mapping}, {what}");
}

fn files(write: impl Fn(&Rows) -> (String, Vec<u8>)) -> Vec<(String, Vec<u8>)> {
    ALL.iter().map(|key| write(&Rows::of(key, sample::clean().file(key)))).collect()
}

#[tokio::test]
async fn install_script_files_give_the_same_rows() {
    let expected = plain().await;
    let cells = |row: &Row| {
        let cell = |value: &Value| match (value.kind, &value.text) {
            (Kind::Uuid, Some(text)) => format!("{{{text}}}"),
            (_, Some(text)) if text.is_empty() => "\0".to_owned(),
            _ => value.or(""),
        };
        row.values.iter().map(cell).collect()
    };
    // As the script of today documents them.
    let today = files(|rows| {
        let is_long = ["Person", "Store"].contains(&rows.table());
        let (delimiter, end) = if is_long { ("+|", "&|\n") } else { ("\t", "\n") };
        let text = rows.joined(delimiter, end, &cells);
        (format!("aw/{}.csv", rows.table()), text.into_bytes())
    });
    same_rows("adventureworks", "UTF-8", &today, &expected).await;
    for (what, skip) in [("UTF-16 with a BOM", 0), ("UTF-16 without one", 2)] {
        let wide = files(|rows| {
            let text = rows.joined("+|", "&|\r\n", &cells);
            let bytes = encode(&text, Encoding::Utf16Le).split_off(skip);
            (format!("{}.csv", rows.table()), bytes)
        });
        same_rows("adventureworks", what, &wide, &expected).await;
    }
}

#[tokio::test]
async fn spreadsheets_of_three_languages_give_the_same_rows() {
    let expected = plain().await;
    let german = Locale { date: ".", group: ".", yes: "WAHR", no: "FALSCH" };
    let french = Locale { date: "/", group: "\u{a0}", yes: "VRAI", no: "FAUX" };
    let brazilian = Locale { date: "/", group: ".", yes: "VERDADEIRO", no: "FALSO" };
    for (mapping, locale) in
        [("excel-de", german), ("excel-fr", french), ("excel-pt-br", brazilian)]
    {
        let text = |rows: &Rows, delimiter: char| {
            let cells = |row: &Row| {
                let cell = |text: String| quoted(&text, delimiter);
                row.values.iter().map(|value| cell(value.localised(&locale))).collect()
            };
            let delimiter = delimiter.to_string();
            rows.header.join(&delimiter) + "\r\n" + &rows.joined(&delimiter, "\r\n", &cells)
        };
        let key = |rows: &Rows, end: &str| format!("{}{end}", rows.dataset.file_stem);
        let ansi = files(|rows| {
            let text = text(rows, ';');
            let (bytes, _, is_lossy) = encoding_rs::WINDOWS_1252.encode(&text);
            let marked = || encode(&text, Encoding::Utf8Bom);
            (key(rows, ".csv"), if is_lossy { marked() } else { bytes.into_owned() })
        });
        same_rows(mapping, "windows-1252", &ansi, &expected).await;
        let unicode = files(|rows| {
            let bytes = encode(&text(rows, '\t'), Encoding::Utf16Le);
            (key(rows, "_1.txt.gz"), compress(&bytes, Compression::Gzip))
        });
        same_rows(mapping, "Unicode text", &unicode, &expected).await;
    }
}

#[tokio::test]
async fn data_frames_with_an_index_give_the_same_rows() {
    let expected = plain().await;
    let written = files(|rows| {
        let cells = |row: &Row| {
            let cell = |value: &Value| match (value.kind, &value.text) {
                (Kind::Boolean, Some(text)) => (if text == "1" { "True" } else { "False" }).into(),
                // A column that lacks some is one of floats.
                (Kind::Integer { .. } | Kind::SmallInt { .. }, Some(text)) if !value.required => {
                    format!("{text}.0")
                }
                _ => quoted(&value.or(""), ','),
            };
            let index = std::iter::once(row.number.to_string());
            index.chain(row.values.iter().map(cell)).collect()
        };
        let text = format!(",{}\n{}", rows.header.join(","), rows.joined(",", "\n", &cells));
        (format!("{}.csv", rows.dataset.file_stem), text.into_bytes())
    });
    same_rows("pandas", "defaults", &written, &expected).await;
}

#[tokio::test]
async fn what_postgres_copies_out_gives_the_same_rows() {
    let app = TestApp::start().await;
    sample::clean().put(&app, &ALL).await;
    assert_eq!(app.load_small().await.outcome, Outcome::Succeeded);
    let expected = app.snapshot().await;
    let mut copied = Vec::new();
    for dataset in salesgraph::dataset::ALL.iter() {
        let columns: Vec<&str> = dataset.columns.iter().map(|column| column.name).collect();
        let sql = format!(
            "COPY (SELECT {} FROM {}) TO STDOUT (FORMAT csv, HEADER)",
            columns.join(", "),
            dataset.table
        );
        let stream = app.pool.copy_out_raw(&sql).await.expect("COPY begins");
        let chunks: Vec<bytes::Bytes> = stream.try_collect().await.expect("COPY ends");
        copied.push((format!("{}.csv", dataset.file_stem), chunks.concat()));
    }
    same_rows("postgres-copy", "HEADER", &copied, &expected).await;
}

#[tokio::test]
async fn what_bcp_and_sqlcmd_write_gives_the_same_rows() {
    let expected = plain().await;
    let cells = |row: &Row| {
        let cell = |value: &Value| match &value.text {
            Some(text) if text.is_empty() => "\0".to_owned(),
            _ => value.or(""),
        };
        row.values.iter().map(cell).collect()
    };
    for (what, is_wide) in [("-c", false), ("-w", true)] {
        let written = files(|rows| {
            let text = rows.joined("\t", "\r\n", &cells);
            let bytes = match is_wide {
                true => encode(&text, Encoding::Utf16Le).split_off(2),
                false => text.into_bytes(),
            };
            (format!("{}.dat", rows.dataset.file_stem), bytes)
        });
        same_rows("bcp", what, &written, &expected).await;
    }
    for (what, width) in [("padded", 30), ("-W", 0)] {
        let written = files(|rows| {
            let pad = |text: String| format!("{text:<width$}");
            let cells = |row: &Row| row.values.iter().map(|value| pad(value.or("NULL"))).collect();
            let header: Vec<String> = rows.header.iter().cloned().map(pad).collect();
            let rule: Vec<String> = header.iter().map(|name| "-".repeat(name.len())).collect();
            let text = format!(
                "{}\r\n{}\r\n{}\r\n({} rows affected)\r\n",
                header.join("|"),
                rule.join("|"),
                rows.joined("|", "\r\n", &cells),
                rows.rows.len()
            );
            let encoding = if width == 0 { Encoding::Utf8 } else { Encoding::Utf16Le };
            (format!("{}.txt", rows.dataset.file_stem), encode(&text, encoding))
        });
        same_rows("sqlcmd", what, &written, &expected).await;
    }
}

pub(super) const OFFER: &str = "Nummer~|~Artikel~|~Stand@@\n";

/// Names of its own, a constant and a default, separators of several characters.
pub(super) const OURS: &str = "
[dataset.special_offer_product]
delimiter = '~|~'
terminator = '@@'
date = 'dd/MM/yyyy'
files = ['Angebote*.txt']
names = { Nummer = 'SpecialOfferID', Artikel = 'ProductID', Stand = 'ModifiedDate' }
constants = { rowguid = 'BB30B868-D86C-4557-8DB2-4B2D0A83A0FB' }
";

#[tokio::test]
async fn rejects_are_those_of_the_file_and_replayed_without_the_mapping() {
    let app = TestApp::start().await;
    sample::clean().put(&app, &[PRODUCT]).await;
    app.load_small().await;
    let product: i32 = app.value("SELECT min(product_id) FROM product").await;
    let text = format!("{OFFER}1~|~{product}~|~04/03/2011@@\n2~|~{product}~|~31/02/2011@@\n");
    app.put("Angebote-1.txt", text.clone()).await;
    let summary = app.loader(texts(OURS, "ours.toml")).await.run().await.expect("the run ends");
    assert_eq!(summary.outcome, Outcome::SucceededWithRejects, "{summary:#?}");
    assert_eq!((summary.totals.inserted, summary.totals.rejected), (1, 1));
    let day: String =
        app.value("SELECT modified_date::date::text FROM special_offer_product").await;
    assert_eq!(day, "2011-03-04", "the day comes first");
    let found: (i64, i64, String, String, Vec<u8>) =
        sqlx::query_as("SELECT line, byte_offset, column_name, message, raw FROM load_reject")
            .fetch_one(&app.pool)
            .await
            .expect("one reject");
    let raw = format!("2~|~{product}~|~31/02/2011");
    let offset = i64::try_from(text.find(&raw).expect("it is there")).expect("small");
    assert_eq!((found.0, found.1, found.2.as_str()), (3, offset, "ModifiedDate"));
    assert!(found.3.contains("dd/MM/yyyy"), "{}", found.3);
    assert_eq!(found.4, raw.into_bytes(), "the text as it is in the file");

    let file: i32 = app.value("SELECT file_id FROM load_reject").await;
    let replayed = app
        .run(&[
            "rejects",
            "replay",
            &format!("{file}:3"),
            "--raw",
            &format!("2~|~{product}~|~28/02/2011"),
        ])
        .await;
    replayed.expect(0);
    let days: i64 = app.value("SELECT count(*) FROM special_offer_product").await;
    assert_eq!(days, 2);
}

#[tokio::test]
async fn another_meaning_of_a_file_is_another_version_of_it() {
    let app = TestApp::start().await;
    sample::clean().put(&app, &[PRODUCT]).await;
    app.load_small().await;
    let product: i32 = app.value("SELECT min(product_id) FROM product").await;
    app.put("Angebote.txt", format!("{OFFER}1~|~{product}~|~04/03/2011@@\n")).await;
    let load = |text: String| {
        let app = &app;
        async move { app.loader(texts(&text, "m")).await.run().await.expect("the run ends") }
    };
    let day = || app.value::<String>("SELECT modified_date::date::text FROM special_offer_product");
    assert_eq!(load(OURS.to_owned()).await.totals.inserted, 1);
    let same = load(format!("# a comment\n{OURS}")).await;
    assert_eq!((same.files_skipped, same.totals.read), (2, 0), "a comment changes nothing");
    assert_eq!(day().await, "2011-03-04");
    let other = load(OURS.replace("dd/MM", "MM/dd")).await;
    assert_eq!((other.files_skipped, other.totals.updated), (1, 1), "{other:#?}");
    assert_eq!(day().await, "2011-04-03", "the month comes first");
    let back = load(OURS.to_owned()).await;
    assert_eq!((back.files_skipped, back.totals.updated), (1, 1), "{back:#?}");
    assert_eq!(day().await, "2011-03-04", "what was read last holds, though its day is earlier");
    let same = load(OURS.to_owned()).await;
    assert_eq!((same.files_skipped, same.totals.read), (2, 0), "read once more, and once only");
    app.assert_runs_add_up("after three readings").await;
    let known: Vec<String> = sqlx::query_scalar(
        "SELECT mapping FROM load_file WHERE object_key LIKE '%Angebote.txt' ORDER BY id",
    )
    .fetch_all(&app.pool)
    .await
    .expect("the ledger");
    assert_eq!(known.len(), 3);
    assert!(known[..2].iter().all(|mapping| mapping.len() == 32) && known[0] != known[1]);
    assert_eq!(known[2], format!("{}+2", &known[0][..24]), "the first, again");
}

#[tokio::test]
async fn the_program_maps_a_file_and_loads_by_the_mapping() {
    let app = TestApp::start().await;
    let clean = sample::clean();
    clean.put(&app, &[PERSON]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let rows = Rows::of(CUSTOMER, clean.file(CUSTOMER));
    let german = Locale { date: ".", group: ".", yes: "WAHR", no: "FALSCH" };
    let cells = |row: &Row| row.values.iter().map(|value| value.localised(&german)).collect();
    let header = rows.header.join(";").replace("AccountNumber", "Account Number");
    let text = format!("{header}\r\n{}", rows.joined(";", "\r\n", &cells));
    app.put("Kunden.csv", text).await;

    let file = format!("{}/Kunden.csv", app.source_uri());
    let out = path("kunden.toml");
    app.run(&["map", &file, "--out", &out]).await.expect(0).says(&[
        "it is Sales.Customer",
        "date = [\"dd.MM.yyyy HH:mm:ss,fff\"]",
        "\"Account Number\" = \"AccountNumber\"",
        "row 3 as it would be loaded",
    ]);
    let again = app.run(&["map", &file, "--out", &out]).await.expect(2);
    assert!(again.err.contains("as a new file"), "{}", again.err);
    app.run(&["load"]).await.expect(0);
    app.run(&["load", "--mapping", &out, "--check"]).await.expect(0).says(&["Kunden.csv"]);
    app.run(&["load", "--mapping", &out]).await.expect(0).says(&["Kunden.csv"]);
    let count: i64 = app.value("SELECT count(*) FROM customer").await;
    assert_eq!(count, clean.count(CUSTOMER));

    std::fs::write(path("wrong.toml"), "delimter = ';'").expect("a file");
    let wrong = app.run(&["load", "--mapping", &path("wrong.toml")]).await.expect(2);
    assert!(wrong.err.contains("did you mean delimiter?"), "{}", wrong.err);
    let none = app.run(&["load", "--mapping", "exel-de"]).await.expect(2);
    assert!(none.err.contains("excel-de"), "{}", none.err);
}

/// Validates the mappings that it is given by the JSON Schema that it is given first.
const VALIDATE: &str = "
import json, sys, tomllib
from jsonschema import Draft202012Validator
schema = json.load(open(sys.argv[1]))
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
for text in json.load(sys.stdin):
    print(json.dumps(validator.is_valid(tomllib.loads(text))))
";

/// What the schema says of a mapping, the loader says too, as far as a schema can know.
#[tokio::test]
async fn the_json_schema_accepts_what_the_loader_does() {
    let Some(python) = python("the JSON Schema of mappings").await else { return };
    let refused = [
        "delimter = ';'",
        "delimiter = 3",
        "delimiter = ''",
        "quote = '--'",
        "quote = 'x'",
        "encoding = 'utf8'",
        "header = 'no'",
        "skip = -1",
        "skip = 1001",
        "decimal = ';'",
        "columns = ['a']",
        "dataset = 3",
        "[dataset.persons]",
        "[dataset.person]\nfile = 'x.csv'",
        "[dataset.person]\ndefaults = { Suffix = [] }",
    ];
    let accepted = ["", "quote = ''", "delimiter = ['+|', ';']", OURS];
    let builtins = BUILTINS.iter().map(|builtin| builtin.text);
    let accepted: Vec<&str> = accepted.into_iter().chain(builtins).collect();
    for text in &refused {
        assert!(Mapping::parse("m", text).is_err(), "the loader takes {text}");
    }
    for text in &accepted {
        Mapping::parse("m", text).expect(text);
    }
    let texts: Vec<&str> = refused.iter().copied().chain(accepted).collect();
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/mapping.schema.json");
    let mut validator = Command::new(python);
    validator.args(["-c", VALIDATE, schema]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut validator = validator.spawn().expect("Python starts");
    let input = serde_json::to_vec(&texts).expect("JSON");
    let mut stdin = validator.stdin.take().expect("its input");
    stdin.write_all(&input).await.expect("it reads");
    drop(stdin);
    let output = validator.wait_with_output().await.expect("it ends");
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    let said: Vec<bool> = said.lines().map(|line| line == "true").collect();
    assert_eq!(said.len(), texts.len(), "one answer for each");
    for (at, (text, is_valid)) in texts.iter().zip(said).enumerate() {
        assert_eq!(is_valid, at >= refused.len(), "{text}");
    }
}
