//! Examples as they stand in the documentation, with the addresses of a test.

use salesgraph::config::Secret;
use tokio::process::Command;

use crate::support::TestApp;
use crate::support::lake::with_lake;
use crate::support::python::lake_readers;
use crate::support::sample::{self, ALL};

#[tokio::test]
async fn the_examples_of_engines_of_one_process_run() {
    let Some(python) = lake_readers("the examples of docs/lake.md").await else { return };
    let app = TestApp::start().await;
    sample::clean().put(&app, &ALL).await;
    app.load_lake().await;
    let mut ran = 0;
    for import in ["import load_catalog", "import duckdb", "import polars"] {
        let program = format!("{EXTENSIONS}{}", example(&app, import).await);
        let mut command = Command::new(python);
        with_lake(&mut command, &app);
        let output = command.args(["-c", &program]).output().await.expect("Python starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        check(&app, &program, &String::from_utf8_lossy(&output.stdout)).await;
        ran += 1;
    }
    // Those of Daft and Spark run on their workers.
    assert_eq!(ran + 2, PAGE.matches("```python\n").count());
}

const PAGE: &str = include_str!("../../../../docs/lake.md");

/// From the package registry, in place of the registry of extensions.
const EXTENSIONS: &str = "
from duckdb_extensions import import_extension
for extension in ('httpfs', 'avro', 'iceberg'):
    import_extension(extension)
";

/// The first example that imports something.
pub(super) async fn example(app: &TestApp, import: &str) -> String {
    let metadata: String =
        app.value("SELECT metadata_location FROM lake_table WHERE name = 'sales'").await;
    let url = app.database_url();
    let url = url.split('?').next().expect("a URL");
    let url = url.strip_prefix("postgres://").expect("a scheme");
    let (user, place) = url.split_once('@').expect("a user");
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    let s3 = app.s3();
    let secret = s3.secret_access_key.as_ref().map(Secret::expose).expect("a secret");
    let endpoint = s3.endpoint_url.as_deref().expect("an endpoint").trim_end_matches('/');
    let host = endpoint.split("://").nth(1).expect("a host");
    let of_s3 = format!(
        "KEY_ID '{}', SECRET '{secret}', REGION 'us-east-1', ENDPOINT '{host}', USE_SSL false, \
         URL_STYLE 'path'",
        s3.access_key_id.as_deref().expect("a key")
    );
    let mut blocks = PAGE.split("```python\n").skip(1);
    let block = blocks.find(|block| block.contains(import)).expect("an example");
    let program = block
        .split("```")
        .next()
        .expect("a block")
        .replace("USER:PASSWORD@HOST/DATABASE", url)
        .replace("HOST/DATABASE", place)
        .replace("user=USER&password=PASSWORD", &format!("user={user}&password={password}"))
        .replace("KEY_ID '…', SECRET '…', REGION '…'", &of_s3)
        .replace("s3://BUCKET/lake/curated/sales/metadata/….metadata.json", &metadata);
    assert!(!program.contains('…') && !program.contains("HOST"), "{program}");
    program
}

/// Whether it has told how many lines there are from 2013 on, and their total.
pub(super) async fn check(app: &TestApp, program: &str, said: &str) {
    let expected: (i64, String) = sqlx::query_as(
        "SELECT count(*), sum(line_total)::text FROM sales_order_line \
         JOIN sales_order USING (sales_order_id) WHERE order_date >= '2013-01-01'",
    )
    .fetch_one(&app.pool)
    .await
    .expect("the lines");
    for part in [expected.0.to_string(), expected.1] {
        assert!(said.contains(&part), "{part} is not what this says:\n{program}\n{said}");
    }
}
