//! Changes are seen whatever makes them, also where ordinary triggers do not fire: in
//! sessions with `session_replication_role = replica`, and in what logical replication
//! applies.
//!
//! - Triggers of statements fire always.
//! - What replication applies are rows, without statements. Triggers of rows do the same for
//!   them; they fire for replicas only and cost others nothing.
//! - Somebody may disable triggers, as `pg_restore --disable-triggers` does. None fires until
//!   `watch_changes` has put them back. Until then no two snapshots count as the same data, and
//!   sales by day are made from the rows.

use sea_orm_migration::prelude::*;

/// See the module.
#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let triggers = [
            row_triggers("sales_order", "derivation_note_order_row"),
            row_triggers("sales_order_line", "derivation_note_line_row"),
            row_triggers("product_inventory", "demand_forecast_note_row"),
        ];
        let up = format!("{FUNCTIONS}{}{VIEWS}{APPLY}", triggers.concat());
        manager.get_connection().execute_unprepared(&up).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(DOWN).await.map(drop)
    }
}

/// Puts the triggers back, and makes those of rows for new tables. If any was not as it should
/// be, all that is derived of rows is due.
const APPLY: &str = "SELECT watch_changes();";

fn row_triggers(table: &str, function: &str) -> String {
    format!(
        "CREATE TRIGGER {function} AFTER INSERT OR UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION {function}();
"
    )
}

/// With its first note for a step, and with each of an earlier day, a transaction takes in those
/// that others have left: no load run may ever remove them here. It leaves out those that a step
/// is taking at the moment. Its own note then comes after that step. What it has noted is a
/// setting of the transaction, so that most rows cost no statement.
///
/// Locks are those of the triggers of statements.
const FUNCTIONS: &str = r"
DO $create$
BEGIN
    EXECUTE format($function$
        CREATE FUNCTION derivation_note_day(first_day date, of_step text DEFAULT NULL)
        RETURNS void
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = %1$I, pg_temp AS $body$
        DECLARE
            setting text := 'salesgraph.noted_' || coalesce(of_step, 'sales');
            day date := coalesce(first_day, '-infinity');
            noted text[] := string_to_array(nullif(current_setting(setting, true), ''), ' ');
        BEGIN
            IF noted[1] = pg_current_xact_id()::text AND noted[2]::date <= day THEN
                RETURN;
            END IF;
            WITH due AS (
                SELECT step FROM derivation_step WHERE step = coalesce(of_step, step)
            ), taken AS (
                DELETE FROM derivation_due WHERE ctid = ANY (ARRAY(
                    SELECT ctid FROM derivation_due WHERE step IN (SELECT step FROM due)
                    FOR UPDATE SKIP LOCKED))
                RETURNING step, since
            )
            INSERT INTO derivation_due
            SELECT due.step, CASE
                WHEN first_day IS NOT NULL
                    AND bool_and(taken.step IS NULL OR taken.since IS NOT NULL)
                THEN least(first_day, min(taken.since)) END
            FROM due LEFT JOIN taken ON taken.step = due.step GROUP BY due.step;
            PERFORM set_config(setting, pg_current_xact_id() || ' ' || day, true);
        END $body$;
        REVOKE ALL ON FUNCTION derivation_note_day FROM PUBLIC;
        CREATE FUNCTION derivation_note_order_row() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = %1$I, pg_temp AS $body$
        BEGIN
            IF TG_OP = 'INSERT'
                OR (TG_OP = 'UPDATE' AND OLD.territory_id IS DISTINCT FROM NEW.territory_id) THEN
                UPDATE sales_order_line SET territory_id = NEW.territory_id
                WHERE sales_order_id = NEW.sales_order_id
                    AND territory_id IS DISTINCT FROM NEW.territory_id;
            END IF;
            IF TG_OP = 'UPDATE' AND OLD.order_date IS DISTINCT FROM NEW.order_date THEN
                PERFORM FROM sales_order WHERE sales_order_id = NEW.sales_order_id FOR UPDATE;
            END IF;
            PERFORM derivation_note_day(least(OLD.order_date, NEW.order_date)::date);
            RETURN NULL;
        END $body$;
        CREATE FUNCTION derivation_note_line_row() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = %1$I, pg_temp AS $body$
        DECLARE
            first_day date;
        BEGIN
            PERFORM FROM (SELECT FROM sales_order
                WHERE sales_order_id IN (OLD.sales_order_id, NEW.sales_order_id)
                ORDER BY sales_order_id FOR KEY SHARE) AS locked;
            SELECT min(order_date)::date INTO first_day FROM sales_order
            WHERE sales_order_id IN (OLD.sales_order_id, NEW.sales_order_id);
            IF TG_OP <> 'DELETE' THEN
                UPDATE sales_order_line AS line SET territory_id = ordered.territory_id
                FROM sales_order AS ordered
                WHERE ordered.sales_order_id = NEW.sales_order_id
                    AND line.sales_order_id = NEW.sales_order_id
                    AND line.sales_order_detail_id = NEW.sales_order_detail_id
                    AND line.territory_id IS DISTINCT FROM ordered.territory_id;
            END IF;
            PERFORM derivation_note_day(first_day);
            RETURN NULL;
        END $body$;
        CREATE FUNCTION demand_forecast_note_row() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = %1$I, pg_temp AS $body$
        BEGIN
            PERFORM derivation_note_day('infinity', 'demand_forecast');
            RETURN NULL;
        END $body$;
        CREATE FUNCTION watch_changes() RETURNS boolean
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
                INSERT INTO data_change VALUES (pg_current_xact_id()) ON CONFLICT DO NOTHING;
            END IF;
            RETURN found_some;
        END $body$
    $function$, current_schema());
