//! Which table is where on a Citus cluster, and the SQL that puts them there.
//!
//! Orders and their lines are cut by the key of the order, so that an order and its lines are on
//! one machine. What rows of sales refer to is a reference table: each machine has all of it. What
//! only the program itself works with stays on the coordinator as it is.

use std::fmt::Write as _;

/// Where the rows of a table are on a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Cut by this column.
    Cut {
        /// The column; part of the key.
        by: &'static str,
        /// Rows of the same value are on the machine of those of this table.
        with: Option<&'static str>,
    },
    /// Whole on each machine.
    Everywhere,
    /// On the coordinator alone, a table of Postgres like any other.
    Coordinator,
}

use Place::{Coordinator, Cut, Everywhere};

/// All tables of the newest schema; those that others refer to first.
pub const TABLES: &[(&str, Place)] = &[
    ("person", Everywhere),
    ("store", Everywhere),
    ("territory", Everywhere),
    ("product", Everywhere),
    ("customer", Everywhere),
    ("special_offer_product", Everywhere),
    ("product_inventory", Everywhere),
    ("currency_rate", Everywhere),
    ("demand_forecast_span", Everywhere),
    ("demand_forecast_date", Everywhere),
    ("demand_forecast_stock", Everywhere),
    ("sales_order", Cut { by: "sales_order_id", with: None }),
    ("sales_order_line", Cut { by: "sales_order_id", with: Some("sales_order") }),
    ("sales_by_product_day", Cut { by: "product_id", with: None }),
    ("sales_by_day", Cut { by: "order_date", with: None }),
    // The ledger: it is written with each batch, and nothing is joined to it row by row.
    ("load_run", Coordinator),
    ("load_file", Coordinator),
    ("load_file_key", Coordinator),
    ("load_run_file", Coordinator),
    ("load_checkpoint", Coordinator),
    ("load_reject", Coordinator),
    ("load_parked", Coordinator),
    ("load_finding", Coordinator),
    ("load_step", Coordinator),
    ("load_document_page", Coordinator),
    ("load_raw", Coordinator),
    ("load_raw_claim", Coordinator),
    ("load_set_aside", Coordinator),
    // The data version and what is due: one row, or few, that each commit writes.
    ("data_version", Coordinator),
    ("table_version", Coordinator),
    ("data_change", Coordinator),
    ("derivation_step", Coordinator),
    ("derivation_due", Coordinator),
    ("lake_due", Coordinator),
    ("lake_watch", Coordinator),
    ("lake_attempt", Coordinator),
    ("lake_removal", Coordinator),
    ("lake_table", Coordinator),
    ("lake_snapshot", Coordinator),
    ("lake_answer", Coordinator),
    ("lake_answer_group", Coordinator),
    ("job", Coordinator),
    ("schedule", Coordinator),
    ("report", Coordinator),
    ("report_request", Coordinator),
    ("saved_query", Coordinator),
    ("saved_query_deletion", Coordinator),
    ("source_failure", Coordinator),
    ("api_key", Coordinator),
    ("seaql_migrations", Coordinator),
];

/// Functions that read tables on several machines, in SQL.
const PLANNED: [&str; 4] = [
    "conversion_rate", "sales_by_product_day_since", "sales_orders_by_day_since",
    "sales_by_day_since",
];

/// Whether a table is on the coordinator alone.
#[must_use]
pub fn is_on_coordinator(table: &str) -> bool {
    TABLES.contains(&(table, Coordinator))
}

/// Whether a table is on more machines than the coordinator.
#[must_use]
pub fn is_shared(table: &str) -> bool {
    TABLES.iter().any(|(name, place)| *name == table && *place != Coordinator)
}

