//! The load ledger: runs, file versions, checkpoints, rejects and parked rows.

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

const UP: &str = r"
CREATE TABLE load_run (
    id             uuid PRIMARY KEY,
    state          varchar(24) NOT NULL DEFAULT 'running'
                   CHECK (state IN ('running', 'succeeded', 'succeeded_with_rejects', 'failed')),
    mode           varchar(8) NOT NULL DEFAULT 'merge' CHECK (mode IN ('merge')),
    atomic         boolean NOT NULL DEFAULT false,
    source_uri     text NOT NULL,
    holder         text NOT NULL,
    started_at     timestamptz NOT NULL DEFAULT now(),
    finished_at    timestamptz,
    files_found    integer NOT NULL DEFAULT 0 CHECK (files_found >= 0),
    files_skipped  integer NOT NULL DEFAULT 0 CHECK (files_skipped >= 0),
    error_code     text,
    error_message  text,
    CONSTRAINT load_run_finished CHECK ((state = 'running') = (finished_at IS NULL))
);
CREATE UNIQUE INDEX load_run_one_running ON load_run ((true)) WHERE state = 'running';
CREATE INDEX load_run_started_at ON load_run (started_at DESC, id DESC);
COMMENT ON TABLE load_run IS 'One execution of the loader. At most one is running.';
COMMENT ON COLUMN load_run.id IS 'UUID version 7: sorts by time.';
COMMENT ON COLUMN load_run.state IS 'running, succeeded, succeeded_with_rejects (rows were rejected or parked) or failed.';
COMMENT ON COLUMN load_run.mode IS 'merge: inserts and updates, never removes.';
COMMENT ON COLUMN load_run.atomic IS 'Each file in one transaction: all of it or nothing.';
COMMENT ON COLUMN load_run.source_uri IS 'Where the files were looked for: s3://bucket/prefix or file:///dir.';
COMMENT ON COLUMN load_run.holder IS 'Host and process id of the loader, shown to a second one that finds the lock taken.';
COMMENT ON COLUMN load_run.started_at IS 'When the run took the lock.';
COMMENT ON COLUMN load_run.finished_at IS 'When it ended; null while it runs.';
COMMENT ON COLUMN load_run.files_found IS 'Files whose name is that of a dataset.';
COMMENT ON COLUMN load_run.files_skipped IS 'Of these, versions that had been loaded before.';
COMMENT ON COLUMN load_run.error_code IS 'Constant code of the first failure; null unless failed.';
COMMENT ON COLUMN load_run.error_message IS 'Its message.';

