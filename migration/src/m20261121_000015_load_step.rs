//! The steps that end a load run: they bring data that is made of the loaded rows
//! up to date.
//!
//! What a step has to do is noted where the rows change, by triggers, whoever
//! changes them. Notes are only ever added, and never looked at by the writers; but those
//! of replicas put theirs in place of others (see `m20261128_000038_watch_changes`). A
//! step takes the notes it sees in its own transaction, before it reads the rows; a
//! note that it does not see stays for the next run.
//!
//! The note of a line tells the day of its order, which must be the day that the line
//! is found on once both are committed. Who changes lines and who moves their order to
//! another day therefore wait for each other. Nobody else does: neither the batches
//! of a load, nor who changes other lines of the same order.

use sea_orm_migration::prelude::*;

/// See the module.
#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let up = format!(
            "{UP}{NOTES}{}{}",
            triggers("sales_order", "order"),
            triggers("sales_order_line", "line")
        );
        manager.get_connection().execute_unprepared(&up).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(DOWN).await.map(drop)
    }
}

/// Four for a table: the rows that a statement changed are told to triggers of one
/// event only.
fn triggers(table: &str, kind: &str) -> String {
    format!(
        "CREATE TRIGGER derivation_note_insert AFTER INSERT ON {table}
             REFERENCING NEW TABLE AS changed
             FOR EACH STATEMENT EXECUTE FUNCTION derivation_note_{kind}();
         CREATE TRIGGER derivation_note_update AFTER UPDATE ON {table}
             REFERENCING OLD TABLE AS former NEW TABLE AS changed
             FOR EACH STATEMENT EXECUTE FUNCTION derivation_note_{kind}();
         CREATE TRIGGER derivation_note_delete AFTER DELETE ON {table}
             REFERENCING OLD TABLE AS changed
             FOR EACH STATEMENT EXECUTE FUNCTION derivation_note_{kind}();
         CREATE TRIGGER derivation_note_truncate AFTER TRUNCATE ON {table}
             FOR EACH STATEMENT EXECUTE FUNCTION derivation_note_all();"
    )
}

/// The functions run as their owner and with a search path of their own, as those of
/// the data version do, and for the same reasons.
///
/// Orders are locked, and the day of a line is looked up, order by order in a subquery
/// of their own, because that is always answered from the index: a join might be
/// planned as a scan of all orders for each batch. An insert has been through the check
/// of its foreign key, which takes the same lock. The day is read by a statement that
/// begins after it: a lock that had to wait still gives the row as it was before. (A
/// transaction whose statements all see what was there at its beginning cannot commit
/// after another has: the data version has moved.) Locks are taken in the order of the
/// keys, so that two who take several wait in one direction only.
const UP: &str = r"
CREATE TABLE load_step (
    id            integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id        uuid NOT NULL REFERENCES load_run (id),
    step          varchar(63) NOT NULL,
    data_version  bigint NOT NULL CHECK (data_version >= 0),
    since         date,
    started_at    timestamptz NOT NULL,
    finished_at   timestamptz NOT NULL,
    rows_written  bigint NOT NULL CHECK (rows_written >= 0),
    CONSTRAINT load_step_once UNIQUE (run_id, step),
    CONSTRAINT load_step_finished CHECK (finished_at >= started_at)
);
CREATE TRIGGER data_version_note AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON load_step
    FOR EACH STATEMENT EXECUTE FUNCTION data_version_note();

CREATE TABLE derivation_step (
    step  varchar(63) PRIMARY KEY
);
COMMENT ON TABLE derivation_step IS 'The steps for which changes of sales are noted. The migration that makes their tables adds them.';
COMMENT ON COLUMN derivation_step.step IS 'Name of the step.';

CREATE TABLE derivation_due (
    step   varchar(63) NOT NULL,
    since  date
);
COMMENT ON TABLE derivation_due IS 'Changes that a step has not taken in yet, added by triggers and removed by the step.';
COMMENT ON COLUMN derivation_due.step IS 'The step.';
COMMENT ON COLUMN derivation_due.since IS 'First day whose sales may have changed; null where any may, infinity where something else has changed.';

DO $create$
BEGIN
    EXECUTE format($function$
        CREATE FUNCTION derivation_note_all() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = %1$I, pg_temp AS $body$
        BEGIN
            INSERT INTO derivation_due (step) SELECT step FROM derivation_step;
            RETURN NULL;
        END $body$
    $function$, current_schema());
END $create$;
";

/// The functions that note what happened to orders and to lines. A later migration writes
/// them anew.
pub(crate) const NOTES: &str = r"
DO $create$
BEGIN
    EXECUTE format($function$
        CREATE OR REPLACE FUNCTION derivation_note_order() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = %1$I, pg_temp AS $body$
        DECLARE
            orders bigint;
            first_day date;
        BEGIN
            SELECT count(*), min(order_date) INTO orders, first_day FROM changed;
            IF TG_OP = 'UPDATE' THEN
                SELECT least(first_day, min(order_date)) INTO first_day FROM former;
                PERFORM FROM (
                    SELECT sales_order_id FROM (
                        SELECT sales_order_id, order_date FROM former
                        EXCEPT SELECT sales_order_id, order_date FROM changed) AS other
                    ORDER BY sales_order_id) AS moved
                CROSS JOIN LATERAL (
                    SELECT FROM sales_order WHERE sales_order_id = moved.sales_order_id
                    FOR UPDATE) AS locked;
            END IF;
            IF orders > 0 THEN
                INSERT INTO derivation_due SELECT step, first_day FROM derivation_step;
            END IF;
            RETURN NULL;
        END $body$;
        CREATE OR REPLACE FUNCTION derivation_note_line() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = %1$I, pg_temp AS $body$
        DECLARE
            touched integer[];
            first_day date;
        BEGIN
            IF TG_OP = 'UPDATE' THEN
                touched := ARRAY(SELECT sales_order_id FROM former
                                 UNION SELECT sales_order_id FROM changed ORDER BY 1);
            ELSE
                touched := ARRAY(SELECT DISTINCT sales_order_id FROM changed ORDER BY 1);
            END IF;
            IF cardinality(touched) = 0 THEN
                RETURN NULL;
            END IF;
            IF TG_OP <> 'INSERT' THEN
                PERFORM FROM unnest(touched) AS of (order_id) CROSS JOIN LATERAL (
                    SELECT FROM sales_order WHERE sales_order_id = order_id
                    FOR KEY SHARE) AS locked;
            END IF;
            SELECT min((SELECT order_date FROM sales_order WHERE sales_order_id = order_id))
            INTO first_day FROM unnest(touched) AS of (order_id);
            INSERT INTO derivation_due SELECT step, first_day FROM derivation_step;
            RETURN NULL;
        END $body$
    $function$, current_schema());
END $create$;
";

const DOWN: &str = r"
DROP FUNCTION derivation_note_all() CASCADE;
DROP FUNCTION derivation_note_order() CASCADE;
DROP FUNCTION derivation_note_line() CASCADE;
DROP TABLE derivation_due, derivation_step, load_step;
";