/// The statements that put the tables of a database on its machines, to be executed in one
/// transaction. What is in its place stays there.
///
/// Triggers do not fire for tables on several machines: they are removed, and who writes such a
/// table calls `note_change`. A policy must not look at other tables there: row security is
/// removed as well, and the conditions of the statements are the only wall. The functions that
/// the planner would put into statements become such that it cannot.
#[must_use]
pub fn distribute() -> String {
    let mut places = REFERENCE.replace("{tables}", &names(&|place| place == Everywhere));
    for (name, place) in TABLES {
        let Cut { by, with } = place else { continue };
        let with = with.unwrap_or("none");
        // Writing to a String cannot fail.
        let _ = write!(
            places,
            "SELECT create_distributed_table('{name}', '{by}', colocate_with => '{with}')
WHERE NOT EXISTS (SELECT FROM pg_dist_partition
    WHERE logicalrelid = '{name}'::regclass AND partmethod = 'h');
"
        );
    }
    around(&[SEQUENTIAL, &places, KEY].concat())
}

/// All of that but the places: for tables that stay on one machine, or have come back to it with a
/// backup, and are read and written as those of a cluster are.
#[must_use]
pub fn prepare() -> String {
    around("")
}

/// What is done before tables are put in their places, and after.
fn around(places: &str) -> String {
    let functions = format!("'{{{}}}'", PLANNED.join(", "));
    let strip = STRIP.replace("{tables}", &names(&|place| place != Coordinator));
    let set_apart = SET_APART.replace("'{functions}'", &functions);
    [&set_apart, &strip, places, PLANNED_APART, WATCH, PIECES, NOTE_CHANGE].concat()
}

/// The names of the tables with such places, quoted.
fn names(is: &dyn Fn(Place) -> bool) -> String {
    let of = TABLES.iter().filter(|(_, place)| is(*place)).map(|(name, _)| *name);
    format!("'{}'", of.collect::<Vec<_>>().join("', '"))
}

/// Keys between tables are checked table by table: each step would use more than one connection
/// to a machine.
///
/// The lines cannot refer to orders that are on other machines already, nor orders to lines that
/// are not: the key between them is made anew.
const SEQUENTIAL: &str = "
SET LOCAL citus.multi_shard_modify_mode = 'sequential';
DO $key$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_dist_partition
        WHERE logicalrelid = 'sales_order_line'::regclass AND partmethod = 'h') THEN
        ALTER TABLE sales_order_line DROP CONSTRAINT sales_order_line_sales_order_id_fkey;
    END IF;
END $key$;
";

/// Functions that the planner would put into the statement around them are not planned any more
/// where the tables of a cluster are: they become statements of their own, in PL/pgSQL. What they
/// are is taken from the database, as the newest migration has left it. Those that give rows of a
/// table give columns of these names instead, or the table would need its own functions; so they
/// and the views of them are away while tables are distributed.
const SET_APART: &str = "
SET LOCAL client_min_messages = error;
CREATE TEMP TABLE set_apart (place integer GENERATED ALWAYS AS IDENTITY, statement text)
ON COMMIT DROP;
DO $before$
DECLARE
    views CONSTANT text[] := '{current_sales_by_product_day, current_sales_by_day}';
    viewed text;
    planned record;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_proc JOIN pg_language ON pg_language.oid = prolang
        WHERE lanname = 'sql' AND pronamespace = current_schema()::regnamespace
            AND proname = ANY ('{functions}')) THEN
        RETURN;
    END IF;
    INSERT INTO set_apart (statement)
    SELECT format('CREATE FUNCTION %I(%s) RETURNS %s LANGUAGE plpgsql STABLE PARALLEL %s AS %L',
        proname, pg_get_function_arguments(function.oid),
        coalesce('TABLE (' || of_row.columns || ')', pg_get_function_result(function.oid)),
        CASE proparallel WHEN 's' THEN 'SAFE' ELSE 'UNSAFE' END,
        E'\\n#variable_conflict use_column\\nBEGIN RETURN QUERY' || rtrim(prosrc, E' \\n;')
            || E';\\nEND')
        || coalesce(format('; COMMENT ON FUNCTION %I IS %L', proname,
            obj_description(function.oid, 'pg_proc')), '')
    FROM pg_proc AS function CROSS JOIN LATERAL (
        SELECT string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)), ', '
            ORDER BY attnum) AS columns
        FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
        WHERE reltype = prorettype AND relkind = 'r' AND attnum > 0 AND NOT attisdropped) AS of_row
    WHERE pronamespace = current_schema()::regnamespace AND proname = ANY ('{functions}')
    ORDER BY proname;
    INSERT INTO set_apart (statement)
    SELECT format('CREATE VIEW %I AS %s', name, pg_get_viewdef(name::regclass))
        || coalesce(format('; COMMENT ON VIEW %I IS %L', name,
            obj_description(name::regclass, 'pg_class')), '')
    FROM unnest(views) AS name;
    FOREACH viewed IN ARRAY views LOOP
        EXECUTE format('DROP VIEW %I', viewed);
    END LOOP;
    FOR planned IN SELECT oid::regprocedure AS name FROM pg_proc
        WHERE pronamespace = current_schema()::regnamespace AND proname = ANY ('{functions}')
    LOOP
        EXECUTE format('DROP FUNCTION %s', planned.name);
    END LOOP;
