//! Pages of documents in the ledger: many small objects share an entry of `load_file`. A document
//! has several records, so that rejects and parked rows tell which part of it they are.

migration!(UP, DOWN);

/// As data rows do, a page refers to `load_file` without a foreign key, for that is never deleted.
/// The function has the rights of its caller, who sees of both tables what row security shows.
const UP: &str = r#"
CREATE TABLE load_document_page (
    file_id      integer PRIMARY KEY,
    bucket       text NOT NULL,
    first_key    text COLLATE "C" NOT NULL,
    last_key     text COLLATE "C" NOT NULL,
    keys         text[] COLLATE "C" NOT NULL,
    etags        text[] COLLATE "C" NOT NULL,
    version_ids  text[] COLLATE "C" NOT NULL,
    first_lines  bigint[] NOT NULL,
    CONSTRAINT load_document_page_same_length CHECK (cardinality(keys) > 0
        AND cardinality(keys) = cardinality(etags)
        AND cardinality(keys) = cardinality(version_ids)
        AND cardinality(keys) = cardinality(first_lines)),
    CONSTRAINT load_document_page_keys CHECK (first_key <= last_key)
);
CREATE INDEX load_document_page_keys ON load_document_page (bucket, first_key, last_key);
CREATE TRIGGER data_version_note AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE
    ON load_document_page FOR EACH STATEMENT EXECUTE FUNCTION data_version_note();
COMMENT ON TABLE load_document_page IS 'A page of documents: the versions of small objects that one entry of load_file stands for.';
COMMENT ON COLUMN load_document_page.file_id IS 'The entry of the page.';
COMMENT ON COLUMN load_document_page.bucket IS 'Bucket of the objects; empty when they are files of a folder.';
COMMENT ON COLUMN load_document_page.first_key IS 'The least key.';
COMMENT ON COLUMN load_document_page.last_key IS 'The greatest key.';
COMMENT ON COLUMN load_document_page.keys IS 'Keys of the objects.';
COMMENT ON COLUMN load_document_page.etags IS 'Their ETags, in the same order.';
COMMENT ON COLUMN load_document_page.version_ids IS 'Their version ids, empty where there are none.';
COMMENT ON COLUMN load_document_page.first_lines IS 'The number of the first document of each: the lines of rows, rejects and parked rows are numbers of documents.';

ALTER TABLE load_reject ADD part integer NOT NULL DEFAULT 0 CHECK (part >= 0);
ALTER TABLE load_reject DROP CONSTRAINT load_reject_pkey, ADD PRIMARY KEY (file_id, line, part);
ALTER TABLE load_parked ADD part integer NOT NULL DEFAULT 0 CHECK (part >= 0);
ALTER TABLE load_parked DROP CONSTRAINT load_parked_pkey, ADD PRIMARY KEY (file_id, line, part);

CREATE FUNCTION load_source_key(file integer, line bigint) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE RETURN coalesce(
    (SELECT keys[width_bucket(line, first_lines)] FROM load_document_page WHERE file_id = file),
    (SELECT object_key FROM load_file WHERE id = file));
"#;

/// Without its pages the ledger no longer knows these versions: they are loaded again.
const DOWN: &str = r"
UPDATE load_file SET etag = md5(etag || id)
WHERE id IN (SELECT file_id FROM load_document_page);
DROP FUNCTION load_source_key(integer, bigint);
ALTER TABLE load_parked DROP CONSTRAINT load_parked_pkey;
DELETE FROM load_parked WHERE part > 0;
ALTER TABLE load_parked DROP part, ADD PRIMARY KEY (file_id, line);
ALTER TABLE load_reject DROP CONSTRAINT load_reject_pkey;
DELETE FROM load_reject WHERE part > 0;
ALTER TABLE load_reject DROP part, ADD PRIMARY KEY (file_id, line);
DROP TABLE load_document_page;
";
