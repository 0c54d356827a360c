//! The tables `saved_query` and `saved_query_deletion`: documents that answer at a URL. Neither
//! is part of the loaded data, so no change of them moves the data version.

migration!(UP, DOWN);

const UP: &str = r"
CREATE TABLE saved_query (
    id            uuid PRIMARY KEY,
    organization  text NOT NULL,
    name          varchar(63) NOT NULL CHECK (name ~ '^[a-z0-9][a-z0-9_-]*$'),
    document      text NOT NULL CHECK (octet_length(document) <= 100000),
    operation     text,
    created_by    text NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_by    text NOT NULL,
    updated_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT saved_query_name UNIQUE (organization, name)
);

CREATE TABLE saved_query_deletion (
    id            uuid PRIMARY KEY,
    organization  text NOT NULL,
    name          varchar(63) NOT NULL,
    deleted_by    text NOT NULL,
    deleted_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX saved_query_deletion_deleted_at ON saved_query_deletion (deleted_at);
";

const DOWN: &str = r"
DROP TABLE saved_query_deletion, saved_query;
";