END $create$;
";

/// Functions are constants in these views, so that only the table of all triggers is read.
const VIEWS: &str = r#"
CREATE VIEW unwatched_trigger AS
SELECT tgrelid::regclass AS of_table, tgname AS name, wanted
FROM pg_trigger CROSS JOIN LATERAL (SELECT CASE
    WHEN tgtype & 1 = 1 AND tgconstraint = 0 THEN 'R'::"char" ELSE 'A'::"char" END AS wanted) AS of
WHERE tgenabled <> wanted AND tgfoid IN (
    'data_version_note'::regproc, 'data_version_move'::regproc,
    'derivation_note_order'::regproc, 'derivation_note_order_row'::regproc,
    'derivation_note_line'::regproc, 'derivation_note_line_row'::regproc,
    'derivation_note_all'::regproc,
    'demand_forecast_note'::regproc, 'demand_forecast_note_row'::regproc);
COMMENT ON VIEW unwatched_trigger IS 'Triggers that do not fire when they should: somebody has disabled them. Changes may go unseen until watch_changes() has put them back.';

CREATE VIEW data_state AS
SELECT version, as_of, CASE WHEN EXISTS (SELECT FROM unwatched_trigger)
    THEN hashtextextended(pg_current_snapshot()::text, 0) ELSE 0 END AS unwatched
FROM data_version;
COMMENT ON VIEW data_state IS 'One row: the data version, and a number that differs between any two snapshots while changes may go unseen; 0 otherwise. Equal rows mean equal data.';

CREATE OR REPLACE VIEW sales_rollup_due AS
SELECT CASE WHEN EXISTS (SELECT FROM unwatched_trigger
        WHERE of_table IN ('sales_order'::regclass, 'sales_order_line'::regclass))
    THEN '-infinity'::date
    WHEN count(*) = 0 THEN 'infinity'::date WHEN bool_or(since IS NULL)
    THEN '-infinity'::date ELSE min(since) END AS since
FROM derivation_due WHERE step = 'sales_rollup';

-- It has no key, and who publishes all tables could not delete from it.
ALTER TABLE derivation_due REPLICA IDENTITY FULL;
"#;

const DOWN: &str = "
ALTER TABLE derivation_due REPLICA IDENTITY DEFAULT;
CREATE OR REPLACE VIEW sales_rollup_due AS
SELECT CASE WHEN count(*) = 0 THEN 'infinity'::date WHEN bool_or(since IS NULL)
    THEN '-infinity'::date ELSE min(since) END AS since
FROM derivation_due WHERE step = 'sales_rollup';
DROP VIEW data_state, unwatched_trigger;
DROP FUNCTION watch_changes, derivation_note_day;
DROP FUNCTION derivation_note_order_row, derivation_note_line_row, demand_forecast_note_row CASCADE;
DO $down$
DECLARE
    ours record;
BEGIN
    FOR ours IN SELECT tgrelid::regclass AS of_table, tgname AS name FROM pg_trigger
        WHERE tgenabled IN ('A', 'R') AND NOT tgisinternal
            AND tgrelid IN (SELECT oid FROM pg_class
                WHERE relnamespace = current_schema()::regnamespace)
    LOOP
        IF ours.name = 'data_version_note_row' THEN
            EXECUTE format('DROP TRIGGER %I ON %s', ours.name, ours.of_table);
        ELSE
            EXECUTE format('ALTER TABLE %s ENABLE TRIGGER %I', ours.of_table, ours.name);
        END IF;
    END LOOP;
END $down$;
";
