//! The real files, where they lie beside the project.

use std::path::PathBuf;

use salesgraph::load::Outcome;

use crate::support::TestApp;

/// The folder of the real files; says so and gives none where it is missing.
pub(crate) fn real_files() -> Option<PathBuf> {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/adventureworks");
    if dir.is_dir() {
        return Some(dir);
    }
    eprintln!("SKIPPED: the real files are not at {}", dir.display());
    None
}

#[tokio::test]
async fn the_real_files_load_to_the_last_row_and_only_once() {
    let Some(dir) = real_files() else { return };
    let app = TestApp::start().await;
    app.put_dir(&dir).await;

    let summary = app.load().await;
    assert_eq!(summary.outcome, Outcome::Succeeded, "{summary:?}");
    let state = app.snapshot().await;
    for (table, rows) in [
        ("person", 19_972),
        ("product", 504),
        ("customer", 19_820),
        ("special_offer_product", 538),
        ("sales_order", 31_465),
        ("sales_order_line", 121_317),
    ] {
        assert_eq!(state.rows(table), rows, "{table}");
    }
    assert_eq!(summary.totals.read, 193_616);
    assert_eq!(summary.totals.inserted, 193_616);
    let total: String = app.value("SELECT sum(total_due)::text FROM sales_order").await;
    assert_eq!(total, "123216786.1159");
    let lines: i64 =
        app.value("SELECT count(*) FROM sales_order_line WHERE sales_order_id = 43659").await;
    assert_eq!(lines, 12);
    let due: String =
        app.value("SELECT total_due::text FROM sales_order WHERE sales_order_id = 43659").await;
    assert_eq!(due, "23153.2339");
    assert_eq!((state.rejects.len(), state.parked.len()), (0, 0));

    let again = app.load().await;
    assert_eq!((again.outcome, again.files_skipped), (Outcome::Succeeded, 6));
    assert_eq!(again.files.len(), 0, "nothing is left to do");
    assert_eq!(app.snapshot().await, state);
}
