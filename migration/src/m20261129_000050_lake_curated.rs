//! The curated lake: the catalogue of its tables, what is known of their snapshots, and what
//! has changed that they do not hold yet.
//!
//! Changes are noted where rows change, by triggers, whoever changes them, once a lake is
//! written: `lake_watch` has a row then. A note tells the table and, for orders and lines, the
//! months; for those whose columns are in the wide table, the keys of the rows. Notes are only
//! ever added. Who writes the lake reads them in the snapshot in which the rows are read, and
//! removes exactly these when the lake is committed.
//!
//! Orders and lines are locked by the triggers of `m20261121_000015_load_step`, whose names come
//! before: the month of a line is that on which it is found once both are committed.

use sea_orm_migration::prelude::*;

/// See the module.
#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut up = format!("{TABLES}{FUNCTIONS}");
        for (table, key) in KEYED {
            up.push_str(&KEYS.replace("{table}", table).replace("{key}", key));
            up.push_str(&triggers(table, &format!("lake_note_{table}")));
        }
        up.push_str(&triggers("sales_order", "lake_note_order"));
        up.push_str(&triggers("sales_order_line", "lake_note_line"));
        for table in OTHERS {
            up.push_str(&triggers(table, "lake_note_table"));
        }
        let mut watched = WATCHED.join(", ");
        for function in ["order", "line", "table", "all", "row"] {
            watched.push_str(&format!(", 'lake_note_{function}'::regproc"));
        }
        for (table, _) in KEYED {
            watched.push_str(&format!(", 'lake_note_{table}'::regproc"));
        }
        up.push_str(&UNWATCHED.replace("{functions}", &watched));
        up.push_str(&WATCH.replace("{lake}", WATCH_LAKE));
        manager.get_connection().execute_unprepared(&up).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let unwatched = UNWATCHED.replace("{functions}", &WATCHED.join(", "));
        let down = format!("{unwatched}{}{DOWN}", WATCH.replace("{lake}", ""));
        manager.get_connection().execute_unprepared(&down).await.map(drop)
    }
}

/// Tables with columns in the wide table, and their keys.
const KEYED: [(&str, &str); 4] = [
    ("product", "product_id"),
    ("customer", "customer_id"),
    ("territory", "territory_id"),
    ("person", "business_entity_id"),
];
/// Those that are written whole.
const OTHERS: [&str; 4] = ["special_offer_product", "product_inventory", "store", "currency_rate"];

/// They fire whatever makes the change, as `watch_changes` wants them to.
fn triggers(table: &str, function: &str) -> String {
    format!(
        "CREATE TRIGGER lake_note_insert AFTER INSERT ON {table}
             REFERENCING NEW TABLE AS changed
             FOR EACH STATEMENT EXECUTE FUNCTION {function}();
         CREATE TRIGGER lake_note_update AFTER UPDATE ON {table}
             REFERENCING OLD TABLE AS former NEW TABLE AS changed
             FOR EACH STATEMENT EXECUTE FUNCTION {function}();
         CREATE TRIGGER lake_note_delete AFTER DELETE ON {table}
             REFERENCING OLD TABLE AS changed
             FOR EACH STATEMENT EXECUTE FUNCTION {function}();
         CREATE TRIGGER lake_note_truncate AFTER TRUNCATE ON {table}
             FOR EACH STATEMENT EXECUTE FUNCTION lake_note_all();
         CREATE TRIGGER lake_note_row AFTER INSERT OR UPDATE OR DELETE ON {table}
             FOR EACH ROW EXECUTE FUNCTION lake_note_row();
         ALTER TABLE {table} ENABLE ALWAYS TRIGGER lake_note_insert,
             ENABLE ALWAYS TRIGGER lake_note_update, ENABLE ALWAYS TRIGGER lake_note_delete,
             ENABLE ALWAYS TRIGGER lake_note_truncate, ENABLE REPLICA TRIGGER lake_note_row;
"
    )
}

/// The catalogue has a schema of its own, and there the tables, columns and names of the SQL
/// catalogue that PyIceberg and the JDBC catalogue of Iceberg read.
const TABLES: &str = "
CREATE SCHEMA IF NOT EXISTS lake;
CREATE TABLE IF NOT EXISTS lake.iceberg_tables (
    catalog_name                varchar(255) NOT NULL,
    table_namespace             varchar(255) NOT NULL,
    table_name                  varchar(255) NOT NULL,
    metadata_location           varchar(1000),
    previous_metadata_location  varchar(1000),
    iceberg_type                varchar(5),
    PRIMARY KEY (catalog_name, table_namespace, table_name)
);
COMMENT ON TABLE lake.iceberg_tables IS 'The SQL catalogue of Apache Iceberg: where the metadata of each table is.';
CREATE TABLE IF NOT EXISTS lake.iceberg_namespace_properties (
    catalog_name    varchar(255) NOT NULL,
    namespace       varchar(255) NOT NULL,
    property_key    varchar(255) NOT NULL,
    property_value  varchar(1000) NOT NULL,
    PRIMARY KEY (catalog_name, namespace, property_key)
);
COMMENT ON TABLE lake.iceberg_namespace_properties IS 'The SQL catalogue of Apache Iceberg: its namespaces.';
INSERT INTO lake.iceberg_namespace_properties VALUES ('salesgraph', 'salesgraph', 'exists', 'true')
ON CONFLICT DO NOTHING;

