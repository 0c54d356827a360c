//! A few rows of every table: 60 customers, the last without a person, each with
//! three orders; order `1000 * customer + k` has 2k lines. The store of the customer
//! without a person is missing, as are some customers' territories.

use sqlx::{Executor as _, PgPool};

use super::cluster::note_sales;

pub(crate) const RUN: &str = "01990000-0000-7000-8000-000000000001";

const ROWS: &str = r"
INSERT INTO load_run (id, state, source_uri, holder, started_at, finished_at, files_found)
VALUES ('01990000-0000-7000-8000-000000000001', 'succeeded_with_rejects', 's3://in/', 'host:1',
        '2026-01-01 10:00:00Z', '2026-01-01 10:05:00Z', 2),
       ('01990000-0000-7000-8000-000000000002', 'failed', 's3://in/', 'host:2',
        '2026-01-02 10:00:00Z', '2026-01-02 10:00:01Z', 0);
UPDATE load_run SET error_code = 'UNAVAILABLE', error_message = 'S3 does not answer'
WHERE state = 'failed';
INSERT INTO load_file (dataset, bucket, object_key, etag, byte_size, state, first_run_id,
                       last_run_id, finished_at, rows_read, rows_inserted, rows_rejected, rows_parked)
SELECT 'sales_order', 'in', 'orders.csv', 'abc', 5000000000, 'loaded', id, id,
       '2026-01-01 10:04:00Z', 182, 180, 1, 1
FROM load_run WHERE state = 'succeeded_with_rejects';
INSERT INTO load_raw (file_id, kept_on, uri, manifest_uri)
SELECT id, '2026-01-01', 's3://lake/raw/sales_order/2026/01/01/orders-abc.csv',
       's3://lake/raw/sales_order/2026/01/01/orders-abc.csv.manifest.json' FROM load_file;
INSERT INTO load_run_file (run_id, file_id, rows_read, rows_inserted, rows_rejected, rows_parked,
                           elapsed_ms)
SELECT first_run_id, id, 182, 180, 1, 1, 1500 FROM load_file;
INSERT INTO load_step (run_id, step, data_version, started_at, finished_at, rows_written)
SELECT first_run_id, 'demand_forecast', 7, '2026-01-01 10:04:00Z', '2026-01-01 10:04:30Z', 180
FROM load_file;
INSERT INTO load_reject (file_id, line, run_id, byte_offset, column_name, reason, message, raw)
SELECT id, 7, first_run_id, 4100, 'TotalDue', 'invalid_decimal', 'no number: x', '\x31ff32'
FROM load_file;
INSERT INTO load_finding (run_id, number, object_key, line, column_name, reason, message)
SELECT id, 1, 'orders.csv', 7, 'TotalDue', 'invalid_decimal', 'no number: x' FROM load_run;
INSERT INTO lake_table (name, location, metadata_location)
VALUES ('sales', 's3://lake/curated/sales', 's3://lake/curated/sales/metadata/1.metadata.json');
INSERT INTO lake_snapshot (table_id, snapshot_id, data_version, run_id, row_count, files, bytes,
                           rows_written, files_added, files_removed)
SELECT lake_table.id, 77, 7, load_run.id, 180, 2, 9000, 180, 2, 1 FROM lake_table, load_run
WHERE state = 'succeeded_with_rejects';
INSERT INTO source_failure (id, dataset, source, url, status, raw_uri, dead_uri, item, reason, message,
                            value, fetched_at)
VALUES ('01990000-0000-7000-8000-000000000001', 'currency_rate', 'ecb', 'https://rates.example/', 200,
        's3://lake/raw/1.avro', 's3://lake/dead/1.json', '2026-01-01 USD', 'invalid_rate',
        'no rate: x', 'x', '2026-01-01 09:00:00Z');
INSERT INTO job (id, task, job_key, state, payload, attempts, max_attempts, started_at, finished_at,
                 worker, error_code, error_message)
VALUES ('01990000-0000-7000-8000-0000000000a1', 'load', 'schedule:load', 'succeeded', '{}', 1, 5,
        '2026-01-01 10:00:00Z', '2026-01-01 10:05:00Z', 'host:1', NULL, NULL),
       ('01990000-0000-7000-8000-0000000000a2', 'notify', NULL, 'failed', '{}', 12, 12,
        '2026-01-02 10:00:00Z', '2026-01-02 10:05:00Z', 'host:2', 'UNAVAILABLE', 'no answer');
INSERT INTO load_parked (file_id, line, run_id, byte_offset, dataset, parent, parent_key, raw)
SELECT id, 9, first_run_id, 5100, 'sales_order', 'customer', '{77}', '9;77' FROM load_file;

INSERT INTO person (business_entity_id, person_type, name_style, title, first_name, last_name,
                    email_promotion, demographics, rowguid, modified_date, source_file_id,
                    source_line, loaded_at)
