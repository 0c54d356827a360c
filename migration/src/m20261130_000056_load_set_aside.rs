//! What a load of much data sets aside: foreign keys and indexes that it drops for its duration,
//! with what it takes to put them back. A load that was killed leaves it here, and whoever is
//! next puts it back.
//!
//! Meanwhile the loader looks for the parents of its rows itself. Nobody else may write the tables
//! at either end of such a foreign key, for nothing would check it: that is what the guards are
//! for, which are enabled as long. They are there all the time, because to enable or disable a
//! trigger does not wait for readers, and to drop one does.

use sea_orm_migration::prelude::*;

/// See the module.
#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let guards: Vec<String> = GUARDED
            .iter()
            .map(|table| {
                format!(
                    "CREATE TRIGGER load_set_aside_guard \
                     BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} \
                     FOR EACH STATEMENT \
                     WHEN (current_setting('salesgraph.loads', true) IS DISTINCT FROM 'on') \
                     EXECUTE FUNCTION load_set_aside_refuse(); \
                     ALTER TABLE {table} DISABLE TRIGGER load_set_aside_guard;"
                )
            })
            .collect();
        let up = format!("{UP}{}", guards.join("\n"));
        manager.get_connection().execute_unprepared(&up).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(DOWN).await.map(drop)
    }
}

/// The tables at both ends of foreign keys between data, children first.
const GUARDED: [&str; 7] = [
    "sales_order_line", "sales_order", "customer", "special_offer_product", "product_inventory",
    "person", "product",
];

const UP: &str = r"
CREATE TABLE load_set_aside (
    table_name  varchar(63) NOT NULL,
    kind        varchar(16) NOT NULL CHECK (kind IN ('foreign key', 'index')),
    name        varchar(63) NOT NULL,
    definition  text NOT NULL,
    comment     text,
    since       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (table_name, kind, name)
);
COMMENT ON TABLE load_set_aside IS 'Foreign keys and indexes that a load has dropped for its duration; empty otherwise. After a crash the next load puts them back, or a migration does.';
COMMENT ON COLUMN load_set_aside.table_name IS 'The table whose it is.';
COMMENT ON COLUMN load_set_aside.kind IS 'Whether it is a foreign key or an index.';
COMMENT ON COLUMN load_set_aside.name IS 'Its name.';
COMMENT ON COLUMN load_set_aside.definition IS 'Of a foreign key what follows its name, of an index the whole statement.';
COMMENT ON COLUMN load_set_aside.comment IS 'Its comment.';
COMMENT ON COLUMN load_set_aside.since IS 'When it was set aside.';

DO $create$
BEGIN
    EXECUTE format($function$
        CREATE FUNCTION load_set_aside_refuse() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = %1$I, pg_temp AS $body$
        BEGIN
            -- Whoever enables all triggers of a table enables this one. In another isolation the
            -- notes that are seen may be older than the trigger.
            IF current_setting('transaction_isolation') = 'read committed'
                AND NOT EXISTS (SELECT FROM load_set_aside WHERE kind = 'foreign key')
            THEN
                RETURN NULL;
            END IF;
            RAISE EXCEPTION 'a load has set foreign keys of or to %% aside, and nobody else may write it until they are back',
                TG_TABLE_NAME
            USING ERRCODE = 'object_in_use',
                HINT = 'They are back when the load has ended. If it was killed, run salesgraph load or salesgraph migrate up.';
        END $body$
    $function$, current_schema());
END $create$;
";

const DOWN: &str = r"
DROP FUNCTION load_set_aside_refuse CASCADE;
DROP TABLE load_set_aside;
";
