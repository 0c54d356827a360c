//! The files of a scan as DataFusion's object store: only read, and only these.
//!
//! They are read by the program's own client of S3, with its credentials, limits and messages.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use async_trait::async_trait;
use chrono::DateTime;
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use object_store::path::Path;
use object_store::{
    Attributes, CopyOptions, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use sha2::{Digest as _, Sha256};

use crate::lake::curated::SalesFile;
use crate::storage::Bucket;

const NAME: &str = "the lake";

/// The files of a scan.
#[derive(Debug)]
pub(super) struct Files {
    bucket: Bucket,
    files: HashMap<Path, SalesFile>,
}

impl Files {
    pub(super) fn new(bucket: Bucket, files: Vec<SalesFile>) -> Self {
        let files = files.into_iter().map(|file| (path_of(&file.key), file)).collect();
        Self { bucket, files }
    }

    /// Their names here.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.keys()
    }

    fn find(&self, path: &Path) -> Result<(&SalesFile, ObjectMeta)> {
        let file = self.files.get(path).ok_or_else(|| object_store::Error::NotFound {
            path: path.to_string(),
            source: "it is no file of this scan".into(),
        })?;
        // A key has one content for ever.
        let meta = ObjectMeta {
            location: path.clone(),
            last_modified: DateTime::UNIX_EPOCH,
            size: file.bytes,
            e_tag: None,
            version: None,
        };
        Ok((file, meta))
    }
}

/// A name without characters that mean anything in a URL, and unlike that of any other key:
/// DataFusion remembers the ends of files by these names.
fn path_of(key: &str) -> Path {
    let digest = Sha256::digest(key.as_bytes());
    let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Path::from(format!("{digits}.parquet"))
}

impl fmt::Display for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAME)
    }
}

#[async_trait]
impl ObjectStore for Files {
    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let (file, meta) = self.find(location)?;
        let range = match &options.range {
            Some(range) => range.as_range(meta.size).map_err(failed)?,
            None => 0..meta.size,
        };
        let payload: BoxStream<'static, Result<bytes::Bytes>> = if options.head {
            stream::empty().boxed()
        } else {
            let (bucket, key, range) = (self.bucket.clone(), file.key.clone(), range.clone());
            let read = async move { bucket.get_range(&key, range).await.map_err(failed) };
            stream::once(read).boxed()
        };
        let payload = GetResultPayload::Stream(payload);
        Ok(GetResult { payload, meta, range, attributes: Attributes::default() })
    }

    async fn get_ranges(
        &self,
        location: &Path,
        ranges: &[Range<u64>],
    ) -> Result<Vec<bytes::Bytes>> {
        let (file, _) = self.find(location)?;
        // Together where they are near: a request costs more than some bytes.
        object_store::coalesce_ranges(
            ranges,
            |range| async move { self.bucket.get_range(&file.key, range).await.map_err(failed) },
            object_store::OBJECT_STORE_COALESCE_DEFAULT,
        )
        .await
    }

    fn list(&self, _prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let all: Vec<_> =
            self.files.keys().map(|path| self.find(path).map(|(_, meta)| meta)).collect();
        stream::iter(all).boxed()
    }

    async fn list_with_delimiter(&self, _prefix: Option<&Path>) -> Result<ListResult> {
        Err(only_read())
    }

    async fn put_opts(&self, _: &Path, _: PutPayload, _: PutOptions) -> Result<PutResult> {
        Err(only_read())
    }

    async fn put_multipart_opts(
        &self,
        _: &Path,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Err(only_read())
    }

    fn delete_stream(
        &self,
        _: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        stream::iter([Err(only_read())]).boxed()
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Err(only_read())
    }
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> object_store::Error {
    object_store::Error::Generic { store: NAME, source: Box::new(error) }
}

fn only_read() -> object_store::Error {
    object_store::Error::NotSupported { source: "the files of a scan are only read".into() }
}
