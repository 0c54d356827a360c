//! Jobs and the schedules that add them. They are no data that queries see through the data
//! version: they change all the time. Who follows them is told by a notification.
//!
//! The queue library keeps its own tables in the schema `graphile_worker`, which
//! `migrate up` installs; what is in there is only the delivery of these rows.

migration!(UP, DOWN);

const UP: &str = r"
CREATE FUNCTION activity_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('salesgraph_activity', '');
    RETURN NULL;
END $$;

CREATE TABLE job (
    id             uuid PRIMARY KEY,
    task           varchar(24) NOT NULL CHECK (task IN ('load', 'replay_rejects',
                   'demand_forecast', 'report', 'sweep_reports', 'notify')),
    job_key        text,
    state          varchar(16) NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running',
                   'succeeded', 'failed', 'canceled')),
    payload        jsonb NOT NULL,
    attempts       integer NOT NULL DEFAULT 0,
    max_attempts   integer NOT NULL CHECK (max_attempts > 0),
    delivery       integer NOT NULL DEFAULT 1 CHECK (delivery > 0),
    runs           integer NOT NULL DEFAULT 0 CHECK (runs >= 0),
    created_at     timestamptz NOT NULL DEFAULT now(),
    run_at         timestamptz NOT NULL DEFAULT now(),
    started_at     timestamptz,
    finished_at    timestamptz,
    worker         text,
    error_code     text,
    error_message  text,
    CONSTRAINT job_attempts CHECK (attempts BETWEEN 0 AND max_attempts),
    CONSTRAINT job_finished CHECK ((state IN ('queued', 'running')) = (finished_at IS NULL)),
    CONSTRAINT job_started CHECK (state <> 'running' OR started_at IS NOT NULL)
);
CREATE UNIQUE INDEX job_open_key ON job (job_key) WHERE state IN ('queued', 'running');
CREATE INDEX job_state ON job (state, task);
CREATE INDEX job_finished_at ON job (finished_at) WHERE finished_at IS NOT NULL;
CREATE TRIGGER activity_note AFTER INSERT OR UPDATE OR DELETE ON job
    FOR EACH STATEMENT EXECUTE FUNCTION activity_note();

CREATE TABLE schedule (
    name        varchar(63) PRIMARY KEY,
    expression  text NOT NULL,
    last_due    timestamptz NOT NULL
);
COMMENT ON TABLE schedule IS 'Schedules of the workers, and how far they were served.';
COMMENT ON COLUMN schedule.name IS 'What is added to the queue.';
COMMENT ON COLUMN schedule.expression IS 'Cron expression and time zone as they were last seen: after a change the schedule begins anew.';
COMMENT ON COLUMN schedule.last_due IS 'Due times up to this one are served.';
";

const DOWN: &str = r"
DROP SCHEMA IF EXISTS graphile_worker CASCADE;
DROP TABLE schedule;
DROP TABLE job;
DROP FUNCTION activity_note();
";
