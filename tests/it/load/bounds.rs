//! `--max-rejects`, `--atomic` and `--check`.

use salesgraph::config::MaxRejects;
use salesgraph::load::{FileSummary, Outcome, RunSummary};
use sqlx::AssertSqlSafe;

use crate::support::TestApp;
use crate::support::ledger::small_batches;
use crate::support::sample::{self, ALL, PERSON, PRODUCT};

async fn load(app: &TestApp, bound: Option<MaxRejects>, atomic: bool) -> RunSummary {
    let change = |options: &mut salesgraph::load::LoadOptions| {
        options.limits.rows = 50;
        options.max_rejects = bound;
        options.atomic = atomic;
    };
    app.loader(change).await.run().await.expect("the run ends")
}

/// The only file that failed, and its error.
fn failed(summary: &RunSummary) -> (&FileSummary, &str) {
    let failed: Vec<_> =
        summary.files.iter().filter_map(|file| Some((file, file.error.as_ref()?))).collect();
    let [(file, error)] = failed.as_slice() else { panic!("one file fails: {summary:?}") };
    assert_eq!(error.code, "BAD_USER_INPUT");
    (file, &error.message)
}

/// Persons with bad rows, products without.
async fn bad_persons() -> TestApp {
    let app = TestApp::start().await;
    app.put(PERSON, sample::defective().file(PERSON)).await;
    app.put(PRODUCT, sample::clean().file(PRODUCT)).await;
    app
}

#[tokio::test]
async fn a_file_over_the_bound_fails_and_continues_when_the_bound_is_raised() {
    let app = bad_persons().await;
    let summary = load(&app, Some(MaxRejects::Count(5)), false).await;
    assert_eq!(summary.outcome, Outcome::Failed);
    let (file, why) = failed(&summary);
    assert!(file.key.ends_with(PERSON), "{}", file.key);
    for part in [" records were rejected", "--max-rejects 5", "rejects list", "raise the bound"] {
        assert!(why.contains(part), "'{why}' does not say '{part}'");
    }
    assert!(file.counts.rejected > 5 && file.counts.inserted > 0, "{file:?}");
    assert!(file.counts.read < sample::defective().count(PERSON), "it stopped halfway");
    let (state, message): (String, String) =
        sqlx::query_as("SELECT state, error_message FROM load_file WHERE dataset = 'person'")
            .fetch_one(&app.pool)
            .await
            .expect("the file");
    assert_eq!((state.as_str(), message.as_str()), ("failed", why));
    app.assert_ledger_holds("past the bound").await;
    let products: i64 = app.value("SELECT count(*) FROM product").await;
    assert_eq!(products, sample::clean().count(PRODUCT), "the other file is loaded");

    let again = load(&app, Some(MaxRejects::Count(5)), false).await;
    assert_eq!(again.outcome, Outcome::Failed, "the bound still holds for the whole file");

    let raised = load(&app, Some(MaxRejects::Count(1_000)), false).await;
    assert_eq!((raised.outcome, raised.files_skipped), (Outcome::SucceededWithRejects, 1));
    assert!(
        raised.totals.read < sample::defective().count(PERSON),
        "it continued at its checkpoint"
    );
    app.assert_ledger_holds("with the bound raised").await;
    let undisturbed = bad_persons().await;
    load(&undisturbed, None, false).await;
    assert_eq!(app.snapshot().await, undisturbed.snapshot().await);
}

#[tokio::test]
async fn a_share_of_rejects_is_checked_at_the_end_of_a_small_file() {
    let app = bad_persons().await;
    let summary = load(&app, Some(MaxRejects::Percent(1.0)), false).await;
    let (file, why) = failed(&summary);
    assert!(why.contains("--max-rejects 1%"), "{why}");
    assert_eq!(file.counts.read, sample::defective().count(PERSON), "read to its end");
    let state: String = app.value("SELECT state FROM load_file WHERE dataset = 'person'").await;
    assert_eq!(state, "failed", "a file over the bound does not count as loaded");

    let raised = load(&app, Some(MaxRejects::Percent(50.0)), false).await;
    assert_eq!(raised.outcome, Outcome::SucceededWithRejects, "{raised:?}");
    assert_eq!(raised.totals.read, 0, "nothing is left to read: {raised:?}");
    let undisturbed = bad_persons().await;
    load(&undisturbed, Some(MaxRejects::Percent(50.0)), false).await;
    assert_eq!(app.snapshot().await, undisturbed.snapshot().await);
}

