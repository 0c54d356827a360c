//! Every version that is loaded is kept, once.

use chrono::Utc;
use salesgraph::load::Outcome;
use salesgraph::storage::{CopySizes, Source};

use crate::support::TestApp;
use crate::support::dialects::{Compression, compress};
use crate::support::documents;
use crate::support::kept::sha256;
use crate::support::mirrored::person;
use crate::support::sample::{self, ALL, DETAIL, HEADER, PERSON, PRODUCT, REQUIRED};

#[tokio::test]
async fn each_file_is_kept_with_its_manifest() {
    let app = TestApp::start().await;
    sample::clean().put(&app, &ALL).await;
    let zipped = compress(sample::clean().file(PERSON), Compression::Gzip);
    app.bucket.delete(&format!("incoming/{PERSON}")).await.unwrap();
    app.put(&format!("{PERSON}.gz"), zipped.clone()).await;
    let summary = app.load_and_keep().await;
    assert_eq!(summary.outcome, Outcome::Succeeded, "{:?}", summary.first_error());
    let manifests = app.assert_kept_whole().await;
    assert_eq!(manifests.len(), ALL.len());
    let of = |table: &str| manifests.iter().find(|it| it.dataset == table).expect(table);
    let person = of("person");
    assert_eq!(person.run_id, summary.run_id.unwrap());
    assert_eq!((person.mapping.as_str(), person.mode.as_str()), ("", "merge"));
    let object = &person.objects[0];
    assert_eq!(object.uri, format!("{}/{PERSON}.gz", app.source_uri()));
    assert_eq!(object.sha256, sha256(&zipped));
    let day = Utc::now().format("%Y/%m/%d");
    let digits = &object.etag[..12];
    assert_eq!(object.raw, format!("raw/person/{day}/Person.Person-{digits}.csv.gz"));
}

#[tokio::test]
async fn an_overwritten_file_is_kept_again_and_a_known_one_is_not() {
    let app = TestApp::start().await;
    let clean = sample::clean();
    app.put(PERSON, clean.with_records(PERSON, &[person(1, "Ana", 1)])).await;
    app.load_and_keep().await;
    let first = app.kept().await;
    app.load_and_keep().await;
    assert_eq!(app.kept().await, first);
    app.put(PERSON, clean.with_records(PERSON, &[person(1, "Bea", 2)])).await;
    app.load_and_keep().await;
    assert_eq!(app.assert_kept_whole().await.len(), 2);
    // The first content once more is a version that is known.
    app.put(PERSON, clean.with_records(PERSON, &[person(1, "Ana", 1)])).await;
    app.load_and_keep().await;
    assert_eq!(app.kept().await.0.len(), 2);
}

#[tokio::test]
async fn two_files_of_the_same_content_have_a_manifest_each() {
    let app = TestApp::start().await;
    let text = sample::clean().with_records(PERSON, &[person(1, "Ana", 1)]);
    app.put(&format!("a/{PERSON}"), text.clone()).await;
    app.put(&format!("b/{PERSON}"), text).await;
    app.load_and_keep().await;
    let manifests = app.assert_kept_whole().await;
    let mut sources: Vec<_> = manifests.iter().map(|it| it.objects[0].key.as_str()).collect();
    sources.sort_unstable();
    assert_eq!(sources, [format!("incoming/a/{PERSON}"), format!("incoming/b/{PERSON}")]);
}

#[tokio::test]
async fn small_files_that_are_loaded_together_are_kept_one_by_one() {
    let app = TestApp::start().await;
    for number in 1..=60 {
        let key = format!("person/Person.Person-{number:03}.csv");
        let records = [person(number, "Ana", 1)];
        app.put(&key, sample::clean().with_records(PERSON, &records)).await;
    }
    let summary = app.load_and_keep().await;
    assert_eq!(summary.outcome, Outcome::Succeeded, "{:?}", summary.first_error());
    assert_eq!(app.assert_kept_whole().await.len(), 60);
}

#[tokio::test]
async fn a_page_of_documents_has_one_manifest() {
    let app = TestApp::start().await;
    let clean = sample::clean();
    let others: Vec<&str> = ALL.into_iter().filter(|key| ![HEADER, DETAIL].contains(key)).collect();
    clean.put(&app, &others).await;
    let documents = documents::documents(clean);
    app.put_documents(&documents[..40]).await;
    let lines: Vec<String> = documents[40..60].iter().map(documents::Document::json).collect();
    let large = format!("{}\n{}", lines.join("\n"), " ".repeat(200 * 1024));
    app.put("orders/all.ndjson", large).await;
    let summary = app.load_and_keep().await;
    assert_eq!(summary.outcome, Outcome::Succeeded, "{:?}", summary.first_error());
    let manifests = app.assert_kept_whole().await;
    let of_documents = manifests.iter().filter(|it| it.dataset == "sales_order_document");
    let mut sizes: Vec<usize> = of_documents.map(|it| it.objects.len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [1, 40], "one file alone, and a page");
    let kept: i64 = app
        .value(
            "SELECT count(DISTINCT load_raw_object(source_file_id, source_line)) \
                FROM sales_order",
        )
        .await;
    assert_eq!(kept, 41);
}

