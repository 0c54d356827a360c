//! The table `source_failure`: what public APIs answered that does not fit the schema. And the
//! tasks that fetch rates and store them.

migration!(UP, DOWN);

const UP: &str = r"
CREATE TABLE source_failure (
    id          uuid PRIMARY KEY,
    dataset     varchar(63) NOT NULL,
    source      varchar(16) NOT NULL,
    url         text NOT NULL,
    status      integer NOT NULL,
    raw_uri     text NOT NULL,
    dead_uri    text NOT NULL,
    item        text,
    reason      varchar(32) NOT NULL,
    message     text NOT NULL,
    value       text,
    fetched_at  timestamptz NOT NULL,
    failed_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX source_failure_raw_uri ON source_failure (raw_uri);
CREATE TRIGGER data_version_note AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON source_failure
FOR EACH STATEMENT EXECUTE FUNCTION data_version_note();

ALTER TABLE job DROP CONSTRAINT job_task_check, ADD CONSTRAINT job_task_check CHECK (task IN (
    'load', 'replay_rejects', 'demand_forecast', 'report', 'sweep_reports', 'notify',
    'refresh_rates', 'store_rates'));
";

const DOWN: &str = r"
DELETE FROM job WHERE task IN ('refresh_rates', 'store_rates');
ALTER TABLE job DROP CONSTRAINT job_task_check, ADD CONSTRAINT job_task_check CHECK (task IN (
    'load', 'replay_rejects', 'demand_forecast', 'report', 'sweep_reports', 'notify'));
DROP TABLE source_failure;
";
