//! The load ledger: runs, file versions, checkpoints, rejects and parked rows.

migration!(UP, DOWN);

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

CREATE TABLE load_checkpoint (
    file_id      integer PRIMARY KEY REFERENCES load_file (id),
    byte_offset  bigint NOT NULL CHECK (byte_offset >= 0),
    line         bigint NOT NULL CHECK (line >= 1),
    batches      bigint NOT NULL DEFAULT 0 CHECK (batches >= 0),
    updated_at   timestamptz NOT NULL DEFAULT now()
);

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
";

const DOWN: &str = r"
DROP TABLE load_parked, load_reject, load_checkpoint, load_run_file, load_file, load_run;
DROP FUNCTION load_file_keep();
";