#[tokio::test]
async fn an_atomic_load_leaves_no_row_of_a_failed_file() {
    let app = bad_persons().await;
    let summary = load(&app, Some(MaxRejects::Count(5)), true).await;
    assert_eq!(summary.outcome, Outcome::Failed);
    let (file, why) = failed(&summary);
    for part in ["--max-rejects 5", "nothing of the file was kept", "--check"] {
        assert!(why.contains(part), "'{why}' does not say '{part}'");
    }
    assert_eq!(file.counts, salesgraph::load::Counts::default(), "nothing was done");
    for query in [
        "SELECT count(*) FROM person",
        "SELECT count(*) FROM load_reject",
        "SELECT count(*) FROM load_checkpoint JOIN load_file ON id = file_id \
         WHERE dataset = 'person'",
        "SELECT rows_read FROM load_file WHERE dataset = 'person'",
    ] {
        assert_eq!(app.value::<i64>(query).await, 0, "{query}");
    }
    let (state, message): (String, String) =
        sqlx::query_as("SELECT state, error_message FROM load_file WHERE dataset = 'person'")
            .fetch_one(&app.pool)
            .await
            .expect("the file");
    assert_eq!((state.as_str(), message.as_str()), ("failed", why));
    let products: i64 = app.value("SELECT count(*) FROM product").await;
    assert_eq!(products, sample::clean().count(PRODUCT), "the other file is loaded");

    let raised = load(&app, None, true).await;
    assert_eq!(raised.outcome, Outcome::SucceededWithRejects);
    app.assert_ledger_holds("after an atomic load").await;
    let undisturbed = bad_persons().await;
    load(&undisturbed, None, false).await;
    assert_eq!(app.snapshot().await, undisturbed.snapshot().await, "atomic or not");
}

/// Row counts of every table, and of the system catalogue.
async fn everything(app: &TestApp) -> Vec<(String, i64)> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables \
         WHERE schemaname = 'public' ORDER BY 1",
    )
    .fetch_all(&app.pool)
    .await
    .expect("the tables");
    let mut counts = Vec::new();
    for table in tables {
        let sql = format!("SELECT count(*) FROM {table}");
        let count = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&app.pool).await;
        counts.push((table, count.expect("a count")));
    }
    counts
}

#[tokio::test]
async fn a_check_writes_nothing_and_reports_what_a_load_would_do() {
    let defective = sample::defective();
    let app = TestApp::start().await;
    defective.put(&app, &ALL).await;
    let before = (everything(&app).await, app.snapshot().await);
    assert!(before.0.len() >= 12, "{:?}", before.0);
    let checked = app.loader(small_batches).await.check().await.expect("the check ends");
    assert_eq!((everything(&app).await, app.snapshot().await), before, "nothing is written");
    assert_eq!(checked.run_id, None);

    for file in &checked.files {
        let planted = |line: u64| {
            let found = defective
                .planted
                .iter()
                .find(|bad| file.key.ends_with(&bad.file) && bad.line == line);
            found.unwrap_or_else(|| panic!("{}:{line} is a good row", file.key))
        };
        let own = defective
            .planted
            .iter()
            .filter(|bad| file.key.ends_with(&bad.file) && bad.reason != "missing_parent");
        let least = own.count().clamp(1, 15);
        assert!(file.samples.len() >= least, "{}: {} samples", file.key, file.samples.len());
        for sample in &file.samples {
            let bad = planted(sample.line);
            assert_eq!(sample.reason, bad.reason, "{}:{}", file.key, sample.line);
            assert_eq!(
                sample.column.as_deref().unwrap_or_default(),
                bad.column,
                "{}:{}",
                file.key,
                sample.line
            );
            assert!(!sample.message.is_empty());
        }
    }

    let loaded = app.load_small().await;
    assert_eq!(checked.outcome, loaded.outcome);
    assert_eq!(checked.totals, loaded.totals);
    for file in &loaded.files {
        let same = checked.files.iter().find(|other| other.key == file.key).expect("checked too");
        assert_eq!(same.counts, file.counts, "{}", file.key);
    }

    // With everything loaded, nothing would be new.
    let before = (everything(&app).await, app.snapshot().await);
    let checked = app.loader(small_batches).await.check().await.expect("the check ends");
    assert_eq!((everything(&app).await, app.snapshot().await), before, "nothing is written");
    assert_eq!((checked.totals.inserted, checked.totals.updated), (0, 0));
    assert_eq!(checked.totals.unchanged, loaded.totals.inserted);
    assert_eq!(checked.totals.rejected, loaded.totals.rejected);
}

#[tokio::test]
async fn a_check_fails_files_over_the_bound_like_a_load() {
    let app = bad_persons().await;
    let load = app.loader(|options| options.max_rejects = Some(MaxRejects::Count(5)));
    let checked = load.await.check().await.expect("the check ends");
    assert_eq!(checked.outcome, Outcome::Failed);
    let (file, why) = failed(&checked);
    assert!(file.key.ends_with(PERSON) && why.contains("--max-rejects 5"), "{why}");
}