END $before$;
";

const STRIP: &str = "
DO $strip$
DECLARE
    ours record;
BEGIN
    FOR ours IN SELECT tgrelid::regclass AS of_table, tgname AS name FROM pg_trigger
        WHERE NOT tgisinternal AND tgrelid = ANY (ARRAY[{tables}]::regclass[])
            AND tgfoid <> coalesce(to_regproc('citus_truncate_trigger')::oid, 0)
    LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', ours.name, ours.of_table);
    END LOOP;
    FOR ours IN SELECT polrelid::regclass AS of_table, polname AS name FROM pg_policy
        WHERE polrelid = ANY (ARRAY[{tables}]::regclass[])
    LOOP
        EXECUTE format('DROP POLICY %I ON %s', ours.name, ours.of_table);
    END LOOP;
    FOR ours IN SELECT oid::regclass AS of_table FROM pg_class
        WHERE relrowsecurity AND oid = ANY (ARRAY[{tables}]::regclass[])
    LOOP
        EXECUTE format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', ours.of_table);
    END LOOP;
END $strip$;
";

/// Citus lists tables that refer to others of a cluster before they have a place of their own.
const REFERENCE: &str = "
SELECT create_reference_table(name::regclass)
FROM unnest(ARRAY[{tables}]) WITH ORDINALITY AS of (name, place)
WHERE NOT EXISTS (SELECT FROM pg_dist_partition
    WHERE logicalrelid = name::regclass AND partmethod = 'n' AND repmodel = 't')
ORDER BY place;
";

const KEY: &str = "
DO $key$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_constraint
        WHERE conname = 'sales_order_line_sales_order_id_fkey') THEN
        ALTER TABLE sales_order_line ADD CONSTRAINT sales_order_line_sales_order_id_fkey
            FOREIGN KEY (sales_order_id) REFERENCES sales_order (sales_order_id);
    END IF;
END $key$;
";

/// In the order in which they were set apart, as views are made of functions.
const PLANNED_APART: &str = "
DO $apart$
DECLARE
    made text;
BEGIN
    FOR made IN SELECT statement FROM set_apart ORDER BY place LOOP
        EXECUTE made;
    END LOOP;
END $apart$;
";

/// What Citus reads first, it reads by its columns: there must be one.
const WATCH: &str = "
DO $watch$
BEGIN
    EXECUTE replace(pg_get_functiondef('watch_changes'::regproc),
        'EXISTS (SELECT FROM ', 'EXISTS (SELECT 1 FROM ');
END $watch$;
";

