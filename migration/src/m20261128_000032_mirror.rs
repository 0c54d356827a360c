//! Mirror mode: what is known of a file that is the whole of its table.
//!
//! The keys of such a file are written with the rows of each batch, and stay until the rows
//! that it lacks are removed: a crash loses neither.

migration!(UP, DOWN);

const UP: &str = "
ALTER TABLE load_run DROP CONSTRAINT IF EXISTS load_run_mode_check;
ALTER TABLE load_run ADD CONSTRAINT load_run_mode_check CHECK (mode IN ('merge', 'mirror'));
ALTER TABLE load_file
    ADD mode varchar(8) NOT NULL DEFAULT 'merge' CHECK (mode IN ('merge', 'mirror')),
    ADD rows_removed bigint NOT NULL DEFAULT 0 CHECK (rows_removed >= 0),
    ADD rows_kept bigint NOT NULL DEFAULT 0 CHECK (rows_kept >= 0);
ALTER TABLE load_run_file
    ADD rows_removed bigint NOT NULL DEFAULT 0 CHECK (rows_removed >= 0),
    ADD rows_kept bigint NOT NULL DEFAULT 0 CHECK (rows_kept >= 0);
ALTER TABLE load_checkpoint ADD at_end boolean NOT NULL DEFAULT false;
UPDATE load_checkpoint SET at_end = true
FROM load_file WHERE load_file.id = file_id AND load_file.state = 'loaded';
ALTER TABLE load_parked ADD row_key integer[];

CREATE TABLE load_file_key (
    file_id     integer NOT NULL,
    first_key   integer NOT NULL,
    second_key  integer NOT NULL,
    PRIMARY KEY (file_id, first_key, second_key)
);
COMMENT ON TABLE load_file_key IS 'The keys of the rows of a file that is being mirrored, until the rows it lacks are removed.';
COMMENT ON COLUMN load_file_key.file_id IS 'The file version.';
COMMENT ON COLUMN load_file_key.first_key IS 'First column of the key.';
COMMENT ON COLUMN load_file_key.second_key IS 'Second column of the key; 0 where there is none.';
";

/// The check of modes stays: there may be runs of this one.
const DOWN: &str = "
DROP TABLE load_file_key;
ALTER TABLE load_parked DROP COLUMN row_key;
ALTER TABLE load_checkpoint DROP COLUMN at_end;
ALTER TABLE load_run_file DROP COLUMN rows_removed, DROP COLUMN rows_kept;
ALTER TABLE load_file DROP COLUMN mode, DROP COLUMN rows_removed, DROP COLUMN rows_kept;
";
