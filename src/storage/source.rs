//! One interface to S3 and local folders.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::client::S3;
use super::list::{Folder, S3Pages};
use super::local;
use super::object::ObjectVersion;
use super::read::Reader;
use super::settings::S3Settings;
use super::uri::SourceUri;
use crate::error::{Code, Error, Result};

/// Lists and reads CSV files. Connect once in a process and clone.
#[derive(Debug, Clone)]
pub struct Source {
    uri: SourceUri,
    backend: Backend,
}

#[derive(Debug, Clone)]
enum Backend {
    S3(Box<Folder>),
    Local(PathBuf),
    /// Objects of S3 that are not listed by it.
    Listed(Box<S3>, Arc<dyn ListPages>),
}

/// Lists objects in place of S3.
pub trait ListPages: fmt::Debug + Send + Sync {
    /// A page, from 0 on: never empty, at most 1,000 objects; `None` after the last.
    fn page(&self, number: usize) -> BoxFuture<'_, Result<Option<Vec<ObjectVersion>>>>;
}

impl Source {
    /// Prepares access without a request. A `file://` source ignores `settings`.
    ///
    /// # Errors
    /// `Config` if the settings are not valid or no region is known.
    pub async fn connect(uri: &SourceUri, settings: &S3Settings) -> Result<Self> {
        let backend = match uri {
            SourceUri::S3 { bucket, prefix } => Backend::S3(Box::new(Folder {
                s3: S3::connect(settings).await?,
                bucket: bucket.clone(),
                prefix: prefix.clone(),
            })),
            SourceUri::File { dir } => Backend::Local(dir.clone()),
        };
        Ok(Self { uri: uri.clone(), backend })
    }

    /// Likewise, of objects that are listed by `pages`.
    ///
    /// # Errors
    /// `Config` if the settings are not valid or no region is known.
    pub async fn listed(
        uri: &SourceUri,
        settings: &S3Settings,
        pages: Arc<dyn ListPages>,
    ) -> Result<Self> {
        let backend = Backend::Listed(Box::new(S3::connect(settings).await?), pages);
        Ok(Self { uri: uri.clone(), backend })
    }

    /// The server of its objects; `None` for a folder.
    pub(super) fn endpoint(&self) -> Option<&str> {
        match &self.backend {
            Backend::S3(folder) => Some(&folder.s3.endpoint),
            Backend::Listed(s3, _) => Some(&s3.endpoint),
            Backend::Local(_) => None,
        }
    }

    /// The address this was connected to.
    #[must_use]
    pub fn uri(&self) -> &SourceUri {
        &self.uri
    }

    /// Every object of the source, in pages sorted by key; the first page sends the
    /// first request.
    #[must_use]
    pub fn list(&self) -> Listing {
        let pages = match &self.backend {
            Backend::S3(folder) => Pages::S3(Box::new(S3Pages::new((**folder).clone()))),
            Backend::Local(dir) => Pages::Local(Box::new(local::Pages::new(dir.clone()))),
            Backend::Listed(_, pages) => Pages::Listed(Arc::clone(pages), 0),
        };
        Listing { pages }
    }

    /// The raw bytes of exactly this version, from `offset`.
    ///
    /// # Errors
    /// `Conflict` if the object was overwritten since it was listed or is shorter than
    /// `offset`, `NotFound` if it was deleted, `Config` if it may not be read,
    /// `Unavailable` if S3 does not answer.
    pub async fn open(&self, object: &ObjectVersion, offset: u64) -> Result<ByteStream> {
        if offset > object.size {
            let size = object.size;
            let message =
                format!("{object} has {size} bytes, it cannot be read from byte {offset}");
            return Err(Error::new(Code::Conflict, message));
        }
        let s3 = |s3: &S3| Reader::open(s3.clone(), object.at_hand(), offset);
        let reader = match &self.backend {
            Backend::S3(folder) => AnyReader::S3(Box::new(s3(&folder.s3).await?)),
            Backend::Listed(own, _) => AnyReader::S3(Box::new(s3(own).await?)),
            Backend::Local(_) => {
                AnyReader::Local(Box::new(local::Reader::open(object, offset).await?))
            }
        };
        Ok(ByteStream { reader })
    }
}

/// The objects of a [`Source`], see [`Source::list`].
#[derive(Debug)]
pub struct Listing {
    pages: Pages,
}

#[derive(Debug)]
enum Pages {
    S3(Box<S3Pages>),
    Local(Box<local::Pages>),
    /// With the number of the next page.
    Listed(Arc<dyn ListPages>, usize),
}

impl Listing {
    /// The next page, never empty and at most 1,000 objects; `None` at the end.
    ///
    /// # Errors
    /// `NotFound` if bucket or folder do not exist, `Config` if they may not be
    /// listed, `Unavailable` if S3 does not answer.
    pub async fn next_page(&mut self) -> Result<Option<Vec<ObjectVersion>>> {
        match &mut self.pages {
            Pages::S3(pages) => pages.next().await,
            Pages::Local(pages) => pages.next().await,
            Pages::Listed(pages, next) => {
                let page = pages.page(*next).await?;
                *next += 1;
                Ok(page)
            }
        }
    }
}

/// The bytes of one object version, see [`Source::open`].
#[derive(Debug)]
pub struct ByteStream {
    pub(super) reader: AnyReader,
}

#[derive(Debug)]
pub(super) enum AnyReader {
    S3(Box<Reader>),
    Local(Box<local::Reader>),
}

impl ByteStream {
    /// The next bytes: at least one, at most [`super::MAX_CHUNK`]; `None` at the end of
    /// the object. Lost connections are resumed transparently.
    ///
    /// # Errors
    /// `Conflict` if the object is overwritten while it is read, `Unavailable` if
    /// reading cannot be resumed or the object does not match its checksum.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        match &mut self.reader {
            AnyReader::S3(reader) => reader.next().await,
            AnyReader::Local(reader) => reader.next().await,
        }
    }
}
