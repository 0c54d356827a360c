//! Load runs that are queued before they begin, and checks as runs that write nothing else.

migration!(UP, DOWN);

const UP: &str = r"
ALTER TABLE load_run DROP CONSTRAINT load_run_state_check;
ALTER TABLE load_run DROP CONSTRAINT load_run_mode_check;
ALTER TABLE load_run DROP CONSTRAINT load_run_finished;
ALTER TABLE load_run
    ADD requested_at timestamptz,
    ADD is_check boolean NOT NULL DEFAULT false,
    ADD job_id uuid,
    ADD check_counts jsonb,
    ALTER started_at DROP NOT NULL,
    ALTER holder DROP NOT NULL,
    ADD CONSTRAINT load_run_state_check CHECK (state IN ('queued', 'running', 'succeeded',
        'succeeded_with_rejects', 'failed', 'canceled')),
    ADD CONSTRAINT load_run_mode_check CHECK (mode IN ('merge', 'mirror')),
    ADD CONSTRAINT load_run_finished
        CHECK ((state IN ('queued', 'running')) = (finished_at IS NULL)),
    ADD CONSTRAINT load_run_started CHECK (state IN ('queued', 'failed', 'canceled')
        OR (started_at IS NOT NULL AND holder IS NOT NULL)),
    ADD CONSTRAINT load_run_queued CHECK (state <> 'queued' OR job_id IS NOT NULL);
UPDATE load_run SET requested_at = started_at;
ALTER TABLE load_run ALTER requested_at SET DEFAULT now(), ALTER requested_at SET NOT NULL;
DROP INDEX load_run_one_running;
CREATE UNIQUE INDEX load_run_one_running ON load_run ((true))
    WHERE state = 'running' AND NOT is_check;

CREATE TABLE load_finding (
    run_id       uuid NOT NULL REFERENCES load_run ON DELETE CASCADE,
    number       integer NOT NULL,
    object_key   text NOT NULL,
    line         bigint CHECK (line > 0),
    column_name  varchar(63),
    reason       varchar(40) NOT NULL,
    message      text NOT NULL,
    PRIMARY KEY (run_id, number)
);
CREATE TRIGGER data_version_note AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON load_finding
    FOR EACH STATEMENT EXECUTE FUNCTION data_version_note();
";

/// Runs that only this schema has are not kept.
const DOWN: &str = r"
DROP TABLE load_finding;
DROP INDEX load_run_one_running;
DELETE FROM load_run WHERE is_check OR started_at IS NULL OR holder IS NULL;
UPDATE load_run SET state = 'failed', finished_at = now() WHERE state = 'queued';
UPDATE load_run SET state = 'failed' WHERE state = 'canceled';
ALTER TABLE load_run DROP CONSTRAINT load_run_queued;
ALTER TABLE load_run DROP CONSTRAINT load_run_started;
ALTER TABLE load_run DROP CONSTRAINT load_run_finished;
ALTER TABLE load_run DROP CONSTRAINT load_run_mode_check;
ALTER TABLE load_run DROP CONSTRAINT load_run_state_check;
ALTER TABLE load_run
    DROP requested_at, DROP is_check, DROP job_id, DROP check_counts,
    ALTER started_at SET NOT NULL,
    ALTER holder SET NOT NULL,
    ADD CONSTRAINT load_run_state_check
        CHECK (state IN ('running', 'succeeded', 'succeeded_with_rejects', 'failed')),
    ADD CONSTRAINT load_run_mode_check CHECK (mode IN ('merge', 'mirror')),
    ADD CONSTRAINT load_run_finished CHECK ((state = 'running') = (finished_at IS NULL));
CREATE UNIQUE INDEX load_run_one_running ON load_run ((true)) WHERE state = 'running';
";
