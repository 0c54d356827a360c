//! Parquet as other programs read it.

use std::process::Command;

use salesgraph::report::Format;

use crate::support::export::file_of;
use crate::support::python::python;
use crate::support::{Api, on_one_machine, write};

const READ: &str = "
import sys, decimal, pyarrow.parquet as pq
file = pq.ParquetFile(sys.argv[1])
table = file.read()
print(';'.join(f'{f.name} {f.type}' for f in table.schema))
print(file.metadata.metadata[b'salesgraph.data_version'].decode())
print(table.num_rows)
total = sum((v for v in table.column('lineTotal').to_pylist()), decimal.Decimal(0))
print(total)
print(table.column('order.orderDate')[0].as_py().isoformat())
print(table.column('carrierTrackingNumber').null_count)
";

#[tokio::test]
async fn pyarrow_reads_types_and_exact_decimals() {
    let Some(python) = python("Parquet read by PyArrow").await else { return };
    let api = Api::start().await;
    write(
        &api.db.pool,
        "UPDATE sales_order_line SET unit_price = 0.0001 * sales_order_id, order_quantity = 3,
        unit_price_discount = 0.3333, line_total = round(0.0001 * sales_order_id * 0.6667 * 3, 6)",
    )
    .await;
    let document = "{ salesOrderLines { nodes { salesOrderId lineTotal rowguid orderQuantity
        carrierTrackingNumber order { orderDate onlineOrderFlag status } source { loadedAt line } } } }";
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), file_of(&api.engine, document, Format::Parquet).await).unwrap();
    let output = Command::new(python).args(["-c", READ]).arg(file.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let sql = "SELECT (SELECT version FROM data_version), count(*), sum(line_total)::text,
            to_char(min(order_date) FILTER (WHERE l.sales_order_id = 1001), 'YYYY-MM-DD\"T\"HH24:MI:SS'),
            count(*) - count(carrier_tracking_number)
         FROM sales_order_line l JOIN sales_order USING (sales_order_id)";
    let mut machine = on_one_machine(&api.db.pool, sql).await;
    let (version, rows, total, date, nulls): (i64, i64, String, String, i64) =
        sqlx::query_as(sql).fetch_one(&mut *machine).await.unwrap();
    let types = "salesOrderId int32;lineTotal decimal128(19, 6);rowguid string;orderQuantity int32;\
                 carrierTrackingNumber string;order.orderDate timestamp[us];\
                 order.onlineOrderFlag bool;order.status string;\
                 source.loadedAt timestamp[us, tz=UTC];source.line int64";
    let expected = format!("{types}\n{version}\n{rows}\n{total}\n{date}\n{nulls}\n");
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
}

const EMPTY: &str = "
import sys, pyarrow.parquet as pq
table = pq.read_table(sys.argv[1])
print(table.num_rows, table.column_names)
";

#[tokio::test]
async fn an_empty_file_has_its_columns() {
    let Some(python) = python("Parquet read by PyArrow").await else { return };
    let api = Api::start().await;
    let document = "{ salesAggregate(filter: { salesOrderId: { eq: 0 } }, groupBy: [TERRITORY]) {
        nodes { key { territoryId } measures { lineTotal { sum avg } } } } }";
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), file_of(&api.engine, document, Format::Parquet).await).unwrap();
    let output = Command::new(python).args(["-c", EMPTY]).arg(file.path()).output().unwrap();
    let shown = "0 ['key.territoryId', 'measures.lineTotal.sum', 'measures.lineTotal.avg']\n";
    assert_eq!(String::from_utf8_lossy(&output.stdout), shown);
}
