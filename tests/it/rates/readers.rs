//! The lake as other programs read it.

use std::process::Command;

use salesgraph::rates::store;

use crate::support::python::python;
use crate::support::rates::{RatesApp, body, days};

const READ: &str = "
import sys, polars, pyarrow.parquet
raw = polars.read_avro(sys.argv[1]).row(0, named=True)
print(raw['status'], raw['body'].decode(), raw['dialect'], raw['base'], raw['currencies'])
print(sorted(header['name'] for header in raw['headers']))
print(raw['from_date'], raw['to_date'], raw['is_final'], raw['fetched_at'] is not None)
table = pyarrow.parquet.read_table(sys.argv[2])
print(';'.join(f'{f.name} {f.type}' for f in table.schema))
for row in table.to_pylist():
    print(row['currency_rate_date'], row['from_currency_code'], row['to_currency_code'], row['published_rate'])
";

#[tokio::test]
async fn avro_and_parquet_are_read_by_others() {
    let Some(python) = python("Avro read by Polars, Parquet by PyArrow").await else { return };
    let world = RatesApp::frankfurter().await;
    let answer = r#"{"base":"EUR","date":"2024-01-02","rates":{"USD":1.0956}}"#;
    world.api.next([body(answer)]);
    let raw = world.fetch(&days("2024-01-02", "2024-01-03", &["USD"])).await.remove(0);
    store(&world.lake, &world.app.pool, &raw).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (avro, parquet) = (folder.path().join("raw.avro"), folder.path().join("curated.parquet"));
    std::fs::write(&avro, world.bytes(&world.keys("raw").await[0]).await).unwrap();
    std::fs::write(&parquet, world.bytes(&world.keys("curated").await[0]).await).unwrap();
    let output = Command::new(python).args(["-c", READ]).arg(&avro).arg(&parquet).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let expected = format!(
        "200 {answer} frankfurter EUR ['USD']\n\
         ['content-length', 'date']\n2024-01-02 2024-01-03 True True\n\
         currency_rate_date date32[day];from_currency_code string;to_currency_code string;\
         published_rate decimal128(24, 12);source string;raw string;\
         fetched_at timestamp[us, tz=UTC]\n2024-01-02 EUR USD 1.095600000000\n"
    );
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
}
