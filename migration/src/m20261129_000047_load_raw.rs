//! Where the lake keeps file versions that were loaded, and the days of those that are being
//! copied there.

migration!(UP, DOWN);

/// As data rows do, they refer to `load_file` without a foreign key. A claim outlives a crash, so
/// that a copy made anew has the name of the first one. The function has the rights of its
/// caller, who sees of all tables what row security shows.
const UP: &str = r#"
CREATE TABLE load_raw (
    file_id       integer PRIMARY KEY,
    kept_on       date NOT NULL,
    uri           text NOT NULL,
    manifest_uri  text NOT NULL,
    sha256        text,
    objects       text[] COLLATE "C",
    kept_at       timestamptz NOT NULL DEFAULT now(),
    removed_at    timestamptz
);
CREATE INDEX load_raw_kept_on ON load_raw (kept_on, file_id) WHERE removed_at IS NULL;
CREATE INDEX load_raw_uri ON load_raw (uri) WHERE removed_at IS NULL;
CREATE INDEX load_raw_manifest_uri ON load_raw (manifest_uri) WHERE removed_at IS NULL;
CREATE INDEX load_raw_objects ON load_raw USING gin (objects) WHERE removed_at IS NULL;
CREATE TRIGGER data_version_note AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE
    ON load_raw FOR EACH STATEMENT EXECUTE FUNCTION data_version_note();
COMMENT ON TABLE load_raw IS 'Where the lake keeps the file versions that were loaded.';
COMMENT ON COLUMN load_raw.file_id IS 'The file version.';
COMMENT ON COLUMN load_raw.kept_on IS 'The day of its folder, in UTC.';
COMMENT ON COLUMN load_raw.uri IS 'Address of the copy; of a page of documents that of its manifest.';
COMMENT ON COLUMN load_raw.manifest_uri IS 'Address of its manifest.';
COMMENT ON COLUMN load_raw.sha256 IS 'Hex SHA-256 of its bytes; null for a page of documents, whose manifest has those of its objects.';
COMMENT ON COLUMN load_raw.objects IS 'Addresses of the copies of the objects of a page, in its order; null for a file.';
COMMENT ON COLUMN load_raw.kept_at IS 'When it was recorded here.';
COMMENT ON COLUMN load_raw.removed_at IS 'When it was removed from the lake because of its age; null if it was not.';

CREATE TABLE load_raw_claim (
    bucket      text NOT NULL,
    object_key  text NOT NULL,
    etag        text NOT NULL,
    version_id  text NOT NULL,
    dataset     varchar(63) NOT NULL,
    kept_on     date NOT NULL,
    PRIMARY KEY (bucket, object_key, etag, version_id)
);
CREATE INDEX load_raw_claim_kept_on ON load_raw_claim (kept_on);
COMMENT ON TABLE load_raw_claim IS 'File versions of which a copy may be in the lake and that are not loaded yet.';
COMMENT ON COLUMN load_raw_claim.bucket IS 'Bucket of the object; empty for a file of a folder.';
COMMENT ON COLUMN load_raw_claim.object_key IS 'Its key.';
COMMENT ON COLUMN load_raw_claim.etag IS 'Its ETag.';
COMMENT ON COLUMN load_raw_claim.version_id IS 'Its version id, empty where there is none.';
COMMENT ON COLUMN load_raw_claim.dataset IS 'The table of its rows.';
COMMENT ON COLUMN load_raw_claim.kept_on IS 'The day of the folder of its copy, in UTC.';

CREATE FUNCTION load_raw_object(file integer, line bigint) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE RETURN (
    SELECT coalesce(
        raw.objects[(SELECT width_bucket(line, page.first_lines) FROM load_document_page AS page
            WHERE page.file_id = file)],
        raw.uri)
    FROM load_raw AS raw WHERE raw.file_id = file AND raw.removed_at IS NULL);
"#;

const DOWN: &str = r"
DROP FUNCTION load_raw_object(integer, bigint);
DROP TABLE load_raw_claim, load_raw;
";
