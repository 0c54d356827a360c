//! The data version: a counter that moves with every commit that changes what a
//! query can see, whoever commits it.
//!
//! Statements on the watched tables note their transaction in `data_change`; that
//! costs an index probe. The note fires once, when the transaction commits, and
//! only then moves the counter. The counter's row is so held from there to the end
//! of the commit and not across a client's round trips: transactions side by side
//! take turns for that moment, and as it is the last lock each of them takes, they
//! cannot lock each other out. What is rolled back, savepoints too, takes its note
//! with it.

use sea_orm_migration::prelude::*;

/// See the module.
#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let triggers: Vec<String> = WATCHED
            .iter()
            .map(|table| {
                format!(
                    "CREATE TRIGGER data_version_note \
                     AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} \
                     FOR EACH STATEMENT EXECUTE FUNCTION data_version_note();"
                )
            })
            .collect();
        let up = format!("{UP}{}", triggers.join("\n"));
        manager.get_connection().execute_unprepared(&up).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(DOWN).await.map(drop)
    }
}

/// What queries read. The migration of a new table of that kind makes the same
/// trigger.
const WATCHED: [&str; 12] = [
    "load_run", "load_file", "load_run_file", "load_checkpoint", "load_reject", "load_parked",
    "person", "product", "customer", "special_offer_product", "sales_order", "sales_order_line",
];

/// The functions run as their owner, so that whoever may change a table also moves
/// the version; and with a search path of their own, because a restore of a dump
/// has none and a caller's may be anything.
const UP: &str = r"
CREATE TABLE data_version (
    singleton  boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    version    bigint NOT NULL CHECK (version >= 0),
    as_of      timestamptz NOT NULL
);
COMMENT ON TABLE data_version IS 'One row: the version of all that queries can see. A query in the same transaction snapshot sees exactly this version.';
COMMENT ON COLUMN data_version.singleton IS 'Always true: keeps the table at one row.';
COMMENT ON COLUMN data_version.version IS 'Moves with each commit that changes something. A crash of Postgres may undo commits that did not wait for the disk; their numbers are then given again, with another as_of.';
COMMENT ON COLUMN data_version.as_of IS 'When that commit was made; later for each version.';
INSERT INTO data_version (version, as_of) VALUES (0, clock_timestamp());

CREATE UNLOGGED TABLE data_change (
    transaction_id  xid8 PRIMARY KEY
);
COMMENT ON TABLE data_change IS 'Transactions under way that have changed something; empty for all others to see.';
COMMENT ON COLUMN data_change.transaction_id IS 'The transaction.';

DO $create$
BEGIN
    EXECUTE format($function$
        CREATE FUNCTION data_version_note() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = %1$I, pg_temp AS $body$
        BEGIN
            INSERT INTO data_change VALUES (pg_current_xact_id()) ON CONFLICT DO NOTHING;
            RETURN NULL;
        END $body$;
        CREATE FUNCTION data_version_move() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = %1$I, pg_temp AS $body$
        DECLARE
            moved bigint;
        BEGIN
            DELETE FROM data_change WHERE transaction_id = NEW.transaction_id;
            INSERT INTO data_version AS known (version, as_of) VALUES (0, clock_timestamp())
            ON CONFLICT (singleton) DO UPDATE SET version = known.version + 1,
                as_of = greatest(clock_timestamp(), known.as_of + interval '1 microsecond')
            RETURNING version INTO moved;
            PERFORM pg_notify('salesgraph_data', moved::text);
            RETURN NULL;
        END $body$
    $function$, current_schema());
END $create$;
CREATE CONSTRAINT TRIGGER data_version_move AFTER INSERT ON data_change
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION data_version_move();
";

const DOWN: &str = r"
DROP FUNCTION data_version_note() CASCADE;
DROP TABLE data_change, data_version;
DROP FUNCTION data_version_move();
";
