//! The territory of an order, kept with each of its lines: who may see only some
//! territories finds the lines by a column of their own.
//!
//! Once committed, a line has the territory of its order, whoever wrote either. Both the
//! triggers of lines and those of orders look after it, under the locks that they take
//! for the day anyway:
//!
//! - An order that moves to another territory first locks its lines and then itself, and
//!   then takes the lines along. A change of a line locks in the same order: the line, and
//!   then its order.
//! - A line that is written has been through the check of its foreign key, or has locked
//!   its order, when the trigger compares its territory with the order's. The loader brings
//!   the right one, so that the comparison is all it pays; what others bring is corrected.

use sea_orm_migration::prelude::*;

use crate::m20261121_000015_load_step::NOTES;

/// See the module.
#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(UP).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let down = format!("{NOTES}{DOWN}");
        manager.get_connection().execute_unprepared(&down).await.map(drop)
    }
}

/// Nothing derived of the lines depends on the column: filling it is no change to note.
///
/// As in the functions they replace, each order is looked up in a subquery of its own, for
/// which only its index comes into question.
const UP: &str = r"
LOCK TABLE sales_order_line, sales_order IN SHARE ROW EXCLUSIVE MODE;
ALTER TABLE sales_order_line ADD territory_id integer;
ALTER TABLE sales_order_line DISABLE TRIGGER derivation_note_update;
UPDATE sales_order_line AS line SET territory_id = ordered.territory_id
FROM sales_order AS ordered
WHERE ordered.sales_order_id = line.sales_order_id AND ordered.territory_id IS NOT NULL;
ALTER TABLE sales_order_line ENABLE TRIGGER derivation_note_update;

DO $create$
BEGIN
    EXECUTE format($function$
        CREATE OR REPLACE FUNCTION derivation_note_order() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = %1$I, pg_temp AS $body$
        DECLARE
            orders bigint;
            first_day date;
            moved integer[];
            transferred integer[] := '{}';
        BEGIN
            SELECT count(*), min(order_date) INTO orders, first_day FROM changed;
            IF TG_OP = 'UPDATE' THEN
                SELECT least(first_day, min(order_date)) INTO first_day FROM former;
                moved := ARRAY(
                    SELECT sales_order_id FROM (
                        SELECT sales_order_id, order_date, territory_id FROM former
                        EXCEPT SELECT sales_order_id, order_date, territory_id FROM changed
                    ) AS other ORDER BY sales_order_id);
                IF cardinality(moved) > 0 THEN
                    transferred := ARRAY(
                        SELECT sales_order_id FROM (
                            SELECT sales_order_id, territory_id FROM former
                            EXCEPT SELECT sales_order_id, territory_id FROM changed
                        ) AS other ORDER BY sales_order_id);
                END IF;
                PERFORM FROM unnest(transferred) AS of (order_id) CROSS JOIN LATERAL (
                    SELECT FROM sales_order_line WHERE sales_order_id = order_id
                    ORDER BY sales_order_detail_id FOR NO KEY UPDATE) AS locked;
                PERFORM FROM unnest(moved) AS of (order_id) CROSS JOIN LATERAL (
                    SELECT FROM sales_order WHERE sales_order_id = order_id
                    FOR UPDATE) AS locked;
                IF cardinality(transferred) > 0 THEN
                    UPDATE sales_order_line AS line SET territory_id = ordered.territory_id
                    FROM unnest(transferred) AS of (order_id)
                    JOIN sales_order AS ordered ON ordered.sales_order_id = order_id
                    WHERE line.sales_order_id = order_id
                        AND line.territory_id IS DISTINCT FROM ordered.territory_id;
                END IF;
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
            territories integer[];
            first_day date;
            is_wrong boolean;
        BEGIN
            SELECT array_agg(sales_order_id), array_agg(territory_id) INTO touched, territories
            FROM (SELECT DISTINCT sales_order_id, territory_id FROM changed ORDER BY 1) AS line;
            IF touched IS NULL THEN
                RETURN NULL;
            END IF;
            IF TG_OP = 'UPDATE' THEN
                touched := touched || ARRAY(SELECT sales_order_id FROM former
                                            EXCEPT SELECT sales_order_id FROM changed);
            END IF;
            IF TG_OP <> 'INSERT' THEN
                PERFORM FROM (SELECT unnest(touched) AS order_id ORDER BY 1) AS of
                CROSS JOIN LATERAL (
                    SELECT FROM sales_order WHERE sales_order_id = order_id
                    FOR KEY SHARE) AS locked;
            END IF;
            SELECT min(order_date), bool_or(place <= cardinality(territories)
                AND ordered.territory_id IS DISTINCT FROM of.territory_id)
            INTO first_day, is_wrong
            FROM unnest(touched, territories) WITH ORDINALITY AS of (order_id, territory_id, place)
            CROSS JOIN LATERAL (
                SELECT order_date, territory_id FROM sales_order WHERE sales_order_id = order_id
                OFFSET 0) AS ordered;
            IF is_wrong AND TG_OP <> 'DELETE' THEN
                UPDATE sales_order_line AS line SET territory_id = ordered.territory_id
                FROM (SELECT DISTINCT sales_order_id FROM changed) AS of
                JOIN sales_order AS ordered USING (sales_order_id)
                WHERE line.sales_order_id = of.sales_order_id
                    AND line.territory_id IS DISTINCT FROM ordered.territory_id;
            END IF;
            INSERT INTO derivation_due SELECT step, first_day FROM derivation_step;
            RETURN NULL;
        END $body$
    $function$, current_schema());
END $create$;
";

const DOWN: &str = r"
ALTER TABLE sales_order_line DROP COLUMN territory_id;
";