SELECT i, 'IN', false, CASE WHEN i = 1 THEN 'Ms.' END, 'First' || i, 'Last' || i, 2,
       '<survey/>', '00000000-0000-0000-0000-000000000001', '2014-09-12 11:15:07.263', 1, i + 1,
       '2026-01-01 10:01:00Z'
FROM generate_series(1, 60) i;
INSERT INTO product (product_id, name, product_number, make_flag, finished_goods_flag,
                     safety_stock_level, reorder_point, standard_cost, list_price, weight,
                     days_to_manufacture, product_line, class, style, sell_start_date, rowguid,
                     modified_date, source_file_id, source_line)
SELECT i, 'Product ' || i, 'P-' || i, true, true, 100, 75, 10.5, 20, 2.12, 1, 'R', 'H', 'U',
       '2011-05-31', '00000000-0000-0000-0000-000000000002', '2014-02-08', 1, i + 1
FROM generate_series(1, 20) i;
INSERT INTO customer (customer_id, person_id, store_id, territory_id, account_number, rowguid,
                      modified_date, source_file_id, source_line)
SELECT i, CASE WHEN i < 60 THEN i END, CASE WHEN i = 60 THEN 900 END, 1 + i % 3,
       'AW' || lpad(i::text, 8, '0'), '00000000-0000-0000-0000-000000000003', '2014-09-12', 1, i + 1
FROM generate_series(1, 60) i;
INSERT INTO special_offer_product (special_offer_id, product_id, rowguid, modified_date,
                                   source_file_id, source_line)
SELECT o, i, '00000000-0000-0000-0000-000000000004', '2011-04-01', 1, i + 1
FROM generate_series(1, 20) i, generate_series(1, 2) o;
INSERT INTO product_inventory (product_id, location_id, shelf, bin, quantity, rowguid, modified_date,
                               source_file_id, source_line)
SELECT i, l, 'A', i, 10 * i + l, '00000000-0000-0000-0000-000000000007', '2014-08-08', 1, i + 1
FROM generate_series(1, 19) i, generate_series(1, 2) l;
INSERT INTO territory (territory_id, name, country_region_code, territory_group, sales_ytd,
                       sales_last_year, cost_ytd, cost_last_year, rowguid, modified_date,
                       source_file_id, source_line)
SELECT i, 'Territory ' || i, 'US', 'North America', 7887186.7882, 3298694.4938, 0, 0,
       '00000000-0000-0000-0000-000000000008', '2008-04-30', 1, i + 1
FROM unnest(ARRAY[1, 2, 7]) i;
INSERT INTO store (business_entity_id, name, sales_person_id, demographics, rowguid, modified_date,
                   source_file_id, source_line)
SELECT 900 + i, 'Store ' || i, 270 + i, '<survey/>', '00000000-0000-0000-0000-000000000009',
       '2014-09-12 11:15:07.497', 1, i + 1
FROM generate_series(1, 8) i;
INSERT INTO currency_rate (currency_rate_id, currency_rate_date, from_currency_code,
                           to_currency_code, average_rate, end_of_day_rate, modified_date,
                           source_file_id, source_line)
SELECT i, '2011-05-31', 'USD', 'EUR', 0.9697, 0.9703, '2011-05-31', 1, i + 1
FROM generate_series(1, 8) i;
INSERT INTO sales_order (sales_order_id, revision_number, order_date, due_date, ship_date, status,
                         online_order_flag, sales_order_number, customer_id, territory_id,
                         bill_to_address_id, ship_to_address_id, ship_method_id, sub_total, tax_amt,
                         freight, total_due, rowguid, modified_date, source_file_id, source_line)
SELECT 1000 * c + k, 8, '2011-05-31', '2011-06-12', '2011-06-07', 5, true,
       'SO' || (1000 * c + k), c, 1 + c % 3, 1, 1, 1, 20565.6206, 1971.5149, 616.0984, 23153.2339,
       '00000000-0000-0000-0000-000000000005', '2011-06-07', 1, c * 3 + k
FROM generate_series(1, 60) c, generate_series(1, 3) k;
INSERT INTO sales_order_line (sales_order_id, sales_order_detail_id, order_quantity, product_id,
                              special_offer_id, unit_price, unit_price_discount, line_total,
                              rowguid, modified_date, source_file_id, source_line)
SELECT sales_order_id, n, 2, 1 + (sales_order_id + n) % 20, 1 + n % 2, 2024.994, 0.02,
       round(2024.994 * 0.98 * 2, 6), '00000000-0000-0000-0000-000000000006', '2011-05-31', 1, n
FROM sales_order, generate_series(1, 6) n WHERE n <= 2 * (sales_order_id % 10);
";

/// Inserts the rows.
pub(crate) async fn insert(pool: &PgPool) {
    pool.execute(ROWS).await.expect("fixture");
    note_sales(pool).await;
}
