//! Reports: files that were asked for, and each request for one.
//!
//! They are no data of sales, so they do not move the data version.

migration!(UP, DOWN);

const UP: &str = r"
CREATE TABLE report (
    id              uuid PRIMARY KEY,
    organization    text NOT NULL,
    project         text NOT NULL,
    kind            varchar(15) NOT NULL CHECK (kind IN ('sales_lines', 'sales_orders', 'customers',
                        'products', 'sales_aggregate', 'demand_forecast', 'query')),
    format          varchar(8) NOT NULL CHECK (format IN ('csv', 'csv_gzip', 'parquet')),
    state           varchar(9) NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running',
                        'succeeded', 'failed', 'canceled', 'expired')),
    request         jsonb NOT NULL,
    fingerprint     bytea NOT NULL,
    grants          text NOT NULL,
    territories     integer[],
    requested_by    text NOT NULL,
    requested_at    timestamptz NOT NULL DEFAULT now(),
    started_at      timestamptz,
    finished_at     timestamptz,
    attempt         integer NOT NULL DEFAULT 0 CHECK (attempt >= 0),
    progress_rows   bigint NOT NULL DEFAULT 0 CHECK (progress_rows >= 0),
    progress_bytes  bigint NOT NULL DEFAULT 0 CHECK (progress_bytes >= 0),
    object_key      text,
    version         integer NOT NULL CHECK (version >= 1),
    row_count       bigint,
    byte_size       bigint,
    sha256          varchar(64),
    data_version    bigint,
    data_as_of      timestamptz,
    error_code      text,
    error_message   text,
    CONSTRAINT report_finished CHECK ((state IN ('queued', 'running')) = (finished_at IS NULL)),
    CONSTRAINT report_whole CHECK (state NOT IN ('succeeded', 'expired') OR num_nulls(object_key,
        row_count, byte_size, sha256, data_version, data_as_of) = 0)
);
CREATE UNIQUE INDEX report_one_open ON report (fingerprint) WHERE state IN ('queued', 'running');
CREATE UNIQUE INDEX report_version ON report (fingerprint, version);
CREATE INDEX report_organization ON report (organization, requested_at DESC, id DESC);
CREATE INDEX report_requested_at ON report (requested_at DESC, id DESC);
CREATE INDEX report_finished_at ON report (finished_at) WHERE state = 'succeeded';
CREATE INDEX report_leftover ON report (finished_at)
    WHERE state IN ('failed', 'canceled') AND object_key IS NOT NULL;

CREATE TABLE report_request (
    id               uuid PRIMARY KEY,
    report_id        uuid NOT NULL REFERENCES report (id) ON DELETE CASCADE,
    organization     text NOT NULL,
    requested_by     text NOT NULL,
    requested_at     timestamptz NOT NULL DEFAULT now(),
    reused           boolean NOT NULL,
    next_allowed_at  timestamptz
);
CREATE INDEX report_request_report_id ON report_request (report_id);

CREATE FUNCTION report_activity() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('salesgraph_activity', '');
    RETURN NULL;
END $$;
CREATE TRIGGER report_activity AFTER INSERT OR UPDATE OR DELETE ON report
    FOR EACH STATEMENT EXECUTE FUNCTION report_activity();
";

const DOWN: &str = r"
DROP TABLE report_request, report;
DROP FUNCTION report_activity();
";