/// What each machine knows of its pieces of tables: some ten for each, so that they are asked only
/// where sizes matter.
const PIECES: &str = r"
DO $create$
BEGIN
    EXECUTE format($function$
        CREATE OR REPLACE FUNCTION rows_of_pieces(of_tables text[])
        RETURNS TABLE (name text, row_count bigint)
        LANGUAGE plpgsql STABLE SET search_path = %1$I, pg_temp AS $body$
        #variable_conflict use_column
        BEGIN
            IF to_regclass('pg_catalog.pg_dist_partition') IS NULL THEN
                RETURN;
            END IF;
            RETURN QUERY
            SELECT logicalrelid::text, sum(result::float8)::bigint
            FROM pg_dist_partition CROSS JOIN LATERAL run_command_on_shards(logicalrelid,
                'SELECT greatest(reltuples, pg_stat_get_live_tuples(oid)) FROM pg_class
                 WHERE oid = ''%%s''::regclass') AS piece
            WHERE logicalrelid::text = ANY (of_tables) AND success
            GROUP BY logicalrelid HAVING sum(result::float8) > 0;
        END $body$
    $function$, current_schema());
END $create$;
COMMENT ON FUNCTION rows_of_pieces IS 'Estimated numbers of rows of tables that are on several machines.';
";

/// What the triggers do on one machine, for a change that is told: rows of a table, by the first
/// columns of their keys. Of orders and lines also the days on which the orders were before.
///
/// Where no order of a change is stored any more, and none was before, any day may have changed.
/// An empty name stands for any table, whose rows are the same: it only moves the version.
const NOTE_CHANGE: &str = r"
DO $create$
BEGIN
    EXECUTE format($function$
        CREATE OR REPLACE FUNCTION note_change(
            of_table text, keys integer[], days date[] DEFAULT '{}')
        RETURNS void
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = %1$I, pg_temp AS $body$
        DECLARE
            touched date[];
        BEGIN
            IF NOT has_table_privilege(session_user, coalesce(nullif(of_table, ''), 'sales_order'),
                'INSERT, UPDATE, DELETE') THEN
                RAISE insufficient_privilege
                    USING MESSAGE = format('may not tell of changes of %%I', of_table);
            END IF;
            INSERT INTO data_change VALUES (pg_current_xact_id(), of_table)
            ON CONFLICT DO NOTHING;
            IF of_table IN ('sales_order', 'sales_order_line') THEN
                UPDATE sales_order_line AS line SET territory_id = ordered.territory_id
                FROM sales_order AS ordered
                WHERE ordered.sales_order_id = line.sales_order_id
                    AND line.sales_order_id = ANY (keys)
                    AND line.territory_id IS DISTINCT FROM ordered.territory_id;
                IF FOUND THEN
                    INSERT INTO data_change VALUES (pg_current_xact_id(), 'sales_order_line')
                    ON CONFLICT DO NOTHING;
                END IF;
                touched := days || ARRAY(SELECT DISTINCT order_date::date FROM sales_order
                                         WHERE sales_order_id = ANY (keys));
                INSERT INTO derivation_due
                SELECT step, (SELECT min(day) FROM unnest(touched) AS day) FROM derivation_step;
                INSERT INTO lake_due (table_name, months)
                SELECT name, nullif(ARRAY(SELECT DISTINCT date_trunc('month', day)::date
                                          FROM unnest(touched) AS day), '{}')
                FROM unnest(ARRAY['sales_order', 'sales_order_line']) AS name
                WHERE EXISTS (SELECT FROM lake_watch);
                RETURN;
            END IF;
            IF of_table = 'product_inventory' THEN
                INSERT INTO derivation_due VALUES ('demand_forecast', 'infinity');
            END IF;
            INSERT INTO lake_due (table_name, keys)
            SELECT of_table, CASE WHEN of_table IN ('product', 'customer', 'territory', 'person')
                THEN nullif(keys, '{}') END
            WHERE of_table IN ('product', 'customer', 'territory', 'person',
                    'special_offer_product', 'product_inventory', 'store', 'currency_rate')
                AND EXISTS (SELECT FROM lake_watch);
        END $body$
    $function$, current_schema());
END $create$;
COMMENT ON FUNCTION note_change IS 'Called by who changes rows of a table that is on several machines, in the same transaction: triggers do not see it there.';
";
