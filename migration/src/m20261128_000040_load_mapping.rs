//! `load_file.mapping`: a file that is read in another format is another version.

migration!(
    "ALTER TABLE load_file ADD mapping varchar(32) NOT NULL DEFAULT '';
     ALTER TABLE load_file DROP CONSTRAINT load_file_version;
     ALTER TABLE load_file ADD CONSTRAINT load_file_version
       UNIQUE (bucket, object_key, etag, version_id, mapping);",
    "ALTER TABLE load_file DROP CONSTRAINT load_file_version;
     ALTER TABLE load_file DROP mapping;
     ALTER TABLE load_file ADD CONSTRAINT load_file_version
       UNIQUE (bucket, object_key, etag, version_id);"
);