CREATE TABLE load_file (
    id              integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dataset         varchar(63) NOT NULL,
    bucket          text NOT NULL,
    object_key      text NOT NULL,
    etag            text NOT NULL,
    version_id      text NOT NULL DEFAULT '',
    byte_size       bigint NOT NULL CHECK (byte_size >= 0),
    state           varchar(8) NOT NULL DEFAULT 'loading' CHECK (state IN ('loading', 'loaded', 'failed')),
    dialect         jsonb,
    first_run_id    uuid NOT NULL REFERENCES load_run (id),
    last_run_id     uuid NOT NULL REFERENCES load_run (id),
    started_at      timestamptz NOT NULL DEFAULT now(),
    finished_at     timestamptz,
    rows_read       bigint NOT NULL DEFAULT 0,
    rows_inserted   bigint NOT NULL DEFAULT 0 CHECK (rows_inserted >= 0),
    rows_updated    bigint NOT NULL DEFAULT 0 CHECK (rows_updated >= 0),
    rows_unchanged  bigint NOT NULL DEFAULT 0 CHECK (rows_unchanged >= 0),
    rows_rejected   bigint NOT NULL DEFAULT 0 CHECK (rows_rejected >= 0),
    rows_parked     bigint NOT NULL DEFAULT 0 CHECK (rows_parked >= 0),
    error_code      text,
    error_message   text,
    CONSTRAINT load_file_version UNIQUE (bucket, object_key, etag, version_id),
    CONSTRAINT load_file_nothing_disappears CHECK
        (rows_read = rows_inserted + rows_updated + rows_unchanged + rows_rejected + rows_parked)
);
CREATE INDEX load_file_last_run_id ON load_file (last_run_id);
CREATE INDEX load_file_first_run_id ON load_file (first_run_id);
COMMENT ON TABLE load_file IS 'One version of one file: the ledger key is bucket, key, ETag and version id. Never deleted, because rows refer to it.';
COMMENT ON COLUMN load_file.id IS 'What source_file_id of every data row means.';
COMMENT ON COLUMN load_file.dataset IS 'The table the rows of this file go to.';
COMMENT ON COLUMN load_file.bucket IS 'Bucket; empty for a file:// source.';
COMMENT ON COLUMN load_file.object_key IS 'Key of the object, or path of the file.';
COMMENT ON COLUMN load_file.etag IS 'ETag without quotes; for a file:// source size, modification time and inode.';
COMMENT ON COLUMN load_file.version_id IS 'Version id of a versioned bucket; empty where there is none.';
COMMENT ON COLUMN load_file.byte_size IS 'Bytes of the object as stored, compressed or not.';
COMMENT ON COLUMN load_file.state IS 'loading: not at its end yet, a later run goes on at the checkpoint; loaded; failed: see error_code.';
COMMENT ON COLUMN load_file.dialect IS 'What was told from the content: compression, encoding, delimiter, decimal mark, header, ignored columns.';
COMMENT ON COLUMN load_file.first_run_id IS 'Run that met this version first.';
COMMENT ON COLUMN load_file.last_run_id IS 'Run that worked on it last.';
COMMENT ON COLUMN load_file.started_at IS 'When its first row was about to be read.';
COMMENT ON COLUMN load_file.finished_at IS 'When its last row was committed.';
COMMENT ON COLUMN load_file.rows_read IS 'Records read so far, without the header; always the sum of the five counters below.';
COMMENT ON COLUMN load_file.rows_inserted IS 'Rows that were new.';
COMMENT ON COLUMN load_file.rows_updated IS 'Rows that replaced an older or different one.';
COMMENT ON COLUMN load_file.rows_unchanged IS 'Rows that were there already, or older than the stored one.';
COMMENT ON COLUMN load_file.rows_rejected IS 'Rows in load_reject.';
COMMENT ON COLUMN load_file.rows_parked IS 'Rows in load_parked, waiting for a parent.';
COMMENT ON COLUMN load_file.error_code IS 'Constant code of the failure; null unless failed.';
COMMENT ON COLUMN load_file.error_message IS 'Its message.';

CREATE FUNCTION load_file_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of load_file are never deleted: data rows refer to them'
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER load_file_keep BEFORE DELETE ON load_file
    FOR EACH ROW EXECUTE FUNCTION load_file_keep();
CREATE TRIGGER load_file_keep_all BEFORE TRUNCATE ON load_file
    FOR EACH STATEMENT EXECUTE FUNCTION load_file_keep();

CREATE TABLE load_run_file (
    run_id          uuid NOT NULL REFERENCES load_run (id),
    file_id         integer NOT NULL REFERENCES load_file (id),
    rows_read       bigint NOT NULL DEFAULT 0,
    rows_inserted   bigint NOT NULL DEFAULT 0,
    rows_updated    bigint NOT NULL DEFAULT 0,
    rows_unchanged  bigint NOT NULL DEFAULT 0,
    rows_rejected   bigint NOT NULL DEFAULT 0,
    rows_parked     bigint NOT NULL DEFAULT 0,
    elapsed_ms      bigint NOT NULL DEFAULT 0 CHECK (elapsed_ms >= 0),
    PRIMARY KEY (run_id, file_id),
    CONSTRAINT load_run_file_nothing_disappears CHECK
        (rows_read = rows_inserted + rows_updated + rows_unchanged + rows_rejected + rows_parked)
);
CREATE INDEX load_run_file_file_id ON load_run_file (file_id);
COMMENT ON TABLE load_run_file IS 'What one run did to one file version. The counters of load_file are the sums over its runs.';
COMMENT ON COLUMN load_run_file.run_id IS 'The run.';
COMMENT ON COLUMN load_run_file.file_id IS 'The file version.';
COMMENT ON COLUMN load_run_file.rows_read IS 'Records this run read from it.';
COMMENT ON COLUMN load_run_file.rows_inserted IS 'Rows this run inserted, from the file or out of load_parked and load_reject.';
COMMENT ON COLUMN load_run_file.rows_updated IS 'Rows this run updated.';
COMMENT ON COLUMN load_run_file.rows_unchanged IS 'Rows this run found unchanged.';
COMMENT ON COLUMN load_run_file.rows_rejected IS 'Rows this run rejected; negative where it replayed more than it rejected.';
COMMENT ON COLUMN load_run_file.rows_parked IS 'Rows this run parked; negative where it resolved more than it parked.';
COMMENT ON COLUMN load_run_file.elapsed_ms IS 'Milliseconds this run spent on the file.';

