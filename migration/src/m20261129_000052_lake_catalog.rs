//! Lakes whose tables a catalogue outside of Postgres names. What an attempt is about to commit
//! there is told before, so that whoever comes after a crash finds out what was committed, and
//! records it here. What was not is noted again, table by table.

migration!(UP, DOWN);

const UP: &str = "
ALTER TABLE lake_attempt ADD COLUMN catalog text, ADD COLUMN bases jsonb, ADD COLUMN intent jsonb,
    ADD COLUMN settled_at timestamptz;
COMMENT ON COLUMN lake_attempt.catalog IS 'The catalogue that it commits to, where that is outside of Postgres.';
COMMENT ON COLUMN lake_attempt.bases IS 'The snapshots that the tables had in the catalogue, by their names, where that is outside of Postgres.';
COMMENT ON COLUMN lake_attempt.intent IS 'What it commits to a catalogue outside of Postgres; null before that, and once nothing of it can be done any more.';
COMMENT ON COLUMN lake_attempt.settled_at IS 'When it was first looked up in the catalogue what became of it.';
ALTER TABLE lake_due ADD COLUMN is_exact boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN lake_due.is_exact IS 'Whether it is a note of this table alone: where rows of it are in the wide table too, that has them, or a note of its own.';

CREATE OR REPLACE VIEW lake_behind AS
SELECT name FROM lake_table WHERE EXISTS (
    SELECT FROM unwatched_trigger AS unwatched WHERE starts_with(unwatched.name::text, 'lake_note_'))
OR EXISTS (
    SELECT FROM lake_due AS due WHERE due.table_name IS NULL OR due.table_name = name
        OR (NOT due.is_exact AND name = 'sales' AND due.table_name IN
            ('sales_order', 'sales_order_line', 'product', 'customer', 'territory'))
        OR (NOT due.is_exact AND name = 'sales' AND due.table_name = 'person'
            AND EXISTS (SELECT FROM lake_watch WHERE persons)));
";

const DOWN: &str = "
CREATE OR REPLACE VIEW lake_behind AS
SELECT name FROM lake_table WHERE EXISTS (
    SELECT FROM unwatched_trigger AS unwatched WHERE starts_with(unwatched.name::text, 'lake_note_'))
OR EXISTS (
    SELECT FROM lake_due AS due WHERE due.table_name IS NULL OR due.table_name = name
        OR (name = 'sales' AND due.table_name IN
            ('sales_order', 'sales_order_line', 'product', 'customer', 'territory'))
        OR (name = 'sales' AND due.table_name = 'person'
            AND EXISTS (SELECT FROM lake_watch WHERE persons)));
ALTER TABLE lake_due DROP COLUMN is_exact;
ALTER TABLE lake_attempt DROP COLUMN settled_at, DROP COLUMN intent, DROP COLUMN bases,
    DROP COLUMN catalog;
";
