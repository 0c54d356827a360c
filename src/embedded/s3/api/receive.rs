//! Receiving a body: written to disk in bounded memory, and verified against
//! everything the client declared before it becomes visible.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::BytesMut;
use futures_util::StreamExt as _;
use s3s::dto::{ChecksumAlgorithm, StreamingBlob};
use s3s::{S3Error, S3Result, TrailingHeaders, s3_error};

use super::Api;
use crate::embedded::s3::blob::{BlobWriter, CHUNK, Written};
use crate::embedded::s3::digest::Algorithm;

/// Bytes gathered before they are written to the file.
const BATCH: usize = 4 * CHUNK;

/// The digests that the client declared for a body.
pub(super) struct Digests {
    checksum: Option<(Algorithm, String)>,
    pub(super) algorithm: Option<Algorithm>,
    md5: Option<Vec<u8>>,
    trailers: Option<TrailingHeaders>,
}

impl Digests {
    pub(super) fn new(
        checksum: Option<(Algorithm, String)>,
        algorithm: Option<&ChecksumAlgorithm>,
        md5: Option<&str>,
        headers: &http::HeaderMap,
        trailers: Option<TrailingHeaders>,
    ) -> S3Result<Self> {
        let trailer = headers.get_all("x-amz-trailer").iter();
        let trailer = trailer.filter_map(|value| Algorithm::of_header(value.to_str().ok()?)).next();
        let named = algorithm.map(|name| Algorithm::parse(name.as_str())).transpose()?;
        let declared = checksum.as_ref().map(|(algorithm, _)| *algorithm);
        let md5 = md5.map(|md5| {
            let bytes = STANDARD.decode(md5).ok().filter(|bytes| bytes.len() == 16);
            bytes.ok_or_else(|| s3_error!(InvalidDigest))
        });
        let algorithm = declared.or(trailer).or(named);
        Ok(Self { checksum, algorithm, md5: md5.transpose()?, trailers })
    }

    fn verify(&self, written: &Written) -> S3Result<()> {
        if self.md5.as_ref().is_some_and(|md5| *md5 != written.md5) {
            return Err(s3_error!(BadDigest, "the Content-MD5 does not match the body"));
        }
        let Some(computed) = &written.checksum else { return Ok(()) };
        let declared = self.checksum.as_ref();
        let declared = declared.filter(|(algorithm, _)| *algorithm == computed.algorithm);
        let trailing = self.trailers.as_ref().and_then(|trailers| {
            trailers.read(|headers| {
                let value = headers.get(computed.algorithm.header())?;
                value.to_str().ok().map(str::to_owned)
            })?
        });
        let expected = declared.map(|(_, value)| value.clone()).into_iter().chain(trailing);
        for expected in expected {
            if expected != computed.value {
                let name = computed.algorithm.name();
                return Err(s3_error!(BadDigest, "the {name} does not match the body"));
            }
        }
        Ok(())
    }
}

impl Api {
    pub(super) async fn receive(
        &self,
        body: Option<StreamingBlob>,
        digests: &Digests,
    ) -> S3Result<Written> {
        let algorithm = digests.algorithm;
        let create = move |store: &super::Store| {
            BlobWriter::create(&store.layout, algorithm).map_err(S3Error::internal_error)
        };
        let mut writer = self.blocking(create).await?;
        if let Some(mut body) = body {
            let mut batch = BytesMut::with_capacity(BATCH);
            while let Some(chunk) = body.next().await {
                batch.extend_from_slice(&chunk.map_err(unreadable)?);
                if batch.len() >= BATCH {
                    writer = self.write(writer, std::mem::take(&mut batch)).await?;
                }
            }
            writer = self.write(writer, batch).await?;
        }
        let written =
            self.blocking(move |_| writer.finish().map_err(S3Error::internal_error)).await?;
        digests.verify(&written)?;
        Ok(written)
    }

    async fn write(&self, mut writer: BlobWriter, bytes: BytesMut) -> S3Result<BlobWriter> {
        self.blocking(move |_| {
            writer.write(&bytes).map_err(S3Error::internal_error)?;
            Ok(writer)
        })
        .await
    }
}

/// The body ended early, or does not match its signature or length.
fn unreadable(error: s3s::StdError) -> S3Error {
    let mut refused =
        s3_error!(IncompleteBody, "the body does not match its declared length or signature");
    refused.set_source(error);
    refused
}