#[tokio::test]
async fn files_of_a_folder_are_kept_too() {
    let app = TestApp::start().await;
    let dir = tempfile::tempdir().unwrap();
    for key in REQUIRED {
        let path = dir.path().join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, sample::clean().file(key)).unwrap();
    }
    let mut load = app.keeping(|options| options.limits.rows = 100).await;
    let uri = format!("file://{}", dir.path().display()).parse().unwrap();
    load.source = Source::connect(&uri, app.s3()).await.unwrap();
    let summary = load.run().await.unwrap();
    assert_eq!(summary.outcome, Outcome::Succeeded, "{:?}", summary.first_error());
    assert_eq!(app.assert_kept_whole().await.len(), REQUIRED.len());
}

/// Copies that are done wait for their files, while one that goes alone wants its share.
#[tokio::test]
async fn a_folder_of_small_files_with_one_that_fits_no_group_is_kept() {
    let app = TestApp::start().await;
    let dir = tempfile::tempdir().unwrap();
    let clean = sample::clean();
    let write = |name: &str, bytes: &[u8]| std::fs::write(dir.path().join(name), bytes).unwrap();
    for number in 1..=40 {
        let name = format!("Person.Person-{number:02}.csv");
        // A second one is rejected: more than the bound allows, so that it goes alone.
        let mut records = vec![person(number, "Ana", 1)];
        records.extend((number == 2).then(|| "no person".to_owned()));
        write(&name, &clean.with_records(PERSON, &records));
    }
    let mut large = clean.file(PRODUCT).to_vec();
    large.extend(std::iter::repeat_n(b'\n', 1_200_000));
    write("Production.Product.csv", &large);
    let mut load = app.keeping(|options| options.max_rejects = Some("0".parse().unwrap())).await;
    let uri = format!("file://{}", dir.path().display()).parse().unwrap();
    load.source = Source::connect(&uri, app.s3()).await.unwrap();
    let summary = load.run().await.unwrap();
    let failed: Vec<&str> = summary
        .files
        .iter()
        .filter(|file| file.error.is_some())
        .map(|file| file.key.rsplit('/').next().unwrap_or_default())
        .collect();
    assert_eq!(failed, ["Person.Person-02.csv"]);
    let loaded: i64 = app.value("SELECT count(*) FROM load_raw").await;
    assert_eq!(loaded, 40);
    assert_eq!(app.kept().await.1.len(), 40, "what was refused has no manifest");
}

#[tokio::test]
async fn a_lake_and_a_source_that_hold_each_other_are_refused() {
    let app = TestApp::start().await;
    app.put(PERSON, sample::clean().with_records(PERSON, &[person(1, "Ana", 1)])).await;
    let (source, bucket) = (app.source_uri(), app.bucket_name());
    for (lake, is_apart) in [
        (format!("{source}/lake"), false),
        (source.clone(), false),
        (format!("s3://{bucket}"), false),
        (format!("{source}2"), true),
    ] {
        let done = app.command().arg("load").env("LAKE_URI", &lake).output().await.unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.success(), is_apart, "{lake}: {said}");
        if !is_apart {
            assert!(said.contains(&lake) && said.contains(&source), "{said}");
            assert!(said.contains("LAKE_URI"), "{said}");
        }
    }
    let runs: Vec<String> =
        sqlx::query_scalar("SELECT coalesce(error_code, 'none') FROM load_run ORDER BY started_at")
            .fetch_all(&app.pool)
            .await
            .unwrap();
    assert_eq!(runs, ["CONFIG", "CONFIG", "CONFIG", "none"]);
}

#[tokio::test]
async fn nothing_is_kept_when_it_is_switched_off() {
    let app = TestApp::start().await;
    sample::clean().put(&app, &[PERSON]).await;
    let off = app.lake_command().arg("load").env("LAKE_RAW", "off").output().await.unwrap();
    assert_eq!(off.status.code(), Some(0));
    assert_eq!(app.kept().await, (vec![], vec![]));
    app.put(PERSON, sample::clean().with_records(PERSON, &[person(1, "Ana", 1)])).await;
    app.run_with_lake(&["load"]).await.expect(0);
    assert_eq!(app.kept().await.0.len(), 1);
}

/// Copies above the size of one request are made of parts, and one that is there stays.
#[tokio::test]
async fn a_large_object_is_copied_in_parts() {
    let app = TestApp::start().await;
    let bytes: Vec<u8> = (0..12_000_007_u32).map(|at| (at % 251) as u8).collect();
    app.put("large file.csv", bytes.clone()).await;
    let source = Source::connect(&app.source_uri().parse().unwrap(), app.s3()).await.unwrap();
    let object = source.list().next_page().await.unwrap().unwrap().remove(0);
    let sizes = CopySizes { whole: 1 << 20, part: 5 << 20 };
    let copy = app.bucket.copy(&source, &object, "copy", sizes).await.unwrap();
    assert!(copy.etag.ends_with("-3"), "{copy:?}");
    assert_eq!(app.bucket.get_bytes("copy", 1 << 30).await.unwrap(), Some(bytes));
    assert_eq!(app.bucket.copy(&source, &object, "copy", sizes).await.unwrap(), copy);
    let whole = CopySizes::default();
    assert_eq!(app.bucket.copy(&source, &object, "copy", whole).await.unwrap(), copy, "as it was");
    // Another version is not taken for it.
    app.put("large file.csv", b"other".to_vec()).await;
    let refused = app.bucket.copy(&source, &object, "second", whole).await.unwrap_err();
    assert!(refused.message().contains("overwritten"), "{refused}");
    let new = source.list().next_page().await.unwrap().unwrap().remove(0);
    let refused = app.bucket.copy(&source, &new, "copy", whole).await.unwrap_err();
    assert!(refused.message().contains("another object"), "{refused}");
}
