//! The table `api_key`. Its rows are read by servers and shown by `salesgraph key` alone: it
//! is no part of what queries see, so that no change of it moves the data version.

migration!(UP, DOWN);

const UP: &str = r"
CREATE TABLE api_key (
    id           varchar(12) PRIMARY KEY CHECK (id ~ '^[0-9a-f]{12}$'),
    name         varchar(100) NOT NULL,
    hash         bytea NOT NULL CHECK (octet_length(hash) = 32),
    org          varchar(63) CHECK (org ~ '^[a-z0-9-]+$'),
    scope        text NOT NULL,
    territories  integer[],
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz,
    revoked_at   timestamptz
);
COMMENT ON TABLE api_key IS 'Keys of programs that use the API without tokens.';
COMMENT ON COLUMN api_key.id IS 'Key, and a part of the text of the API key.';
COMMENT ON COLUMN api_key.name IS 'Name, for people.';
COMMENT ON COLUMN api_key.hash IS 'SHA-256 of the text of the API key, which is not stored.';
COMMENT ON COLUMN api_key.org IS 'Organisation of the holder.';
COMMENT ON COLUMN api_key.scope IS 'What the holder may do, as in a token: names separated by spaces.';
COMMENT ON COLUMN api_key.territories IS 'Territories that the holder is limited to; null if to none.';
COMMENT ON COLUMN api_key.created_at IS 'When it was made.';
COMMENT ON COLUMN api_key.expires_at IS 'When it ends; null if it does not.';
COMMENT ON COLUMN api_key.revoked_at IS 'When it was revoked; null if it was not.';
";

const DOWN: &str = r"
DROP TABLE api_key;
";