CREATE TABLE load_checkpoint (
    file_id      integer PRIMARY KEY REFERENCES load_file (id),
    byte_offset  bigint NOT NULL CHECK (byte_offset >= 0),
    line         bigint NOT NULL CHECK (line >= 1),
    batches      bigint NOT NULL DEFAULT 0 CHECK (batches >= 0),
    updated_at   timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE load_checkpoint IS 'How far a file version is loaded; moved in the transaction of each batch.';
COMMENT ON COLUMN load_checkpoint.file_id IS 'The file version.';
COMMENT ON COLUMN load_checkpoint.byte_offset IS 'Where the next record begins, in bytes of the decompressed file.';
COMMENT ON COLUMN load_checkpoint.line IS 'Its line; the header is line 1.';
COMMENT ON COLUMN load_checkpoint.batches IS 'Batches committed so far.';
COMMENT ON COLUMN load_checkpoint.updated_at IS 'When the last batch was committed.';

CREATE TABLE load_reject (
    file_id      integer NOT NULL REFERENCES load_file (id),
    line         bigint NOT NULL CHECK (line >= 1),
    run_id       uuid NOT NULL REFERENCES load_run (id),
    byte_offset  bigint NOT NULL CHECK (byte_offset >= 0),
    column_name  text,
    reason       varchar(32) NOT NULL,
    message      text NOT NULL,
    raw          bytea NOT NULL,
    rejected_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (file_id, line)
);
CREATE INDEX load_reject_run_id ON load_reject (run_id, file_id, line);
COMMENT ON TABLE load_reject IS 'Dead letters: rows that could not be taken, as they were, with the reason.';
COMMENT ON COLUMN load_reject.file_id IS 'File version the row is from.';
COMMENT ON COLUMN load_reject.line IS 'Line on which its record begins; the header is line 1.';
COMMENT ON COLUMN load_reject.run_id IS 'Run that rejected it.';
COMMENT ON COLUMN load_reject.byte_offset IS 'Where the record begins, in bytes of the decompressed file.';
COMMENT ON COLUMN load_reject.column_name IS 'Column at fault, as the dataset names it; null where the whole record is.';
COMMENT ON COLUMN load_reject.reason IS 'Constant reason code, such as invalid_integer.';
COMMENT ON COLUMN load_reject.message IS 'What was found and what was expected.';
COMMENT ON COLUMN load_reject.raw IS 'The record as it was, without its line end; UTF-16 files as UTF-8.';
COMMENT ON COLUMN load_reject.rejected_at IS 'When.';

CREATE TABLE load_parked (
    file_id      integer NOT NULL REFERENCES load_file (id),
    line         bigint NOT NULL CHECK (line >= 1),
    run_id       uuid NOT NULL REFERENCES load_run (id),
    byte_offset  bigint NOT NULL CHECK (byte_offset >= 0),
    dataset      varchar(63) NOT NULL,
    parent       varchar(63) NOT NULL,
    parent_key   integer[] NOT NULL,
    raw          bytea NOT NULL,
    parked_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (file_id, line)
);
CREATE INDEX load_parked_dataset ON load_parked (dataset, parent, file_id, line);
CREATE INDEX load_parked_run_id ON load_parked (run_id, file_id, line);
COMMENT ON TABLE load_parked IS 'Good rows whose parent is missing; each run resolves those whose parent has arrived.';
COMMENT ON COLUMN load_parked.file_id IS 'File version the row is from.';
COMMENT ON COLUMN load_parked.line IS 'Line on which its record begins; the header is line 1.';
COMMENT ON COLUMN load_parked.run_id IS 'Run that parked it.';
COMMENT ON COLUMN load_parked.byte_offset IS 'Where the record begins, in bytes of the decompressed file.';
COMMENT ON COLUMN load_parked.dataset IS 'Table the row will go to.';
COMMENT ON COLUMN load_parked.parent IS 'Table that lacks the parent.';
COMMENT ON COLUMN load_parked.parent_key IS 'Key of the missing parent.';
COMMENT ON COLUMN load_parked.raw IS 'The record as it was, without its line end; UTF-16 files as UTF-8.';
COMMENT ON COLUMN load_parked.parked_at IS 'When.';
";

const DOWN: &str = r"
DROP TABLE load_parked, load_reject, load_checkpoint, load_run_file, load_file, load_run;
DROP FUNCTION load_file_keep();
";