CREATE TABLE lake_table (
    id                 integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name               varchar(63) NOT NULL CONSTRAINT lake_table_name UNIQUE,
    location           text NOT NULL,
    metadata_location  text NOT NULL,
    written_at         timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE lake_snapshot (
    id             integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    table_id       integer NOT NULL REFERENCES lake_table (id),
    snapshot_id    bigint NOT NULL,
    data_version   bigint NOT NULL CHECK (data_version >= 0),
    run_id         uuid NOT NULL REFERENCES load_run (id),
    committed_at   timestamptz NOT NULL DEFAULT now(),
    row_count      bigint NOT NULL CHECK (row_count >= 0),
    files          bigint NOT NULL CHECK (files >= 0),
    bytes          bigint NOT NULL CHECK (bytes >= 0),
    rows_written   bigint NOT NULL CHECK (rows_written >= 0),
    files_added    bigint NOT NULL CHECK (files_added >= 0),
    files_removed  bigint NOT NULL CHECK (files_removed >= 0),
    CONSTRAINT lake_snapshot_of_table UNIQUE (table_id, snapshot_id)
);
CREATE INDEX lake_snapshot_run_id ON lake_snapshot (run_id);
CREATE TRIGGER data_version_note AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON lake_table
    FOR EACH STATEMENT EXECUTE FUNCTION data_version_note();
CREATE TRIGGER data_version_note AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON lake_snapshot
    FOR EACH STATEMENT EXECUTE FUNCTION data_version_note();
CREATE TRIGGER data_version_note_row AFTER INSERT OR UPDATE OR DELETE ON lake_table
    FOR EACH ROW EXECUTE FUNCTION data_version_note();
CREATE TRIGGER data_version_note_row AFTER INSERT OR UPDATE OR DELETE ON lake_snapshot
    FOR EACH ROW EXECUTE FUNCTION data_version_note();
ALTER TABLE lake_table ENABLE ALWAYS TRIGGER data_version_note,
    ENABLE REPLICA TRIGGER data_version_note_row;
ALTER TABLE lake_snapshot ENABLE ALWAYS TRIGGER data_version_note,
    ENABLE REPLICA TRIGGER data_version_note_row;

CREATE TABLE lake_watch (
    singleton  boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    uri        text NOT NULL,
    persons    boolean NOT NULL,
    columns    text NOT NULL
);
COMMENT ON TABLE lake_watch IS 'One row if a lake is written: changes are noted for it from then on.';
COMMENT ON COLUMN lake_watch.singleton IS 'Always true: keeps the table at one row.';
COMMENT ON COLUMN lake_watch.uri IS 'The lake.';
COMMENT ON COLUMN lake_watch.persons IS 'Whether personal data are in it.';
COMMENT ON COLUMN lake_watch.columns IS 'A hash of the columns of its tables.';

CREATE TABLE lake_due (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    table_name  varchar(63),
    months      date[],
    keys        integer[],
    is_taken    boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE lake_due IS 'Changes that the lake does not hold yet, added by triggers and removed by who writes the lake.';
COMMENT ON COLUMN lake_due.id IS 'Key; unique also among those of a replica.';
COMMENT ON COLUMN lake_due.table_name IS 'The table; null where any may have changed.';
COMMENT ON COLUMN lake_due.months IS 'First days of the months whose orders, or orders of changed lines, have changed; null where there are none or any may have.';
COMMENT ON COLUMN lake_due.keys IS 'Keys of changed rows whose columns are in the wide table; null where there are none or any may have changed.';
COMMENT ON COLUMN lake_due.is_taken IS 'Whether somebody began to write the lake after it was noted.';

CREATE TABLE lake_attempt (
    id        uuid PRIMARY KEY,
    run_id    uuid NOT NULL,
    begun_at  timestamptz NOT NULL DEFAULT now(),
    dead_at   timestamptz
);
COMMENT ON TABLE lake_attempt IS 'Attempts to write the lake that have not been committed. Their files have their ids in their names.';
COMMENT ON COLUMN lake_attempt.id IS 'Key.';
COMMENT ON COLUMN lake_attempt.run_id IS 'The run.';
COMMENT ON COLUMN lake_attempt.begun_at IS 'When it began.';
COMMENT ON COLUMN lake_attempt.dead_at IS 'When it was given up; it cannot be committed any more, and its files are removed.';

CREATE TABLE lake_removal (
    key  text PRIMARY KEY
);
COMMENT ON TABLE lake_removal IS 'Objects of the lake that no snapshot needs any more, to be removed.';
COMMENT ON COLUMN lake_removal.key IS 'The key in the bucket.';

CREATE VIEW lake_behind AS
SELECT name FROM lake_table WHERE EXISTS (
    SELECT FROM unwatched_trigger AS unwatched WHERE starts_with(unwatched.name::text, 'lake_note_'))
OR EXISTS (
    SELECT FROM lake_due AS due WHERE due.table_name IS NULL OR due.table_name = name
        OR (name = 'sales' AND due.table_name IN
            ('sales_order', 'sales_order_line', 'product', 'customer', 'territory'))
        OR (name = 'sales' AND due.table_name = 'person'
            AND EXISTS (SELECT FROM lake_watch WHERE persons)));
COMMENT ON VIEW lake_behind IS 'Tables of the lake that lack a change of their rows.';
";

/// They run as their owner and with a search path of their own, as those of the data version
/// do, and for the same reasons. The month of a line is looked up order by order: that is
/// always answered from the index.
///
/// A row that logical replication applies is noted as a change of anything, once: nobody may
/// ever take these notes. One that is there is locked, so that who takes it waits for this
/// transaction, or this one sees that it is taken.
const FUNCTIONS: &str = r"
DO $create$
BEGIN
    EXECUTE format($function$
        CREATE FUNCTION lake_note_all() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = %1$I, pg_temp AS $body$
        BEGIN
            INSERT INTO lake_due (table_name) SELECT TG_TABLE_NAME
            WHERE EXISTS (SELECT FROM lake_watch);
            RETURN NULL;
        END $body$;
        CREATE FUNCTION lake_note_table() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = %1$I, pg_temp AS $body$
        BEGIN
            INSERT INTO lake_due (table_name) SELECT TG_TABLE_NAME
            WHERE EXISTS (SELECT FROM lake_watch) AND EXISTS (SELECT FROM changed);
            RETURN NULL;
        END $body$;
        CREATE FUNCTION lake_note_row() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = %1$I, pg_temp AS $body$
        BEGIN
            IF current_setting('salesgraph.noted_lake', true) = pg_current_xact_id()::text
                OR NOT EXISTS (SELECT FROM lake_watch) THEN
                RETURN NULL;
            END IF;
            PERFORM FROM lake_due WHERE table_name IS NULL AND NOT is_taken FOR SHARE;
            IF NOT FOUND THEN
                INSERT INTO lake_due DEFAULT VALUES;
            END IF;
            PERFORM set_config('salesgraph.noted_lake', pg_current_xact_id()::text, true);
            RETURN NULL;
        END $body$;
        CREATE FUNCTION lake_note_order() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = %1$I, pg_temp AS $body$
        BEGIN
            IF NOT EXISTS (SELECT FROM lake_watch) THEN
                RETURN NULL;
            END IF;
            IF TG_OP = 'UPDATE' THEN
                INSERT INTO lake_due (table_name, months)
                SELECT 'sales_order', array_agg(DISTINCT date_trunc('month', order_date)::date)
                FROM (SELECT order_date FROM former
                      UNION SELECT order_date FROM changed) AS of
                HAVING count(*) > 0;
                INSERT INTO lake_due (table_name, months)
                SELECT 'sales_order_line', array_agg(DISTINCT month) FROM (
                    SELECT DISTINCT month FROM (
                        SELECT sales_order_id, date_trunc('month', order_date)::date AS month
                        FROM former
                        UNION ALL
                        SELECT sales_order_id, date_trunc('month', order_date)::date FROM changed
                    ) AS both_of GROUP BY sales_order_id, month HAVING count(*) = 1) AS moved
                HAVING count(*) > 0;
            ELSE
                INSERT INTO lake_due (table_name, months)
                SELECT 'sales_order', array_agg(DISTINCT date_trunc('month', order_date)::date)
                FROM changed HAVING count(*) > 0;
            END IF;
            RETURN NULL;
        END $body$;
        CREATE FUNCTION lake_note_line() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = %1$I, pg_temp AS $body$
        DECLARE
            touched integer[];
        BEGIN
            IF NOT EXISTS (SELECT FROM lake_watch) THEN
                RETURN NULL;
            END IF;
            IF TG_OP = 'UPDATE' THEN
                touched := ARRAY(SELECT sales_order_id FROM former
                                 UNION SELECT sales_order_id FROM changed);
            ELSE
                touched := ARRAY(SELECT DISTINCT sales_order_id FROM changed);
            END IF;
            -- Where an order is gone already, any month may have changed.
            INSERT INTO lake_due (table_name, months)
            SELECT 'sales_order_line', CASE WHEN count(*) = count(month)
                THEN array_agg(DISTINCT month) END
            FROM (SELECT (SELECT date_trunc('month', order_date)::date FROM sales_order
                          WHERE sales_order_id = order_id) AS month
                  FROM unnest(touched) AS of (order_id)) AS of
            HAVING count(*) > 0;
            RETURN NULL;
        END $body$
    $function$, current_schema());
END $create$;
";

const KEYS: &str = r"
DO $create$
BEGIN
    EXECUTE format($function$
        CREATE FUNCTION lake_note_{table}() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = %1$I, pg_temp AS $body$
        BEGIN
            IF NOT EXISTS (SELECT FROM lake_watch) THEN
                RETURN NULL;
            END IF;
            IF TG_OP = 'UPDATE' THEN
                INSERT INTO lake_due (table_name, keys)
                SELECT '{table}', array_agg({key}) FROM (
                    SELECT {key} FROM former UNION SELECT {key} FROM changed) AS of
                HAVING count(*) > 0;
            ELSE
                INSERT INTO lake_due (table_name, keys)
                SELECT '{table}', array_agg({key}) FROM changed HAVING count(*) > 0;
            END IF;
            RETURN NULL;
        END $body$
    $function$, current_schema());
END $create$;
";

/// The functions of triggers that `watch_changes` keeps on.
const WATCHED: [&str; 9] = [
    "'data_version_note'::regproc",
    "'data_version_move'::regproc",
    "'derivation_note_order'::regproc",
    "'derivation_note_order_row'::regproc",
    "'derivation_note_line'::regproc",
    "'derivation_note_line_row'::regproc",
    "'derivation_note_all'::regproc",
    "'demand_forecast_note'::regproc",
    "'demand_forecast_note_row'::regproc",
];

const UNWATCHED: &str = r#"
CREATE OR REPLACE VIEW unwatched_trigger AS
SELECT tgrelid::regclass AS of_table, tgname AS name, wanted
FROM pg_trigger CROSS JOIN LATERAL (SELECT CASE
    WHEN tgtype & 1 = 1 AND tgconstraint = 0 THEN 'R'::"char" ELSE 'A'::"char" END AS wanted) AS of
WHERE tgenabled <> wanted AND tgfoid IN ({functions});
"#;

/// As in `m20261128_000038_watch_changes`, for the lake as well.
const WATCH: &str = r"
DO $create$
BEGIN
    EXECUTE format($function$
        CREATE OR REPLACE FUNCTION watch_changes() RETURNS boolean
        LANGUAGE plpgsql SET search_path = %1$I, pg_temp AS $body$
        DECLARE
            of_table regclass;
            unwatched record;
            found_some boolean := false;
        BEGIN
            FOR of_table IN
                SELECT tgrelid FROM pg_trigger WHERE tgname = 'data_version_note'
                    AND tgfoid = 'data_version_note'::regproc
                EXCEPT SELECT tgrelid FROM pg_trigger WHERE tgname = 'data_version_note_row'
            LOOP
                EXECUTE format('CREATE TRIGGER data_version_note_row '
                    'AFTER INSERT OR UPDATE OR DELETE ON %%s '
                    'FOR EACH ROW EXECUTE FUNCTION data_version_note()', of_table);
            END LOOP;
            FOR unwatched IN SELECT * FROM unwatched_trigger LOOP
                EXECUTE format('ALTER TABLE %%s ENABLE %%s TRIGGER %%I', unwatched.of_table,
                    CASE unwatched.wanted WHEN 'A' THEN 'ALWAYS' ELSE 'REPLICA' END,
                    unwatched.name);
                found_some := true;
            END LOOP;
            IF found_some THEN
                INSERT INTO derivation_due (step) SELECT step FROM derivation_step
                WHERE EXISTS (SELECT FROM sales_order)
                    OR EXISTS (SELECT FROM product_inventory);
                {lake}
                INSERT INTO data_change VALUES (pg_current_xact_id()) ON CONFLICT DO NOTHING;
            END IF;
            RETURN found_some;
        END $body$
    $function$, current_schema());
END $create$;
";
const WATCH_LAKE: &str =
    "INSERT INTO lake_due (table_name) SELECT NULL WHERE EXISTS (SELECT FROM lake_watch);";

const DOWN: &str = "
DROP FUNCTION lake_note_all, lake_note_table, lake_note_row, lake_note_order, lake_note_line,
    lake_note_product, lake_note_customer, lake_note_territory, lake_note_person CASCADE;
DROP VIEW lake_behind;
DROP TABLE lake_removal, lake_attempt, lake_due, lake_watch, lake_snapshot, lake_table;
DROP TABLE lake.iceberg_namespace_properties, lake.iceberg_tables;
DROP SCHEMA lake;
";
