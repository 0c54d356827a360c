//! The version of each table: which commit changed it last. What was read from tables that have
//! not changed since is still right, whatever else was committed.
//!
//! The notes of a transaction name its tables. When it commits, `data_version` moves first and
//! then the rows of these tables: who holds the one row of `data_version` is the only one who
//! touches others, so that transactions cannot lock each other out in whatever order they
//! changed their tables.
//!
//! A note without a table stands for all of them: what is committed may have changed anything.

use sea_orm_migration::prelude::*;

/// See the module.
#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(UP).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(DOWN).await.map(drop)
    }
}

/// No other transaction has notes while `data_change` is locked, and those of this one, of the
/// migrations before, are taken first: no table can be altered with such in waiting. The
/// functions run as their owner, whose the new table is, and with a search path of their own.
///
/// Rows are updated in place over and over: there is room for that in their page.
const UP: &str = r"
LOCK TABLE data_change IN ACCESS EXCLUSIVE MODE;
SET CONSTRAINTS data_version_move IMMEDIATE;
SET CONSTRAINTS data_version_move DEFERRED;

CREATE TABLE table_version (
    table_name  varchar(63) PRIMARY KEY,
    version     bigint NOT NULL CHECK (version >= 0),
    as_of       timestamptz NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0);
COMMENT ON TABLE table_version IS 'The version of each table that queries can see: that of the data when it was changed last. A table that is not there has the version of the empty name.';
COMMENT ON COLUMN table_version.table_name IS 'The table; empty for what may have changed any of them.';
COMMENT ON COLUMN table_version.version IS 'The version of the data that the last commit made which changed it.';
COMMENT ON COLUMN table_version.as_of IS 'When that commit was made.';
INSERT INTO table_version SELECT '', version, as_of FROM data_version;

ALTER TABLE data_change DROP CONSTRAINT data_change_pkey;
ALTER TABLE data_change ADD COLUMN table_name varchar(63) NOT NULL DEFAULT '';
ALTER TABLE data_change ADD PRIMARY KEY (transaction_id, table_name);
COMMENT ON TABLE data_change IS 'What transactions under way have changed; empty for all others to see.';
COMMENT ON COLUMN data_change.table_name IS 'A table that it has changed; empty for any.';

DO $create$
BEGIN
    EXECUTE format($function$
        CREATE OR REPLACE FUNCTION data_version_note() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = %1$I, pg_temp AS $body$
        BEGIN
            INSERT INTO data_change VALUES (pg_current_xact_id(), TG_TABLE_NAME)
            ON CONFLICT DO NOTHING;
            RETURN NULL;
        END $body$;
        CREATE OR REPLACE FUNCTION data_version_move() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = %1$I, pg_temp AS $body$
        DECLARE
            changed text[];
            moved bigint;
            moved_at timestamptz;
        BEGIN
            WITH taken AS (
                DELETE FROM data_change WHERE transaction_id = NEW.transaction_id
                RETURNING table_name
            )
            SELECT array_agg(table_name) INTO changed FROM taken;
            -- The first of the transaction's notes has moved it for all of them.
            IF changed IS NULL THEN
                RETURN NULL;
            END IF;
            INSERT INTO data_version AS known (version, as_of) VALUES (0, clock_timestamp())
            ON CONFLICT (singleton) DO UPDATE SET version = known.version + 1,
                as_of = greatest(clock_timestamp(), known.as_of + interval '1 microsecond')
            RETURNING version, as_of INTO moved, moved_at;
            INSERT INTO table_version SELECT unnest(changed), moved, moved_at
            ON CONFLICT (table_name) DO UPDATE
            SET version = excluded.version, as_of = excluded.as_of;
            PERFORM pg_notify('salesgraph_data', moved::text);
            RETURN NULL;
        END $body$
    $function$, current_schema());

    EXECUTE format('ALTER TABLE table_version OWNER TO %s',
        (SELECT relowner::regrole FROM pg_class WHERE oid = 'data_version'::regclass));
END $create$;

CREATE OR REPLACE VIEW data_state AS
SELECT data_version.version, data_version.as_of,
    CASE WHEN EXISTS (SELECT FROM unwatched_trigger)
        THEN hashtextextended(pg_current_snapshot()::text, 0) ELSE 0 END AS unwatched,
    (SELECT max(seaql_migrations.version)::text FROM seaql_migrations) AS schema_version,
    known.table_names, known.table_versions, known.table_times
FROM data_version CROSS JOIN (
    SELECT coalesce(array_agg(table_name::text), '{}') AS table_names,
        coalesce(array_agg(version), '{}') AS table_versions,
        coalesce(array_agg(as_of), '{}') AS table_times
    FROM table_version
) AS known;
COMMENT ON VIEW data_state IS 'One row: the data version, and a number that differs between any two snapshots while changes may go unseen; 0 otherwise. Equal rows mean equal data. Then the newest migration, and the rows of table_version as three arrays in one order.';
";

/// The rights to the view are kept: it cannot lose columns without being made anew.
const DOWN: &str = r"
LOCK TABLE data_change IN ACCESS EXCLUSIVE MODE;
SET CONSTRAINTS data_version_move IMMEDIATE;
SET CONSTRAINTS data_version_move DEFERRED;
DO $down$
DECLARE
    granted record;
    rights aclitem[];
    owner regrole;
BEGIN
    EXECUTE format($function$
        CREATE OR REPLACE FUNCTION data_version_note() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = %1$I, pg_temp AS $body$
        BEGIN
            INSERT INTO data_change VALUES (pg_current_xact_id()) ON CONFLICT DO NOTHING;
            RETURN NULL;
        END $body$;
        CREATE OR REPLACE FUNCTION data_version_move() RETURNS trigger
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

    SELECT relacl, relowner INTO rights, owner FROM pg_class WHERE oid = 'data_state'::regclass;
    DROP VIEW data_state;
    CREATE VIEW data_state AS
    SELECT version, as_of, CASE WHEN EXISTS (SELECT FROM unwatched_trigger)
        THEN hashtextextended(pg_current_snapshot()::text, 0) ELSE 0 END AS unwatched
    FROM data_version;
    EXECUTE format('ALTER VIEW data_state OWNER TO %s', owner);
    FOR granted IN SELECT grantee, privilege_type FROM aclexplode(rights)
        WHERE grantee <> owner
    LOOP
        EXECUTE format('GRANT %s ON data_state TO %s', granted.privilege_type,
            CASE granted.grantee WHEN 0 THEN 'PUBLIC' ELSE granted.grantee::regrole::text END);
    END LOOP;
END $down$;
COMMENT ON VIEW data_state IS 'One row: the data version, and a number that differs between any two snapshots while changes may go unseen; 0 otherwise. Equal rows mean equal data.';

ALTER TABLE data_change DROP CONSTRAINT data_change_pkey;
ALTER TABLE data_change DROP COLUMN table_name;
ALTER TABLE data_change ADD PRIMARY KEY (transaction_id);
COMMENT ON TABLE data_change IS 'Transactions under way that have changed something; empty for all others to see.';
DROP TABLE table_version;
";
