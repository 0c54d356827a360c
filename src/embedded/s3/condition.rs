//! Conditional requests.

use http::{HeaderMap, HeaderValue, header};
use s3s::dto::{ETag, ETagCondition, Timestamp};
use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};

use super::record::ObjectRecord;

/// The conditions of a write on the object it replaces.
#[derive(Debug, Default, Clone)]
pub(super) struct WriteCondition {
    pub(super) if_match: Option<ETagCondition>,
    pub(super) if_none_match: Option<ETagCondition>,
}

impl WriteCondition {
    /// Rejects what S3 does not support, before the body is read.
    pub(super) fn validate(&self) -> S3Result<()> {
        match self.if_none_match {
            Some(ETagCondition::ETag(_)) => {
                Err(s3_error!(NotImplemented, "If-None-Match of a write must be *"))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn check(&self, current: Option<&ObjectRecord>) -> S3Result<()> {
        if self.if_none_match.is_some() && current.is_some() {
            return Err(failed("If-None-Match"));
        }
        match (&self.if_match, current) {
            (None, _) => Ok(()),
            (Some(_), None) => Err(s3_error!(NoSuchKey)),
            (Some(condition), Some(current)) if matches(condition, &current.etag) => Ok(()),
            (Some(_), Some(_)) => Err(failed("If-Match")),
        }
    }
}

/// The conditions of a read.
#[derive(Debug, Default)]
pub(super) struct ReadCondition {
    pub(super) if_match: Option<ETagCondition>,
    pub(super) if_none_match: Option<ETagCondition>,
    pub(super) if_modified_since: Option<Timestamp>,
    pub(super) if_unmodified_since: Option<Timestamp>,
}

impl ReadCondition {
    /// In the order of RFC 9110: an ETag takes precedence over a date.
    pub(super) fn check(&self, object: &ObjectRecord) -> S3Result<()> {
        let modified = object.modified.timestamp();
        match (&self.if_match, &self.if_unmodified_since) {
            (Some(condition), _) if !matches(condition, &object.etag) => {
                return Err(failed("If-Match"));
            }
            (None, Some(since)) if modified > *since => return Err(failed("If-Unmodified-Since")),
            _ => {}
        }
        match (&self.if_none_match, &self.if_modified_since) {
            (Some(condition), _) if matches(condition, &object.etag) => Err(not_modified(object)),
            (None, Some(since)) if modified <= *since => Err(not_modified(object)),
            _ => Ok(()),
        }
    }
}

fn matches(condition: &ETagCondition, etag: &str) -> bool {
    match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(tag) => tag.value() == etag,
    }
}

fn failed(header: &str) -> S3Error {
    s3_error!(PreconditionFailed, "the condition {header} does not hold")
}

fn not_modified(object: &ObjectRecord) -> S3Error {
    let mut headers = HeaderMap::new();
    let tag = ETag::Strong(object.etag.clone());
    if let Ok(value) = HeaderValue::from_str(&format!("\"{}\"", tag.value())) {
        headers.insert(header::ETAG, value);
    }
    let mut error = S3Error::new(S3ErrorCode::NotModified);
    error.set_headers(headers);
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::s3::record::{Headers, Moment};

    fn object(etag: &str) -> ObjectRecord {
        ObjectRecord {
            key: "k".into(),
            etag: etag.into(),
            modified: Moment::now(),
            headers: Headers::default(),
            checksum: None,
            upload_id: None,
            segments: vec![],
        }
    }

    fn tag(value: &str) -> Option<ETagCondition> {
        Some(ETagCondition::ETag(ETag::Strong(value.into())))
    }

    fn code(result: S3Result<()>) -> Option<S3ErrorCode> {
        result.err().map(|error| error.code().clone())
    }

    #[test]
    fn a_write_checks_the_current_object() {
        let object = object("aa");
        let absent = WriteCondition { if_none_match: Some(ETagCondition::Any), ..<_>::default() };
        assert_eq!(code(absent.check(None)), None);
        assert_eq!(code(absent.check(Some(&object))), Some(S3ErrorCode::PreconditionFailed));
        let same = WriteCondition { if_match: tag("aa"), ..<_>::default() };
        assert_eq!(code(same.check(Some(&object))), None);
        assert_eq!(code(same.check(None)), Some(S3ErrorCode::NoSuchKey));
        let other = WriteCondition { if_match: tag("bb"), ..<_>::default() };
        assert_eq!(code(other.check(Some(&object))), Some(S3ErrorCode::PreconditionFailed));
    }

    #[test]
    fn a_read_prefers_the_etag_to_the_date() {
        let object = object("aa");
        let condition = ReadCondition {
            if_none_match: tag("bb"),
            if_modified_since: Some(object.modified.timestamp()),
            ..<_>::default()
        };
        assert_eq!(code(condition.check(&object)), None);
        let condition = ReadCondition { if_none_match: tag("aa"), ..<_>::default() };
        assert_eq!(code(condition.check(&object)), Some(S3ErrorCode::NotModified));
        let condition = ReadCondition { if_match: tag("bb"), ..<_>::default() };
        assert_eq!(code(condition.check(&object)), Some(S3ErrorCode::PreconditionFailed));
    }
}
