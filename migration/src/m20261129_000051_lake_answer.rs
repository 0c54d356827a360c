//! Answers of the engine that reads the lake: a worker puts the groups there, and the statement
//! of the request reads them. They are no data that queries see through the data version.
//!
//! Nothing is written to the log of Postgres: after a crash of it the tables are empty, and who
//! waits asks again. For the same reason there is nothing of them on a replica.

migration!(UP, DOWN);

const UP: &str = r"
CREATE UNLOGGED TABLE lake_answer (
    id             uuid PRIMARY KEY,
    key            bytea NOT NULL,
    metadata       text NOT NULL,
    question       jsonb NOT NULL,
    job_id         uuid,
    state          varchar(9) NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'succeeded',
                       'failed')),
    error_code     text,
    error_message  text,
    groups         bigint CHECK (groups >= 0),
    wanted_until   timestamptz NOT NULL,
    CONSTRAINT lake_answer_ended CHECK ((state = 'succeeded') = (groups IS NOT NULL)
        AND (state = 'failed') = (error_code IS NOT NULL))
);
CREATE UNIQUE INDEX lake_answer_key ON lake_answer (key) WHERE state <> 'failed';
CREATE INDEX lake_answer_wanted_until ON lake_answer (wanted_until);
COMMENT ON TABLE lake_answer IS 'Questions to the engine that reads the lake, and what became of them.';
COMMENT ON COLUMN lake_answer.id IS 'Key.';
COMMENT ON COLUMN lake_answer.key IS 'SHA-256 of the question and of the metadata: who asks the same of the same table shares the answer.';
COMMENT ON COLUMN lake_answer.metadata IS 'The metadata of the table that is read.';
COMMENT ON COLUMN lake_answer.question IS 'The statements, and the values that are bound to them.';
COMMENT ON COLUMN lake_answer.job_id IS 'The job that answers it.';
COMMENT ON COLUMN lake_answer.state IS 'What became of it.';
COMMENT ON COLUMN lake_answer.error_code IS 'Why there is no answer, as a code.';
COMMENT ON COLUMN lake_answer.error_message IS 'Likewise, as a sentence.';
COMMENT ON COLUMN lake_answer.groups IS 'How many rows its groups take.';
COMMENT ON COLUMN lake_answer.wanted_until IS 'Until then somebody waits for it, or may read it; it is removed afterwards.';

CREATE UNLOGGED TABLE lake_answer_group (
    answer_id  uuid NOT NULL REFERENCES lake_answer (id) ON DELETE CASCADE,
    keys       text[] NOT NULL,
    totals     numeric[] NOT NULL
);
CREATE INDEX lake_answer_group_answer_id ON lake_answer_group (answer_id);
COMMENT ON TABLE lake_answer_group IS 'Groups of answers.';
COMMENT ON COLUMN lake_answer_group.answer_id IS 'The answer.';
COMMENT ON COLUMN lake_answer_group.keys IS 'What the group is made by, as texts.';
COMMENT ON COLUMN lake_answer_group.totals IS 'What was added up and picked, of which the measures are made.';

ALTER TABLE job DROP CONSTRAINT job_task_check, ADD CONSTRAINT job_task_check CHECK (task IN (
    'load', 'replay_rejects', 'demand_forecast', 'report', 'sweep_reports', 'notify',
    'refresh_rates', 'store_rates', 'lake_query'));
";

const DOWN: &str = r"
DELETE FROM job WHERE task = 'lake_query';
ALTER TABLE job DROP CONSTRAINT job_task_check, ADD CONSTRAINT job_task_check CHECK (task IN (
    'load', 'replay_rejects', 'demand_forecast', 'report', 'sweep_reports', 'notify',
    'refresh_rates', 'store_rates'));
DROP TABLE lake_answer_group, lake_answer;
";
